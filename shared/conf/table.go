package conf

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A Table is a cursor over one table of a file. A key that is absent yields the
// default; one that is wrong yields the default and a mistake, so that the rest
// of the file is still looked at. The table of an absent key is empty, not nil.
type Table struct {
	file   *File
	path   string         // "bank[2]", empty for the root
	values map[string]any // nil: the table is absent
	at     *place
	asked  map[string]bool
	subs   map[string]*Table
	free   bool // its keys are the user's own
}

func newTable(f *File, path string, values map[string]any, at *place) *Table {
	return &Table{file: f, path: path, values: values, at: at, asked: make(map[string]bool), subs: make(map[string]*Table)}
}

// Present tells a table that the file has from one that is absent.
func (t *Table) Present() bool { return t.values != nil }

// Has tells whether the file has this key; it asks for it.
func (t *Table) Has(key string) bool {
	_, ok := t.get(key)
	return ok
}

// Keys lists the keys of a table whose keys are the user's own, in the order of
// their lines, and asks for them all.
func (t *Table) Keys() []string {
	t.free = true
	keys := make([]string, 0, len(t.values))
	for k := range t.values {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(t.line(a)-t.line(b), strings.Compare(a, b))
	})
	return keys
}

// Need makes it a mistake when the table is there but the key is not. example
// is what could have been written, in TOML: `"atlanta"`.
func (t *Table) Need(key, example string) {
	if !t.Has(key) && t.Present() {
		t.add(t.line(""), key, "missing; would be right: %s = %s", key, example)
	}
}

// Good tells whether no mistake was reported of this key or its items, so that
// what follows from one mistake is not told as another.
func (t *Table) Good(key string) bool {
	whole := t.whole(key)
	return !slices.ContainsFunc(t.file.mistakes, func(m Mistake) bool {
		rest, ok := strings.CutPrefix(m.Key, whole)
		return ok && (rest == "" || rest[0] == '[' || rest[0] == '.')
	})
}

// Bad reports a mistake in a key's value. The text says what is wrong and what
// would be right.
func (t *Table) Bad(key, format string, args ...any) {
	t.add(t.line(key), key, format, args...)
}

// BadItem reports a mistake in item i, from 0, of a key that is an array.
func (t *Table) BadItem(key string, i int, format string, args ...any) {
	line := t.line(key)
	if p := t.at.sub(key); p != nil && i < len(p.items) {
		line = p.items[i].line
	}
	t.add(line, fmt.Sprintf("%s[%d]", key, i+1), format, args...)
}

// Line is the line on which a key stands, for mistakes that speak of two
// places; that of the table's header when the key is absent or empty.
func (t *Table) Line(key string) int { return t.line(key) }

// Table returns the table under key, empty when the file has none.
func (t *Table) Table(key string) *Table {
	v, ok := t.get(key)
	m, isTable := v.(map[string]any)
	if ok && !isTable {
		t.wrong(key, v, "a table", "[%s]", t.header(key))
	}
	return t.sub(key, m, t.at.sub(key))
}

// Tables returns the tables of the array of tables under key, in their order.
func (t *Table) Tables(key string) []*Table {
	v, ok := t.get(key)
	if !ok {
		return nil
	}
	items, ok := v.([]map[string]any)
	if list, isList := v.([]any); isList { // [{…}, {…}]
		ok = true
		for _, v := range list {
			m, isTable := v.(map[string]any)
			ok = ok && isTable
			items = append(items, m)
		}
	}
	if !ok {
		t.wrong(key, v, "an array of tables", "[[%s]]", t.header(key))
		return nil
	}
	p := t.at.sub(key)
	tables := make([]*Table, len(items))
	for i, m := range items {
		var at *place
		if p != nil && i < len(p.items) {
			at = p.items[i]
		}
		tables[i] = t.sub(fmt.Sprintf("%s[%d]", key, i+1), m, at)
	}
	return tables
}

// sub makes the cursor of a table inside t.
func (t *Table) sub(key string, values map[string]any, at *place) *Table {
	if at == nil {
		at = &place{line: t.line("")}
	}
	if t.subs[key] == nil {
		t.subs[key] = newTable(t.file, t.whole(key), values, at)
	}
	return t.subs[key]
}

// get asks for a key.
func (t *Table) get(key string) (any, bool) {
	t.asked[key] = true
	if !t.free {
		t.file.known[pattern(t.whole(key))] = true
	}
	v, ok := t.values[key]
	return v, ok
}

// unknown reports the keys of t, and of the tables taken from it, that nobody
// asked for.
func (t *Table) unknown() []Mistake {
	var all []Mistake
	for key := range t.values {
		if !t.asked[key] && !t.free {
			all = append(all, Mistake{t.file.name, t.line(key), t.whole(key), "unknown key; would be right: " + nearest(key, t.asked)})
		}
	}
	for _, s := range t.subs {
		all = append(all, s.unknown()...)
	}
	return all
}

func (t *Table) add(line int, key, format string, args ...any) {
	t.file.mistakes = append(t.file.mistakes, Mistake{t.file.name, line, t.whole(key), fmt.Sprintf(format, args...)})
}

// wrong reports a value of the wrong kind.
func (t *Table) wrong(key string, v any, want, example string, args ...any) {
	t.Bad(key, "%s is not %s; would be right: %s", show(v), want, fmt.Sprintf(example, args...))
}

func (t *Table) line(key string) int {
	if p := t.at.sub(key); p != nil {
		return p.line
	}
	return t.at.line
}

// whole is a key's path from the root.
func (t *Table) whole(key string) string {
	key = quoted(key)
	if t.path == "" {
		return key
	}
	return t.path + "." + key
}

// quoted is a key as TOML writes it. "ports[1]" stays as it is.
func quoted(key string) string {
	odd := func(r rune) bool { return strings.ContainsRune(" .:=\"'#", r) || !unicode.IsPrint(r) }
	if key == "" || strings.ContainsFunc(key, odd) {
		return strconv.Quote(key)
	}
	return key
}

// header is a key's path as the header of a table has it.
func (t *Table) header(key string) string {
	return strings.ReplaceAll(pattern(t.whole(key)), "[]", "")
}

// sub is the place of a key of the table p, nil when it has none.
func (p *place) sub(key string) *place { return p.keys[key] }

// show writes a value into a mistake as it stands in the file, if it is short.
func show(v any) string {
	switch v := v.(type) {
	case string:
		if len(v) > 60 {
			return fmt.Sprintf("%.60q…", v)
		}
		return fmt.Sprintf("%q", v)
	case map[string]any:
		return "a table"
	case []any:
		return "an array"
	case []map[string]any:
		return "an array of tables"
	case time.Time:
		return "a date"
	default:
		return fmt.Sprint(v)
	}
}

// pattern takes the numbers out of a path: "bank[2].speed" is "bank[].speed".
func pattern(path string) string {
	var b strings.Builder
	inside := false
	for _, c := range path {
		inside = inside && c != ']'
		if !inside {
			b.WriteRune(c)
		}
		inside = inside || c == '['
	}
	return b.String()
}
