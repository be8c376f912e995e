package conf

import (
	"fmt"
	"slices"
	"testing"
)

func TestDigest(t *testing.T) {
	digest := func(text string) Digest {
		t.Helper()
		f, err := Parse("x.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return f.Digest()
	}
	const base = "name = 'a'\nn = 1\n[t]\nx = 1.5\ny = ['p', 'q']\n[[b]]\nk = 'v'\n[[b]]\nk = 'w'\n"
	for _, tt := range []struct {
		text string
		want []string
	}{
		{base, nil},
		{"# a comment\nn = 1\nname = \"a\"\n\n[[b]]\nk = 'v'\n[[b]]\nk = 'w'\n[t]\ny = ['p',\n'q']\nx = 1.50", nil},
		{"name = 'a'\nn = '1'\n[t]\nx = 1.5\ny = ['p', 'q', 'r']\n[[b]]\nk = 'w'\n[[b]]\nk = 'v'\n", []string{"b", "n", "t"}},
		{"name = 'a'\nn = 1\nnew = true\n[t]\nx = 1.5\ny = ['p', 'q']\n", []string{"b", "new"}},
		{"", []string{"b", "n", "name", "t"}},
	} {
		if shown := fmt.Sprintf("%+v", struct{ D Digest }{digest(tt.text)}); shown != "{D:[digest]}" {
			t.Errorf("it prints %s", shown)
		}
		if got := digest(base).Differs(digest(tt.text)); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}
