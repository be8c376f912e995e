package line

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"
)

// Octets through a direct line allocate nothing, either way.
func TestDirectAllocatesNothing(t *testing.T) {
	l := listen(t, "unix://"+filepath.Join(t.TempDir(), "line"))
	d := l.Line("emulators/1", 0)
	caller := dial(t, l)
	if _, err := d.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Answer(t.Context()); err != nil {
		t.Fatal(err)
	}
	allocateNothing(t, d, caller)
}

// allocateNothing has frames go both ways, over and over.
func allocateNothing(t *testing.T, a, b io.ReadWriter) {
	t.Helper()
	frame, got := bytes.Repeat([]byte{0x7E, 0xFF, '\r', 0, '\n', 0x11, 3}, 200), make([]byte, 1400)
	if n := testing.AllocsPerRun(200, func() {
		for _, way := range [2][2]io.ReadWriter{{a, b}, {b, a}} {
			if _, err := way[0].Write(frame); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(way[1], got); err != nil || !bytes.Equal(got, frame) {
				t.Fatalf("%v, or other octets", err)
			}
		}
	}); n != 0 && !raced {
		t.Errorf("%v allocations", n)
	}
}
