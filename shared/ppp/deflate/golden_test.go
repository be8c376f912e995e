package deflate

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"carrier/shared/ppp/codectest"
)

// lines are those of a file of testdata.
func lines(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The packets of packets.hex as zlib sends them; zlib.hex is made by golden.sh.
func TestGolden(t *testing.T) {
	packets, frames := lines(t, "packets.hex"), lines(t, "zlib.hex")
	if len(packets) < 10 || len(packets) != len(frames) {
		t.Fatalf("%d packets, %d frames", len(packets), len(frames))
	}
	// upTo has received the frames before i.
	upTo := func(i int) *Decompressor {
		d, _ := NewDecompressor(Option{15}, codectest.MRU)
		for _, f := range frames[:i] {
			if b := unhex(t, f[2:]); f[0] == 'n' {
				d.Uncompressed(b)
			} else if _, err := d.Decompress(nil, b); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
		}
		return d
	}
	for i, f := range frames {
		info, want := unhex(t, f[2:]), unhex(t, packets[i])
		if f[0] == 'n' {
			if !bytes.Equal(info, want) {
				t.Errorf("packet %d: native frame is %x, not %x", i, info, want)
			}
			continue
		}
		got, err := upTo(i).Decompress([]byte("before"), info)
		if err != nil || string(got[:6]) != "before" || !bytes.Equal(got[6:], want) {
			t.Errorf("packet %d: %v\n got %x\nwant %x", i, err, got, want)
		}
		for n := range info {
			if got, err := upTo(i).Decompress(nil, info[:n]); err == nil || len(got) > 0 {
				t.Errorf("packet %d: its first %d octets gave %x", i, n, got)
			}
		}
	}
}
