package config

import (
	"errors"
	"strings"
	"testing"

	"carrier/shared/conf"
)

// Whatever a file holds, there is a configuration or there are mistakes with
// their lines.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(least)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("x", []byte(text))
		var all conf.Mistakes
		if (c == nil) == (err == nil) || err != nil && !errors.As(err, &all) {
			t.Fatalf("%+v, %v", c, err)
		}
		for _, m := range all {
			if m.Line < 1 || m.Line > strings.Count(text, "\n")+1 || m.Text == "" {
				t.Errorf("%#v", m)
			}
		}
	})
}
