package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"carrier/shared/record"
)

// writeCalls writes calls as a table.
func writeCalls(w io.Writer, calls []record.Call) error {
	if len(calls) == 0 {
		_, err := io.WriteString(w, "no calls\n")
		return err
	}
	rows := [][]string{{"CALL", "STARTED", "LASTED", "USER", "LINE", "WAY", "CALLED", "PEER", "ADDRESS", "STAGE", "END", "UP", "DOWN", "TEXT"}}
	for _, c := range calls {
		address, way, end, until := "", "", c.Reason.String(), c.Ended
		if c.Outgoing {
			way = "out"
		}
		if c.Address.IsValid() {
			address = c.Address.String()
		}
		for _, p := range []netip.Prefix{c.Prefix, c.Delegated} {
			if p.IsValid() {
				address += "," + p.String()
			}
		}
		if c.Reason == record.Running {
			end, until = "", time.Now()
		}
		rows = append(rows, []string{
			c.Name, c.Started.Local().Format(time.DateTime), until.Sub(c.Started).Round(time.Second).String(),
			c.User, c.Line, way, c.Called, c.Peer, address, string(c.Stage), end,
			fmt.Sprint(c.Traffic.OctetsUp), fmt.Sprint(c.Traffic.OctetsDown), c.Text,
		})
	}
	return writeTable(w, "", rows)
}

// writeTable aligns rows, the first of which is the header, and leaves out
// columns that are empty below it.
func writeTable(w io.Writer, indent string, rows [][]string) error {
	width := make([]int, len(rows[0]))
	used := make([]bool, len(rows[0]))
	for i, row := range rows {
		for j := range row {
			row[j] = printable(row[j])
			width[j] = max(width[j], utf8.RuneCountInString(row[j]))
			used[j] = used[j] || i > 0 && row[j] != ""
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := indent
		for j, cell := range row {
			if used[j] {
				line += cell + strings.Repeat(" ", width[j]-utf8.RuneCountInString(cell)+2)
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printable keeps what a peer or caller chose from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// An object is a JSON object in its own order.
type object []field

type field struct {
	key   string
	value any // string, object, or []any
}

// writeStatus writes a JSON object for people: plain fields as lines, then
// arrays of objects as tables.
func writeStatus(w io.Writer, status json.RawMessage) error {
	d := json.NewDecoder(bytes.NewReader(status))
	d.UseNumber()
	v, err := decode(d)
	if err != nil {
		return fmt.Errorf("status: %w", err)
	}
	all, ok := v.(object)
	if !ok {
		return fmt.Errorf("status: not an object")
	}
	lines, tables := [][]string{{"", ""}}, object(nil)
	for _, f := range all.flat("") {
		if rows, isArray := f.value.([]any); isArray && len(rows) > 0 {
			if _, isTable := rows[0].(object); isTable {
				tables = append(tables, f)
				continue
			}
		}
		lines = append(lines, []string{f.key, text(f.value)})
	}
	var b bytes.Buffer
	if err := writeTable(&b, "", lines); err != nil {
		return err
	}
	for _, f := range tables {
		fmt.Fprintf(&b, "\n%s\n", printable(f.key))
		if err := writeTable(&b, "  ", tabulate(f.value.([]any))); err != nil {
			return err
		}
	}
	_, err = w.Write(bytes.TrimLeft(b.Bytes(), "\n"))
	return err
}

// tabulate makes rows of objects; their keys are the columns.
func tabulate(items []any) [][]string {
	var keys []string
	var objects []object
	for _, item := range items {
		o, _ := item.(object)
		o = o.flat("")
		objects = append(objects, o)
		for _, f := range o {
			if !slices.Contains(keys, f.key) {
				keys = append(keys, f.key)
			}
		}
	}
	rows := make([][]string, 1, len(items)+1)
	for _, k := range keys {
		rows[0] = append(rows[0], strings.ToUpper(k))
	}
	for _, o := range objects {
		row := make([]string, len(keys))
		for _, f := range o {
			row[slices.Index(keys, f.key)] = text(f.value)
		}
		rows = append(rows, row)
	}
	return rows
}

// flat makes fields of nested objects fields of o, and keys words.
func (o object) flat(prefix string) object {
	var all object
	for _, f := range o {
		key := prefix + strings.ReplaceAll(f.key, "_", " ")
		if inner, ok := f.value.(object); ok {
			all = append(all, inner.flat(key+" ")...)
		} else {
			all = append(all, field{key, f.value})
		}
	}
	return all
}

// text is a value in one cell.
func text(v any) string {
	items, ok := v.([]any)
	if !ok {
		s, _ := v.(string)
		return s
	}
	if len(items) == 0 {
		return "none"
	}
	words := make([]string, len(items))
	for i := range items {
		words[i] = text(items[i])
	}
	return strings.Join(words, ", ")
}

// decode reads one JSON value and keeps the order of keys.
func decode(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		var o object
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decode(d)
			if err != nil {
				return nil, err
			}
			o = append(o, field{key.(string), v})
		}
		_, err = d.Token()
		return o, err
	case json.Delim('['):
		a := []any{}
		for d.More() {
			v, err := decode(d)
			if err != nil {
				return nil, err
			}
			a = append(a, v)
		}
		_, err = d.Token()
		return a, err
	case nil:
		return "", nil
	}
	return fmt.Sprint(t), nil
}
