package mppe

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// A coder stands in for MPPC: its history is the packet before. What equals it
// is sent as one octet, and now and then the history begins anew unasked.
type coder struct{ history string }

func (c *coder) compress(packet string, flushing bool) (Flags, []byte) {
	var flags Flags
	if flushing || len(packet)%7 == 0 {
		c.history, flags = "", Flushed
	}
	if packet == c.history {
		return flags | Compressed, []byte{'='}
	}
	if c.history == "" {
		flags |= AtFront
	}
	c.history = packet
	return flags, []byte(packet)
}

var errCoder = errors.New("compressed, but there is no history")

func (c *coder) decompress(flags Flags, data []byte) (string, error) {
	if flags&Flushed != 0 {
		c.history = ""
	}
	if flags&Compressed == 0 {
		if (flags&AtFront != 0) != (c.history == "") {
			return "", errCoder
		}
		c.history = string(data)
	}
	if c.history == "" {
		return "", errCoder
	}
	return c.history, nil
}

// A link is both ends of one direction.
type link struct {
	e        Encrypter
	d        Decrypter
	enc, dec coder
}

// pass sends a packet; it arrives or is lost.
func (l *link) pass(packet string, lost bool) (string, bool) {
	flags, data := l.enc.compress(packet, l.e.Flushing())
	info := l.e.Seal(nil, flags, data)
	if lost {
		return "", false
	}
	flags, data, err := l.d.Open(nil, info)
	if err != nil {
		return "", false
	}
	got, err := l.dec.decompress(flags, data)
	if err != nil {
		l.d.Discard()
		return "", false
	}
	return got, true
}

// Compression alone, encryption alone, and both share one count: whatever is
// lost, nothing wrong comes out, and all is right again after one reset.
func TestCompressionAndEncryptionTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, agreed := range []Bits{MPPC, MPPC | Key40, MPPC | Key128, MPPC | Stateless, MPPC | Key56 | Stateless} {
		t.Run(agreed.String(), func(t *testing.T) {
			l := new(link)
			l.e, l.d = pair(t, agreed)
			compressed, resets, arrived := 0, 0, 0
			for n := range 20000 {
				packet := fmt.Sprintf("\x21packet %d", n/5*n/5)
				lost := r.IntN(50) == 0
				if got, ok := l.pass(packet, lost); ok {
					arrived++
					if got != packet {
						t.Fatalf("packet %d: %q, want %q", n, got, packet)
					}
					if l.enc.history == packet && n%5 > 0 {
						compressed++
					}
				} else if !lost && agreed&Stateless != 0 {
					t.Fatalf("packet %d did not arrive", n)
				}
				if l.d.NeedsReset() {
					resets++
					l.e.Reset()
					packet := fmt.Sprintf("\x21after the reset %d", n)
					if got, ok := l.pass(packet, false); !ok || got != packet {
						t.Fatalf("packet %d, after the reset: %q, %v", n, got, ok)
					}
				}
			}
			if stateless := agreed&Stateless != 0; stateless != (resets == 0) || resets > 500 || arrived < 19000 || compressed < 1000 {
				t.Errorf("%d resets, %d arrived, %d compressed", resets, arrived, compressed)
			}
		})
	}
}

// Compression that fails asks for a reset itself, where that is a remedy.
func TestDiscard(t *testing.T) {
	for _, agreed := range []Bits{MPPC, MPPC | Key128, MPPC | Stateless} {
		e, d := pair(t, agreed)
		opens(t, d, e.Seal(nil, 0, []byte(message)), message)
		d.Discard()
		if want := agreed&Stateless == 0; d.NeedsReset() != want {
			t.Errorf("%v: a reset is asked for: %v", agreed, !want)
		} else if want {
			refuses(t, d, e.Seal(nil, 0, []byte(message)), ErrLost)
			e.Reset()
		}
		opens(t, d, e.Seal(nil, 0, []byte(message)), message)
		opens(t, d, e.Seal(nil, 0, []byte(message)), message)
	}
}

// The header's bits go through where MPPC was agreed, and mean nothing where it
// was not (RFC 3078 §3.1). The sender's own FLUSHED starts the tables anew at
// both ends.
func TestFlags(t *testing.T) {
	for _, agreed := range []Bits{MPPC, MPPC | Key128, Key128, MPPC | Stateless, Key40 | Stateless} {
		for flags := Flags(0); flags != 0xF0; flags += 0x10 {
			want := flags &^ encrypted
			if agreed&MPPC == 0 {
				want &= Flushed
			}
			if agreed&Stateless != 0 {
				want |= Flushed
			}
			e, d := pair(t, agreed)
			opens(t, d, e.Seal(nil, 0, []byte(message)), message)
			info := e.Seal(nil, flags, []byte(message))
			header := want
			if agreed&Encryption != 0 {
				header |= encrypted
			}
			if Flags(info[0]) != header {
				t.Errorf("%v, flags %#02x: header %#02x, want %#02x", agreed, flags, info[0], header)
			}
			info[0] |= byte(AtFront|Compressed) &^ byte(e.sealed.open().carries()) // a peer may set what means nothing
			if got, data, err := d.Open(nil, info); err != nil || got != want || string(data) != message {
				t.Errorf("%v, flags %#02x: %#02x, %q, %v, want %#02x", agreed, flags, got, data, err, want)
			}
			opens(t, d, e.Seal(nil, 0, []byte(message)), message)
		}
	}
}

// MPPC alone is the packet with a header before it.
func TestWithoutEncryption(t *testing.T) {
	e, _ := pair(t, MPPC)
	for n := range 4200 {
		want := fmt.Sprintf("%c%c%s", n>>8&0xF, 0, message)
		if got := e.Seal(nil, 0, []byte(message)); string(got[:1])+"\x00"+string(got[2:]) != want || int(got[1]) != n&0xFF {
			t.Fatalf("packet %d: % x", n, got)
		}
	}
}
