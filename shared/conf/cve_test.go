package conf

import (
	"strings"
	"testing"
)

// CVE-2014-3158: pppd counted the octets of a word in its options file until the
// count ran over, and wrote behind a buffer. This reads keys and values far longer
// than any buffer: they are kept whole, and a mistake in one is told.
func TestCVE20143158EndlessWords(t *testing.T) {
	for _, n := range []int{1023, 1024, 1025, 65535, 65536, 1 << 20} {
		word := strings.Repeat("w", n)
		f, err := Parse("x.toml", []byte("name = \""+word+"\"\n"+word+" = 1\nother = 2\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Root().Text("name", ""); got != word {
			t.Errorf("a value of %d octets became one of %d", n, len(got))
		}
		err = f.Err()
		if err == nil || !strings.Contains(err.Error(), "x.toml:2: "+word+": unknown key") || !strings.Contains(err.Error(), "x.toml:3: other: unknown key") {
			t.Errorf("a key of %d octets: %.60v", n, err)
		}
	}
}
