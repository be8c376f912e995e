package pptp

import (
	"encoding/binary"
	"errors"
	"testing"
)

// CVE-2003-0213: pptpd took the Length of a message, 0 or 1 among others, for
// what it had still to read, less than nothing. This sends every Length that
// does not hold the header, all at once and octet by octet, with more behind it.
func TestCVE20030213LengthBelowTheHeader(t *testing.T) {
	none := func([]byte) error { t.Error("a message"); return nil }
	for n := range uint16(headerLen) {
		b := octets(t, "0000 0001 1A2B3C4D 0001 0000 0100 0000 00000003 00000003 FFFF 0001 local/64 cananian/64")
		binary.BigEndian.PutUint16(b, n)
		if m, err := Parse(b); m != nil || !errors.Is(err, ErrLength) {
			t.Errorf("Length %d is parsed: %v, %v", n, m, err)
		}
		var whole, single Splitter
		if err := whole.Push(b, none); !errors.Is(err, ErrLength) {
			t.Errorf("Length %d at once: %v", n, err)
		}
		for i := range b {
			if err := single.Push(b[i:i+1], none); (err != nil) != (i > 0) {
				t.Errorf("Length %d after %d octets: %v", n, i+1, err)
			}
		}
	}
}

// MS02-063 (CVE-2002-1214): malformed control data ran over a buffer of the PPTP
// service of Windows. This sends each message in every Length that is not its
// own, up to the largest, and with text that has no end in every field.
func TestMS02063MalformedControlData(t *testing.T) {
	for _, g := range golden {
		good := octets(t, g.layout)
		for n := range maxLength + 2 {
			b := make([]byte, n)
			copy(b, good)
			for i := len(good); i < n; i++ {
				b[i] = 'A'
			}
			if n >= 2 {
				binary.BigEndian.PutUint16(b, uint16(n))
			}
			m, err := Parse(b)
			if n == len(good) && (err != nil || m != g.want) || n != len(good) && (err == nil || m != nil) {
				t.Fatalf("%s with %d octets: %v, %v", g.name, n, m, err)
			}
		}
		for i := headerLen; i < len(good); i++ {
			good[i] = 'A'
		}
		m, err := Parse(good)
		if err != nil {
			t.Fatalf("%s without an end: %v", g.name, err)
		}
		if b, err := Append(nil, m); err != nil || len(b) != len(good) {
			t.Errorf("%s without an end becomes %d octets, %v", g.name, len(b), err)
		}
	}
}
