package scenario

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	row    = regexp.MustCompile("(?m)^\\| `((?:pac|pns)_[a-z_]+)` \\|([^|]*)\\|")
	word   = regexp.MustCompile("`([^`\n]+)`")
	typed  = regexp.MustCompile(`(?m)^# TYPE ((?:pac|pns)_[a-z_]+) `)
	sample = regexp.MustCompile(`(?m)^((?:pac|pns)_[a-z_]+)\{(.*)\} `)
	label  = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)
)

// The manual has every metric of both programs with its labels, no other, and
// tells every value of a label that the configuration does not choose.
func TestManualHasEveryMetric(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{} // labels by metric
	for _, m := range row.FindAllStringSubmatch(string(b), -1) {
		told[m[1]] = strings.Join(words(m[2]), " ")
	}
	w := newWorld(t, setting{atlanta: `dial = ["404*"]`, pns: "[[dial]]\nname = \"branch\"\nto = [\"192.0.2.1\"]\nuser = \"denver\"\npassword = \"x\"\nroutes = [\"10.9.0.0/16\"]\nmode = \"on demand\"\n"})
	c := w.dial(0, sara()) // so that there is a tunnel, and every stage of set-up
	values := map[string]bool{}
	real := map[string]string{}
	for _, page := range []string{w.pac.metrics(), w.pns.metrics()} {
		for _, m := range typed.FindAllStringSubmatch(page, -1) {
			real[m[1]] = ""
		}
		for _, m := range sample.FindAllStringSubmatch(page, -1) {
			var names []string
			for _, l := range label.FindAllStringSubmatch(m[2], -1) {
				if l[1] == "le" {
					continue
				}
				names = append(names, l[1])
				if !slices.Contains([]string{"bank", "pac", "pns", "dial", "method"}, l[1]) {
					values[l[2]] = true
				}
			}
			slices.Sort(names)
			real[strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(m[1], "_bucket"), "_sum"), "_count")] = strings.Join(names, " ")
		}
	}
	if !maps.Equal(told, real) {
		t.Errorf("docs/operating.md has the metrics\n%q, the programs\n%q", told, real)
	}
	all := words(string(b))
	for v := range values {
		if !slices.Contains(all, v) {
			t.Errorf("docs/operating.md does not say what %q is", v)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// words are those in backquotes, in their order in the alphabet.
func words(text string) (all []string) {
	for _, m := range word.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	slices.Sort(all)
	return all
}
