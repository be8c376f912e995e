package phone

import (
	"strings"
	"testing"
)

func TestDigits(t *testing.T) {
	for s, want := range map[string]string{"5551212": "5551212", "(030) 555-12.12": "0305551212", "+49 30 555": "+4930555", "*67#5": "*67#5",
		strings.Repeat("1", 64): strings.Repeat("1", 64)} {
		if got, ok := Digits(s); !ok || got != want {
			t.Errorf("%q: %q, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", " ", "555W", "555,1", "555;", "555!1", "555@", "T555", "555\r", "5\x005", strings.Repeat("1", 65), "٥٥٥"} {
		if got, ok := Digits(s); ok {
			t.Errorf("%q passes as %q", s, got)
		}
	}
}

func TestPatterns(t *testing.T) {
	for s, want := range map[string]bool{"*": true, "555*": true, "5551212": true, "": false, "55-5": false, "5*5": true, "x*": false,
		"+49*": true, "**": true, strings.Repeat("1", 64): true, strings.Repeat("1", 64) + "*": false} {
		if got := Pattern(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
	for _, tt := range []struct {
		patterns, digits string
		want             bool
	}{
		{"", "5551212", false},
		{"5551212", "5551212", true},
		{"5551212", "55512120", false},
		{"555*", "5551212", true},
		{"555*", "555", true},
		{"555*", "55", false},
		{"0900 555*", "09001", false},
		{"0900* 555*", "555", true},
		{"*", "0", true},
		{"*67555*", "*675550", true},
		{"404*", "1404", false},
	} {
		if got := Matches(strings.Fields(tt.patterns), tt.digits); got != tt.want {
			t.Errorf("%q, %s: %v", tt.patterns, tt.digits, got)
		}
	}
}
