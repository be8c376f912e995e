package mppe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// modes are all that can be agreed.
func modes() (all []Bits) {
	for _, strength := range append(strengths[:], 0) {
		for _, mode := range []Bits{0, Stateless, MPPC, MPPC | Stateless} {
			if strength != 0 || mode&MPPC != 0 {
				all = append(all, strength|mode)
			}
		}
	}
	return all
}

// traffic is packets of each kind, to be sent again and again.
func traffic() (all [][]byte) {
	r := rand.New(rand.NewPCG(5, 6))
	random := make([]byte, 1502)
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	header := "\x21\x45\x00\x00\x28\x00\x01\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02"
	for _, s := range []string{"\x21", header, header + strings.Repeat("GET / HTTP/1.0\r\n", 20), "\x00\x57" + strings.Repeat("\x00", 300)} {
		all = append(all, []byte(s))
	}
	return append(all, random[:100], random[:576], random)
}

// A million packets in all, of each kind and in each mode, come out as they
// went in, and FLUSHED with them where and only where it is due.
func TestRoundTrips(t *testing.T) {
	packets := traffic()
	all := modes()
	for _, agreed := range all {
		e, d := pair(t, agreed)
		var info, out []byte
		for n := range rounds / len(all) {
			packet := packets[n%len(packets)]
			flushing := e.Flushing()
			info = e.Seal(info[:0], 0, packet)
			flags, got, err := d.Open(out[:0], info)
			if err != nil || !bytes.Equal(got, packet) || (flags == Flushed) != flushing || len(info) != len(packet)+HeaderLength {
				t.Fatalf("%v, packet %d: %#02x, %d octets, %v", agreed, n, flags, len(got), err)
			}
			out = got
		}
	}
}

func TestNoAllocationPerPacket(t *testing.T) {
	packet := bytes.Repeat([]byte("\x00\x21"), 700)
	for _, agreed := range modes() {
		e, d := pair(t, agreed)
		info, out, late := make([]byte, 0, 1500), make([]byte, 0, 1500), make([]byte, 0, 1500)
		wrong := 0
		work := func() {
			info = e.Seal(info[:0], 0, packet)
			late = append(late[:0], info...)
			if _, _, err := d.Open(out, info); err != nil {
				wrong++
			}
			for _, damage := range []byte{0, 0x10, 0x80} { // late, not encrypted or not agreed, not flushed
				late[0] ^= damage
				if _, _, err := d.Open(out, late); err == nil {
					wrong++
				}
			}
		}
		if n := testing.AllocsPerRun(600, work); n != 0 || wrong != 0 {
			t.Errorf("%v: %v allocations, %d surprises", agreed, n, wrong)
		}
	}
}

// Whatever comes, Open neither panics nor gives more than the packet had, and
// a Decrypter is right again with the next FLUSHED that is ahead of it.
func FuzzOpen(f *testing.F) {
	for _, packets := range golden {
		f.Add(uint8(9), unhex(f, packets[0]), unhex(f, packets[5]))
	}
	f.Add(uint8(0), []byte{0x90, 0}, []byte{0x10, 0xFF, 1})
	f.Fuzz(func(t *testing.T, mode uint8, first, second []byte) {
		all := modes()
		agreed := all[int(mode)%len(all)]
		e, d := pair(t, agreed)
		for _, info := range [][]byte{first, second} {
			_, got, err := d.Open([]byte("d"), info)
			if err != nil && len(got) != 1 || err == nil && len(got) != 1+len(info)-HeaderLength {
				t.Fatalf("% x: %d octets, %v", info, len(got), err)
			}
		}
		for e.sealed.open().count != (d.sealed.open().last+1)%space {
			send(e, 1)
		}
		e.Reset()
		opens(t, d, e.Seal(nil, 0, []byte(message)), message)
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(uint8(0), uint16(0), uint16(3), []byte("\x21packet"))
	f.Add(uint8(7), uint16(254), uint16(300), []byte{0})
	f.Fuzz(func(t *testing.T, mode uint8, before, lost uint16, packet []byte) {
		if len(packet) == 0 {
			return // no packet: it has at least a Protocol field
		}
		all := modes()
		e, d := pair(t, all[int(mode)%len(all)])
		for range before % space {
			opens(t, d, e.Seal(nil, 0, packet), string(packet))
		}
		send(e, int(lost%farthest))
		e.Reset()
		for range 2 {
			opens(t, d, e.Seal(nil, 0, packet), string(packet))
		}
	})
}

func BenchmarkMPPE(b *testing.B) {
	packet := bytes.Repeat([]byte("\x00\x21"), 700)
	for _, strength := range strengths {
		for _, mode := range []Bits{Stateless, 0} {
			e, d := pair(b, strength|mode)
			name := strings.ReplaceAll(fmt.Sprint(strength|mode), ", ", ".")
			info := make([]byte, 0, 1500)
			b.Run("seal/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(packet)))
				b.ReportAllocs()
				for b.Loop() {
					info = e.Seal(info[:0], 0, packet)
				}
			})
			p := d.sealed.open()
			out := make([]byte, 0, 1500)
			b.Run("open/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(packet)))
				b.ReportAllocs()
				for b.Loop() { // the same octets with the next count each time
					next := (p.last + 1) % space
					info[0], info[1] = info[0]&0xF0|byte(next>>8), byte(next)
					if _, _, err := d.Open(out, info); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
