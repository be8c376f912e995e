package serial

import (
	"bytes"
	"io"
	"testing"
	"time"
)

// Octets through a port, both ways, and its deadlines allocate nothing.
func TestOctetsAllocateNothing(t *testing.T) {
	p, far := openPTY(t, Options{})
	frame, back := bytes.Repeat([]byte{0x7E, 0xFF, '\r', '\n', 0x11, 3}, 200), make([]byte, 1200)
	carry := func(from io.Writer, to io.Reader) {
		if _, err := from.Write(frame); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(to, back); err != nil || !bytes.Equal(back, frame) {
			t.Fatalf("%v, or other octets", err)
		}
	}
	late := time.Now()
	if n := testing.AllocsPerRun(200, func() {
		late = late.Add(time.Minute)
		if p.SetReadDeadline(late) != nil || p.SetWriteDeadline(late) != nil {
			t.Fatal("no deadlines")
		}
		carry(p, far)
		carry(far, p)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
