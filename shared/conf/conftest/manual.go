// Package conftest holds a manual of a configuration against what reads it. It
// is for tests.
package conftest

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	heading = regexp.MustCompile("^## `(\\[+)([a-z0-9._]+)\\]+`")
	row     = regexp.MustCompile("^\\| `([a-z0-9_]+)` \\|")
	example = regexp.MustCompile("(?s)```toml\n(.*?)```")
)

// Manual demands that the page names every key of known, which are those that
// were read (conf.File.Known), and no other: each in a row of a table below the
// heading of its section.
func Manual(t *testing.T, page string, known []string) {
	t.Helper()
	named := keys(read(t, page))
	for _, key := range known {
		if !slices.Contains(named, key) {
			t.Errorf("%s is read and not in the manual", key)
		}
	}
	for _, key := range named {
		if !slices.Contains(known, key) {
			t.Errorf("%s is in the manual and not read", key)
		}
	}
}

func keys(text string) []string {
	var named []string
	prefix := ""
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "## ") {
			prefix = ""
		}
		if m := heading.FindStringSubmatch(line); m != nil {
			prefix = m[2] + map[string]string{"[": ".", "[[": "[]."}[m[1]]
		}
		if m := row.FindStringSubmatch(line); m != nil {
			named = append(named, prefix+m[1])
		}
	}
	return named
}

// Example is the page's example, the one that there is.
func Example(t *testing.T, page string) []byte {
	t.Helper()
	all := example.FindAllStringSubmatch(read(t, page), -1)
	if len(all) != 1 {
		t.Fatalf("%d examples", len(all))
	}
	return []byte(all[0][1])
}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
