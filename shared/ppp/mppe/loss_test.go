package mppe

import (
	"fmt"
	"testing"
)

// send seals so many packets that never arrive.
func send(e Encrypter, lost int) {
	for range lost {
		e.Seal(nil, 0, []byte(message))
	}
}

// Stateless, RFC 3078 §8.1: a gap costs nothing but what was in it, from each
// place in the circle of counts.
func TestStatelessLoss(t *testing.T) {
	for _, strength := range strengths {
		for _, lost := range []int{1, 2, 254, 255, 256, 257, 2047} {
			e, d := pair(t, strength|Stateless)
			for range 9 {
				send(e, lost)
				opens(t, d, e.Seal(nil, 0, []byte(message)), message)
			}
			if d.NeedsReset() {
				t.Errorf("%v, %d lost: a reset is asked for", strength, lost)
			}
		}
	}
}

// A step of 2,048 is one forward, one of 2,049 is one back.
func TestStatelessStepTooFar(t *testing.T) {
	e, d := pair(t, Key128|Stateless)
	opens(t, d, e.Seal(nil, 0, []byte(message)), message)
	send(e, 2047)
	good := e.Seal(nil, 0, []byte(message))
	refuses(t, d, e.Seal(nil, 0, []byte(message)), ErrLate)
	opens(t, d, good, message)
}

func TestLateAndRepeatedPackets(t *testing.T) {
	for _, agreed := range []Bits{Key128 | Stateless, Key40 | Stateless, Key128, MPPC, MPPC | Stateless} {
		t.Run(agreed.String(), func(t *testing.T) {
			e, d := pair(t, agreed)
			var before [][]byte
			for n := range 5000 {
				packet := fmt.Sprintf("\x21packet %d", n)
				info := e.Seal(nil, 0, []byte(packet))
				opens(t, d, info, packet)
				for _, back := range []int{0, 1, 2, 255, 2046, 2047} {
					if back < n {
						refuses(t, d, append(before, info)[n-back], ErrLate)
					}
				}
				before = append(before, info)
			}
			if d.NeedsReset() {
				t.Error("a late packet asks for a reset")
			}
		})
	}
}

// One that was overtaken is gone in stateless mode, and nothing else is.
func TestStatelessReordering(t *testing.T) {
	e, d := pair(t, Key128|Stateless)
	for range 3000 {
		late := e.Seal(nil, 0, []byte("\x21late"))
		opens(t, d, e.Seal(nil, 0, []byte(message)), message)
		refuses(t, d, late, ErrLate)
	}
}

// Stateful, RFC 3078 §8.2: after a gap all is silence until FLUSHED, and the
// key is changed for each "flag" packet that passed, lost or only not read.
func TestStatefulLoss(t *testing.T) {
	for _, agreed := range []Bits{Key40, Key56, Key128, MPPC} {
		for _, before := range []int{0, 1, 200, 254, 255, 256, 4000, 4094, 4095, 4096} {
			for _, lost := range []int{1, 55, 256, 600, 2047} {
				for _, unread := range []int{1, 5} {
					statefulLoss(t, agreed, before, lost, unread)
				}
			}
		}
	}
}

func statefulLoss(t *testing.T, agreed Bits, before, lost, unread int) {
	t.Helper()
	e, d := pair(t, agreed)
	for range before {
		opens(t, d, e.Seal(nil, 0, []byte(message)), message)
	}
	send(e, lost)
	for range unread {
		flushing := e.Flushing() // the gap is found by a "flag" packet, which carries FLUSHED
		info := e.Seal(nil, 0, []byte(message))
		if flushing {
			opens(t, d, info, message)
			return
		}
		refuses(t, d, info, ErrLost)
		if !d.NeedsReset() {
			t.Fatalf("%v, %d lost after %d: no reset is asked for", agreed, lost, before)
		}
	}
	e.Reset()
	e.Reset() // the request came twice
	for range 300 {
		opens(t, d, e.Seal(nil, 0, []byte(message)), message)
		if d.NeedsReset() {
			t.Fatalf("%v, %d lost after %d: a reset is asked for after the reset", agreed, lost, before)
		}
	}
}

// Discarding takes however long Reset-Requests are lost, more than once round
// the circle of counts.
func TestStatefulSilenceMayBeLong(t *testing.T) {
	e, d := pair(t, Key128)
	send(e, 1)
	for range 9000 {
		info := e.Seal(nil, 0, []byte(message))
		info[0] &^= byte(Flushed) // a peer of the letter
		refuses(t, d, info, ErrLost)
	}
	e.Reset()
	opens(t, d, e.Seal(nil, 0, []byte(message)), message)
}

// FLUSHED is never lost for good: the packets after a lost one wait for the
// next.
func TestTheAnswerToAResetIsLost(t *testing.T) {
	e, d := pair(t, Key128)
	send(e, 1)
	refuses(t, d, e.Seal(nil, 0, []byte(message)), ErrLost)
	e.Reset()
	send(e, 1)
	refuses(t, d, e.Seal(nil, 0, []byte(message)), ErrLost)
	if !d.NeedsReset() {
		t.Error("no second reset is asked for")
	}
	e.Reset()
	opens(t, d, e.Seal(nil, 0, []byte(message)), message)
}

// More than 2,047 in a row is what Open's comment says: late ones first, then
// nonsense, and no end of that.
func TestMoreIsLostThanTheCountCanSay(t *testing.T) {
	for _, mode := range []Bits{Stateless, 0} {
		e, d := pair(t, Key128|mode)
		send(e, 3000)
		late, nonsense := 0, 0
		for range 9000 {
			e.Reset()
			switch _, got, err := d.Open(nil, e.Seal(nil, 0, []byte(message))); {
			case err == ErrLate && nonsense == 0:
				late++
			case err == nil && string(got) != message:
				nonsense++
			default:
				t.Fatalf("%v: %q, %v after %d late ones and %d of nonsense", mode, got, err, late, nonsense)
			}
		}
		if late != space-3000 {
			t.Errorf("%v: %d late ones", mode, late)
		}
	}
}

// What is no packet of ours is refused, and the next one read as if it had not
// been.
func TestWrongHeaders(t *testing.T) {
	for _, tt := range []struct {
		agreed Bits
		header byte
		want   error
	}{
		{Key128 | Stateless, 0x80, ErrClear}, {Key128, 0x00, ErrClear}, {Key128, 0xE0, ErrClear},
		{Key128 | MPPC, 0x20, ErrClear}, // compressed is not encrypted
		{Key128 | Stateless, 0x10, ErrNotFlushed}, {MPPC | Stateless, 0x20, ErrNotFlushed},
		{MPPC, 0x10, ErrEncrypted}, {MPPC | Stateless, 0xB0, ErrEncrypted},
	} {
		e, d := pair(t, tt.agreed)
		for range 3 {
			info := e.Seal(nil, 0, []byte(message))
			refuses(t, d, append([]byte{tt.header | info[0]&0xF}, info[1:]...), tt.want)
			if d.NeedsReset() {
				t.Errorf("%v, header %#02x: a reset is asked for", tt.agreed, tt.header)
			}
			opens(t, d, info, message)
		}
	}
}

// The session key goes on where stateful mode lets the tables go on: a packet
// that was damaged underway harms no other.
func TestDamagedDataHarmNoOtherPacket(t *testing.T) {
	for _, mode := range []Bits{Stateless, 0} {
		e, d := pair(t, Key56|mode)
		for range 600 {
			info := e.Seal(nil, 0, []byte(message))
			info[len(info)-1] ^= 1
			opens(t, d, info, message[:len(message)-1]+"d")
		}
	}
}
