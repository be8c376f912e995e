package pptp

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
)

// stream is every golden message, one after the other.
func stream(t testing.TB) []byte {
	var b []byte
	for _, g := range golden {
		b = append(b, octets(t, g.layout)...)
	}
	return b
}

// split pushes the pieces and returns the messages, and what Push said last.
func split(pieces ...[]byte) (messages [][]byte, err error) {
	var s Splitter
	for _, p := range pieces {
		err = s.Push(p, func(m []byte) error {
			messages = append(messages, bytes.Clone(m))
			return nil
		})
	}
	return messages, err
}

func TestSplitAnyWhere(t *testing.T) {
	all := stream(t)
	want, err := split(all)
	if err != nil || len(want) != len(golden) || !bytes.Equal(bytes.Join(want, nil), all) {
		t.Fatalf("joined: %d messages of %d, %v", len(want), len(golden), err)
	}
	for n := range all {
		if got, err := split(all[:n], all[n:]); err != nil || !bytes.Equal(bytes.Join(got, nil), all) || len(got) != len(want) {
			t.Errorf("split after %d octets: %d messages, %v", n, len(got), err)
		}
	}
	single := make([][]byte, len(all))
	for i := range all {
		single[i] = all[i : i+1]
	}
	if got, err := split(single...); err != nil || len(got) != len(want) {
		t.Errorf("octet by octet: %d messages, %v", len(got), err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var pieces [][]byte
		for b := all; len(b) > 0; {
			n := min(len(b), 1+r.IntN(400))
			pieces, b = append(pieces, b[:n]), b[n:]
		}
		if got, err := split(pieces...); err != nil || len(got) != len(want) {
			t.Errorf("random pieces: %d messages, %v", len(got), err)
		}
	}
}

// A stream that is out of step must be closed at once (RFC 2637 §1.4), so what
// is wrong is found with the first octet that says it.
func TestOutOfStepIsFoundAtOnce(t *testing.T) {
	for _, test := range []struct {
		name  string
		bytes []byte
		at    int // how many octets it takes
		want  error
	}{
		{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), 2, ErrLength},
		{"length 0", []byte{0, 0, 0, 1, 0x1A, 0x2B, 0x3C, 0x4D, 0, 5, 0, 0}, 2, ErrLength},
		{"length 1", []byte{0, 1, 0, 1, 0x1A, 0x2B, 0x3C, 0x4D, 0, 5, 0, 0}, 2, ErrLength},
		{"length 11", []byte{0, 11, 0, 1, 0x1A, 0x2B, 0x3C, 0x4D, 0, 5, 0, 0}, 2, ErrLength},
		{"length 65535", []byte{255, 255, 0, 1, 0x1A, 0x2B, 0x3C, 0x4D, 0, 5, 0, 0}, 2, ErrLength},
		{"first octet of the cookie", []byte{0, 16, 0, 1, 0x1B, 0x2B, 0x3C, 0x4D, 0, 5, 0, 0}, 5, ErrCookie},
		{"last octet of the cookie", []byte{0, 16, 0, 1, 0x1A, 0x2B, 0x3C, 0x4E, 0, 5, 0, 0}, 8, ErrCookie},
		{"length of another message", []byte{0, 20, 0, 1, 0x1A, 0x2B, 0x3C, 0x4D, 0, 5, 0, 0}, 12, ErrLength},
	} {
		for n := range len(test.bytes) + 1 {
			var s Splitter
			err := s.Push(test.bytes[:n], func([]byte) error { t.Errorf("%s: a message", test.name); return nil })
			if n < test.at && err != nil || n >= test.at && !errors.Is(err, test.want) {
				t.Errorf("%s: after %d octets: %v", test.name, n, err)
			}
			if again := s.Push([]byte{0}, nil); err != nil && !errors.Is(again, test.want) {
				t.Errorf("%s: then %v", test.name, again)
			}
		}
	}
}

func TestErrorOfTheReaderStops(t *testing.T) {
	enough := errors.New("enough")
	var s Splitter
	n := 0
	err := s.Push(stream(t), func([]byte) error { n++; return enough })
	if n != 1 || !errors.Is(err, enough) {
		t.Errorf("%d messages, %v", n, err)
	}
}

// Messages of types to come are whole messages: they do not end the connection.
func TestUnknownTypesKeepTheStep(t *testing.T) {
	management := octets(t, "0014 0002 1A2B3C4D 0001 0000 0102030405060708")
	future := octets(t, "000C 0001 1A2B3C4D 0063 0000")
	echo := octets(t, "0010 0001 1A2B3C4D 0005 0000 00000007")
	got, err := split(management, future, echo)
	if err != nil || len(got) != 3 || !bytes.Equal(got[2], echo) {
		t.Fatalf("%x, %v", got, err)
	}
	for i, want := range []error{ErrUnknown, ErrUnknown, nil} {
		if _, err := Parse(got[i]); !errors.Is(err, want) {
			t.Errorf("message %d: %v", i, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, g := range golden {
		f.Add(octets(f, g.layout))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		again, err := Append(nil, m)
		if err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		if got, err := Parse(again); err != nil || got != m {
			t.Errorf("%+v became %+v, %v", m, got, err)
		}
	})
}

func FuzzSplitter(f *testing.F) {
	f.Add(stream(f), uint8(1))
	f.Add([]byte("GET / HTTP/1.1\r\n"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		whole, errWhole := split(b)
		var pieces [][]byte
		for rest := b; len(rest) > 0; {
			n := min(len(rest), 1+int(size))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		cut, errCut := split(pieces...)
		if len(cut) != len(whole) || (errCut == nil) != (errWhole == nil) {
			t.Errorf("whole: %d messages, %v; in pieces: %d, %v", len(whole), errWhole, len(cut), errCut)
		}
		if !bytes.HasPrefix(b, bytes.Join(cut, nil)) {
			t.Error("messages are not what was pushed")
		}
	})
}
