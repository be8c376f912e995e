package mppe

import (
	"bytes"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"testing"
)

// What the Server of RFC 3079 §3.5 sends in stateless mode when it sends "test
// message" as an IPv4 packet each time, by its count. The packets were made
// with OpenSSL 3.0 alone: the key of each by
//
//	printf $start$pad1$key$pad2 | xxd -r -p | openssl dgst -sha1
//	printf $interim | xxd -r -p | openssl enc -rc4 -K $interim -provider legacy -provider default | xxd -p
//
// (8 octets of either and K given twice for 40 and 56 bits; the first octets
// of the key reduced), and the packet by the second line from 0021 and the text.
var golden = map[Bits]map[int]string{
	Key40:  {0: "90009edca503e79a60e2522dae2433ed", 1: "9001f2032a093e8db197de2d4c926850", 5: "9005c78a5da2d14e270c8d8cf81ec2b1"},
	Key56:  {0: "900068da873ed60fa7346af19674dde1", 1: "9001b23c8663c3c38ad80cdf2da2e05f", 5: "90058ab681cf963cd006ab4307fd721e"},
	Key128: {0: "90007058224e931b78d7b615fa441831", 1: "9001353c954cd545ce3127ae68f6eaf7", 5: "900558849bb225d30ef869758488c5f4"},
}

const message = "\x00\x21test message"

func TestGoldenPackets(t *testing.T) {
	for strength, packets := range golden {
		e, d := pair(t, strength|Stateless)
		for n := range 6 {
			info := e.Seal(nil, 0, []byte(message))
			if want, ok := packets[n]; ok && !bytes.Equal(info, unhex(t, want)) {
				t.Errorf("%v, count %d: %x, want %s", strength, n, info, want)
			}
		}
		for _, n := range []int{0, 1, 5} { // three are lost
			opens(t, d, unhex(t, packets[n]), message)
		}
	}
}

// Nothing that a golden packet begins with is a packet, but a shorter one of
// at least one octet of data: MPPE does not protect a packet's length.
func TestPrefixesOfGoldenPackets(t *testing.T) {
	for strength, packets := range golden {
		info := unhex(t, packets[0])
		for n := range info {
			_, d := pair(t, strength|Stateless)
			if n <= HeaderLength {
				refuses(t, d, info[:n], ErrShort)
				opens(t, d, info, message)
			} else {
				opens(t, d, info[:n], message[:n-HeaderLength])
			}
		}
	}
}

// A scribe is RFC 3078 §7 once more, in the words of the standard library.
type scribe struct {
	start, key []byte
	reduced    []byte
	stream     *rc4.Cipher
}

func newScribe(t *testing.T, strength Bits) *scribe {
	start := unhex(t, "8B 7C DC 14 9B 99 3A 1B A1 18 CB 15 3F 56 DC CB") // RFC 3079 §3.5
	s := &scribe{reduced: map[Bits][]byte{Key40: {0xD1, 0x26, 0x9E}, Key56: {0xD1}}[strength]}
	if s.start = start; strength != Key128 {
		s.start = start[:8]
	}
	s.key = s.start
	s.key = s.sha()
	copy(s.key, s.reduced)
	s.init()
	return s
}

func (s *scribe) sha() []byte {
	h := sha1.New()
	h.Write(s.start)
	h.Write(make([]byte, 40))
	h.Write(s.key)
	h.Write(bytes.Repeat([]byte{0xF2}, 40))
	return h.Sum(nil)[:len(s.start)]
}

func (s *scribe) init() { s.stream, _ = rc4.NewCipher(s.key) }

func (s *scribe) change() {
	s.key = s.sha()
	s.init()
	s.stream.XORKeyStream(s.key, s.key)
	copy(s.key, s.reduced)
	s.init()
}

// 5,000 packets of each kind, so that all counts come, are what the RFC says
// octet by octet.
func TestEveryPacketIsTheRFCs(t *testing.T) {
	for _, strength := range strengths {
		for _, mode := range []Bits{Stateless, 0} {
			t.Run(fmt.Sprint(strength|mode), func(t *testing.T) {
				e, d := pair(t, strength|mode)
				s := newScribe(t, strength)
				for n := range 5000 {
					packet := fmt.Sprintf("\x21packet %d", n)
					header := uint16(n%4096) | 0x1000
					switch {
					case mode == Stateless, n%256 == 255: // a "flag" packet
						s.change()
						header |= 0x8000
					case n%1000 == 700:
						e.Reset()
						s.init()
						header |= 0x8000
					}
					want := binary.BigEndian.AppendUint16(nil, header)
					want = append(want, packet...)
					s.stream.XORKeyStream(want[2:], want[2:])
					if flushing := e.Flushing(); flushing != (header&0x8000 != 0) {
						t.Fatalf("packet %d: flushing is %v", n, flushing)
					}
					got := e.Seal(nil, 0, []byte(packet))
					if !bytes.Equal(got, want) {
						t.Fatalf("packet %d: % x, want % x", n, got, want)
					}
					opens(t, d, got, packet)
				}
			})
		}
	}
}

// A peer that reads the RFC to the letter sets FLUSHED only after a
// Reset-Request, not with "flag" packets.
func TestFlagPacketsWithoutFlushed(t *testing.T) {
	e, d := pair(t, Key128)
	for n := range 600 {
		info := e.Seal(nil, 0, []byte(message))
		info[0] &^= byte(Flushed)
		opens(t, d, info, message)
		if n%256 == 255 && d.NeedsReset() {
			t.Errorf("packet %d: a reset is asked for", n)
		}
	}
}

func TestInPlace(t *testing.T) {
	for _, agreed := range []Bits{Key128 | Stateless, Key40, MPPC} {
		e, d := pair(t, agreed)
		for range 300 {
			buf := append(make([]byte, HeaderLength, 64), message...)
			info := e.Seal(buf[:0], 0, buf[HeaderLength:])
			if &info[0] != &buf[0] {
				t.Fatal("it moved")
			}
			_, got, err := d.Open(info[HeaderLength:HeaderLength], info)
			if err != nil || string(got) != message || &got[0] != &buf[HeaderLength] {
				t.Fatalf("%v: %q, %v", agreed, got, err)
			}
		}
	}
}

func TestDstIsKept(t *testing.T) {
	e, d := pair(t, Key56)
	data := []byte(message)
	info := e.Seal([]byte("before"), 0, data)
	if !bytes.HasPrefix(info, []byte("before\x10\x00")) || string(data) != message {
		t.Errorf("% x from %q", info, data)
	}
	sealed := bytes.Clone(info[6:])
	_, got, err := d.Open([]byte("before"), sealed)
	if err != nil || string(got) != "before"+message || !bytes.Equal(sealed, info[6:]) {
		t.Errorf("%q, %v from % x", got, err, sealed)
	}
}

func TestTheZeroEncrypterSendsNothing(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it sent")
		}
	}()
	if info := (Encrypter{}).Seal(nil, 0, []byte(message)); info != nil {
		t.Errorf("% x", info)
	}
}
