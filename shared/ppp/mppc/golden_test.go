package mppc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"
)

// A message is a packet as testdata/peer.c, which is FreeRDP's MPPC, takes and
// gives it, whose flags are the header's; so it stands in the golden files, too:
//
//	plain      packets of a traffic
//	freerdp    what FreeRDP's compressor made of them
//	carrier    what ours made of them, and FreeRDP's decompressor took
//
// TestFreeRDPsGolden makes them, and holds that they are still so.
type message struct {
	flags  Flags
	octets []byte
}

func (m message) append(b []byte) []byte {
	b = append(b, byte(m.flags), byte(len(m.octets)>>8), byte(len(m.octets)))
	return append(b, m.octets...)
}

// messages parts what was appended; a message that is cut short is left out.
func messages(b []byte) (all []message) {
	for len(b) >= 3 {
		n := int(binary.BigEndian.Uint16(b[1:]))
		if 3+n > len(b) {
			break
		}
		all, b = append(all, message{Flags(b[0]), b[3 : 3+n]}), b[3+n:]
	}
	return all
}

func golden(t *testing.T, name string) []message {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	all := messages(b)
	if len(all) < 50 {
		t.Fatalf("%s has %d packets", name, len(all))
	}
	return all
}

func compressAll(plain []message) (coded []message) {
	var c Compressor
	for _, m := range plain {
		octets, f := c.Compress(nil, m.octets)
		coded = append(coded, message{f, octets})
	}
	return coded
}

func TestCompressGolden(t *testing.T) {
	want := golden(t, "carrier")
	for i, m := range compressAll(golden(t, "plain")) {
		if m.flags != want[i].flags || !bytes.Equal(m.octets, want[i].octets) {
			t.Errorf("packet %d: %x, %#x", i, m.octets, m.flags)
		}
	}
}

// Both coders' packets, and every prefix of them: of what is whole in it a
// prefix gives all, or is refused.
func TestDecompressGolden(t *testing.T) {
	plain := golden(t, "plain")
	for _, coder := range []string{"carrier", "freerdp"} {
		var d Decompressor
		fronts, flushes, refused := 0, 0, 0
		for i, m := range golden(t, coder) {
			want := plain[i].octets
			for n := range m.octets {
				cut := d
				got, err := cut.Decompress(nil, m.octets[:n], m.flags, mru)
				if err != nil {
					refused++
				}
				if err != nil && !errors.Is(err, ErrShort) || !bytes.HasPrefix(want, got) || len(got) >= len(want) {
					t.Errorf("%s, packet %d, first %d octets: %d of %d, %v", coder, i, n, len(got), len(want), err)
				}
			}
			got, err := d.Decompress(nil, m.octets, m.flags, mru)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s, packet %d: %d octets of %d, %v", coder, i, len(got), len(want), err)
			}
			if m.flags&Flushed != 0 {
				flushes++
			} else if m.flags&AtFront != 0 {
				fronts++
			}
		}
		if fronts < 3 || flushes < 2 || refused < 100 {
			t.Errorf("%s: the history went to its front only %d times, and was flushed %d times; %d prefixes were refused", coder, fronts, flushes, refused)
		}
	}
}
