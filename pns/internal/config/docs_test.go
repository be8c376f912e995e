package config

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"carrier/shared/conf"
)

const manual = "../../../docs/pns.toml.md"

var (
	heading = regexp.MustCompile("^## `(\\[+)([a-z0-9._]+)\\]+`")
	row     = regexp.MustCompile("^\\| `([a-z0-9_]+)` \\|")
	example = regexp.MustCompile("(?s)```toml\n(.*?)```")
)

// The manual names every key that is read, and no other.
func TestManualNamesEveryKey(t *testing.T) {
	f, err := conf.Parse("whole.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(f); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	prefix := ""
	for line := range strings.Lines(string(text)) {
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
	slices.Sort(named)
	known := f.Known()
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

func TestManualsExampleIsRight(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	all := example.FindAllStringSubmatch(string(text), -1)
	if len(all) != 1 {
		t.Fatalf("%d examples", len(all))
	}
	if _, err := Parse("example", []byte(all[0][1])); err != nil {
		t.Error(err)
	}
}
