package record

import (
	"strings"
	"testing"
)

func TestShown(t *testing.T) {
	for name, want := range map[string]string{
		"":                            "",
		"saran":                       "saran",
		strings.Repeat("x", 64):       strings.Repeat("x", 64),
		strings.Repeat("x", 255):      strings.Repeat("x", 64) + "…",
		strings.Repeat("x", 63) + "é": strings.Repeat("x", 63) + "?…",
		"sar\xffan":                   "sar?an",
	} {
		if got := Shown(name); got != want {
			t.Errorf("%q is shown as %q", name, got)
		}
	}
}
