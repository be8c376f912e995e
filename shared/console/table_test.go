package console

import (
	"strings"
	"testing"
)

func TestWriteStatus(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"order and nesting", `{"z":1,"a":{"b_c":true,"d":null},"list":["x",2],"none":[]}`,
			"z      1\na b c  true\na d\nlist   x, 2\nnone   none\n"},
		{"columns of all rows", `{"t":[{"a":1},{"b":{"c":2},"a":"é"}]}`,
			"t\n  A  B C\n  1\n  é  2\n"},
		{"a terminal is not steered", `{"a":"\u001b[2J"}`, "a  ?[2J\n"},
		{"large numbers", `{"n":18446744073709551615}`, "n  18446744073709551615\n"},
		{"nothing", `{}`, ""},
	} {
		var b strings.Builder
		if err := writeStatus(&b, []byte(tt.in)); err != nil || b.String() != tt.want {
			t.Errorf("%s: %v\n%s", tt.name, err, b.String())
		}
	}
}

func TestWriteStatusRefuses(t *testing.T) {
	for _, in := range []string{``, `{`, `{"a"`, `{"a":[`, `[]`, `5`} {
		if err := writeStatus(new(strings.Builder), []byte(in)); err == nil || !strings.HasPrefix(err.Error(), "status: ") {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func FuzzWriteStatus(f *testing.F) {
	f.Add(`{"name":"atlanta","lines":[{"name":"m1"},{"state":{"a":[1]}}]}`)
	f.Fuzz(func(t *testing.T, in string) {
		var b strings.Builder
		if writeStatus(&b, []byte(in)) == nil && strings.ContainsFunc(b.String(), func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Errorf("%q writes %q", in, b.String())
		}
	})
}
