package rules

import (
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A table is one of the reference's: its rows, each with its cells by the names
// in the table's head. What a row says is held against the programs.
type table struct {
	t    *testing.T
	rows []map[string]string
}

const reference = "docs/reference.md"

// tableOf reads the table below a heading. A heading has one table.
func tableOf(t *testing.T, title string) table {
	t.Helper()
	_, text, ok := strings.Cut(manuals(t)[reference], "\n"+title+"\n")
	if !ok {
		t.Fatalf("%s has no %q", reference, title)
	}
	text, _, _ = strings.Cut(text, "\n#")
	var head []string
	all := table{t: t}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case head == nil:
			head = cells
		case strings.HasPrefix(cells[0], "---"):
		case len(cells) != len(head):
			t.Fatalf("%s: %s: a row of %d cells below %d: %s", reference, title, len(cells), len(head), line)
		default:
			row := map[string]string{}
			for i, c := range cells {
				row[head[i]] = c
			}
			all.rows = append(all.rows, row)
		}
	}
	if len(all.rows) < 2 {
		t.Fatalf("%s: %s: %d rows", reference, title, len(all.rows))
	}
	return all
}

// each calls f with each row as a test of its own. Those that the settings in
// their cell "with" tell apart are kept together, so that a program is started
// once for them.
func (a table) each(f func(t *testing.T, row map[string]string)) {
	rows := slices.Clone(a.rows)
	slices.SortStableFunc(rows, func(x, y map[string]string) int { return strings.Compare(x["with"], y["with"]) })
	for _, row := range rows {
		name := row["with"] + " " + row["what"] + row["sent"] + row["caller"]
		a.t.Run(name, func(t *testing.T) { f(t, row) })
	}
}

var quoted = regexp.MustCompile("`([^`]*)`")

// code is what a cell has between backticks, the first of it; "": nothing.
func code(cell string) string {
	if m := quoted.FindStringSubmatch(cell); m != nil {
		return m[1]
	}
	return ""
}

// plain is a cell without its backticks.
func plain(cell string) string { return strings.ReplaceAll(cell, "`", "") }

// hexed is octets as the tables write them.
func hexed(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return b
}

// like tells whether octets are as a cell has them; ".." is any octet.
func like(cell string, octets []byte) bool {
	words := strings.Fields(cell)
	if len(words) != len(octets) {
		return false
	}
	for i, w := range words {
		if w != ".." && w != hex.EncodeToString(octets[i:i+1]) {
			return false
		}
	}
	return true
}
