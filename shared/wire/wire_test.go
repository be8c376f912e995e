package wire

import (
	"bytes"
	"errors"
	"testing"
)

func TestReaderReadsDownwards(t *testing.T) {
	r := NewReader([]byte{1, 2, 3, 4, 5, 6, 7, 9, 9, 'a', 'b', 0, 'c', 8})
	if a, b, c := r.Uint8("a"), r.Uint16("b"), r.Uint32("c"); a != 1 || b != 0x203 || c != 0x4050607 {
		t.Errorf("numbers: %d %#x %#x", a, b, c)
	}
	r.Skip("reserved", 2)
	if s := r.Text("name", 4); s != "ab" {
		t.Errorf("text %q", s)
	}
	if n := r.Len(); n != 1 {
		t.Errorf("%d left", n)
	}
	if b := r.Rest(); !bytes.Equal(b, []byte{8}) {
		t.Errorf("rest %v", b)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

func TestTextWithoutNUL(t *testing.T) {
	if s := NewReader([]byte("abcd")).Text("name", 4); s != "abcd" {
		t.Errorf("%q", s)
	}
}

func TestFirstFieldThatDoesNotFitIsNamed(t *testing.T) {
	r := NewReader([]byte{1, 2, 3})
	r.Uint16("first")
	if v := r.Uint32("Receive ACCM"); v != 0 {
		t.Errorf("value %d after the end", v)
	}
	if v := r.Uint8("later"); v != 0 {
		t.Errorf("read %d after an error", v)
	}
	const want = "Receive ACCM: short message: need 4 bytes at 2, have 1"
	if err := r.Err(); !errors.Is(err, ErrShort) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if r.Rest() != nil || r.Len() != 0 {
		t.Error("something is left after an error")
	}
}

func TestLyingLengths(t *testing.T) {
	for _, n := range []int{-1, 3, 65535} {
		r := NewReader([]byte{1, 2})
		if b := r.Bytes("data", n); b != nil || !errors.Is(r.Err(), ErrShort) {
			t.Errorf("%d octets of two: %v, %v", n, b, r.Err())
		}
	}
}

func TestBytesCannotGrowIntoTheNextField(t *testing.T) {
	b := []byte{1, 2, 3}
	_ = append(NewReader(b).Bytes("a", 1), 99)
	if b[1] != 2 {
		t.Error("append to a field wrote into the message")
	}
}
