package modem

import (
	"bytes"
	"io"
	"testing"
	"time"
)

// Octets through a modem in a call allocate nothing, either way.
func TestOctetsAllocateNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		p.connect(m, "\r\nCONNECT 28800\r\n")
		p.conn.SetDeadline(time.Time{})
		go io.Copy(p.conn, struct{ io.Reader }{p.conn}) // what the far end has heard it says
		frame, got := bytes.Repeat([]byte{0x7E, 0xFF, '\r', '\n', '+', 3}, 200), make([]byte, 1200)
		if n := testing.AllocsPerRun(200, func() {
			if _, err := m.Write(frame); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(m, got); err != nil || !bytes.Equal(got, frame) {
				t.Fatalf("%v, or other octets", err)
			}
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}
