// Package conf reads a TOML file strictly, as a cursor whose mistakes name the
// place: a program asks each table for the keys it knows, in the types it
// wants, and goes on whatever it finds. At the end File.Err tells every mistake
// of the file at once, each with its line, its key and what would be right;
// keys that nobody asked for are mistakes too.
//
//	f, err := conf.Read(path)
//	if err != nil {
//		return err // no such file, or not TOML
//	}
//	t := f.Root()
//	o := Options{Name: t.Text("name", ""), Panel: t.AddrPort("panel")}
//	return o, f.Err()
package conf

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// A File is one parsed file and the mistakes found in it so far. It is not for
// concurrent use.
type File struct {
	name     string
	root     *Table
	mistakes []Mistake
	known    map[string]bool // every key asked for, array indices left out
}

// Read parses the file at path. The error is that of opening it, or Mistakes.
func Read(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data)
}

// Parse parses data; name is how mistakes call the file. When data is not TOML,
// or defines a key twice, the error is Mistakes with that one mistake: nothing
// more can be said of such a file.
func Parse(name string, data []byte) (*File, error) {
	f := &File{name: name, known: make(map[string]bool)}
	values := make(map[string]any)
	if _, err := toml.Decode(string(data), &values); err != nil {
		return nil, Mistakes{syntax(name, err)}
	}
	f.root = newTable(f, "", values, scan(string(data)))
	return f, nil
}

func syntax(file string, err error) Mistake {
	m := Mistake{File: file, Line: 1, Text: err.Error()}
	var pe toml.ParseError
	if errors.As(err, &pe) {
		m.Line, m.Key, m.Text = max(pe.Position.Line, 1), pe.LastKey, strings.TrimSuffix(pe.Message, ".")
	}
	return m
}

// Root is the table of the file itself, in which the file begins.
func (f *File) Root() *Table { return f.root }

// Err is nil, or Mistakes: all that were found, in the order of their lines.
// Call it last: a key not asked for until then is unknown.
func (f *File) Err() error {
	all := append(slices.Clone(f.mistakes), f.root.unknown()...)
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b Mistake) int {
		return cmp.Or(a.Line-b.Line, strings.Compare(a.Key, b.Key))
	})
	return Mistakes(slices.Compact(all)) // asking twice for a key that is wrong tells it twice
}

// Known lists every key that was asked for until now, sorted, with tables of an
// array written as "bank[]". It is for tests that compare a program's reference
// manual with what the program reads.
func (f *File) Known() []string {
	keys := make([]string, 0, len(f.known))
	for k := range f.known {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// A Mistake is one thing wrong with a file.
type Mistake struct {
	File string `json:"file"`
	Line int    `json:"line"`          // from 1
	Key  string `json:"key,omitempty"` // whole path, "bank[2].speed", numbered from 1; empty when the file is not TOML
	Text string `json:"text"`          // what is wrong and what would be right
}

// Error is the mistake in one line: "pac.toml:12: bank[2].speed: …".
func (m Mistake) Error() string {
	if m.Key == "" {
		return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Text)
	}
	return fmt.Sprintf("%s:%d: %s: %s", m.File, m.Line, m.Key, m.Text)
}

// Mistakes are all mistakes of a file, in the order of their lines.
type Mistakes []Mistake

// Error has one line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}
