package scenario

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"carrier/deploy/testbed"
)

// odd is a modem that answers each command line with a text, whatever it is.
func odd(t *testing.T, answer string) (url string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "odd")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for b := make([]byte, 1); ; {
					if _, err := io.ReadFull(c, b); err != nil {
						return
					}
					if b[0] == '\r' {
						io.WriteString(c, answer)
					}
				}
			}()
		}
	}()
	return "unix://" + path
}

// A modem that says nothing, or nonsense, or whose port is not there, is put
// aside; the operator reads why, and calls come on the other lines.
func TestModemsOutOfOrder(t *testing.T) {
	t.Parallel()
	mute, noise, refusing := odd(t, ""), odd(t, "\xff\x00~CONNECT ~\x80\r\n}"), odd(t, "\r\nERROR\r\n")
	w := newWorld(t, setting{pac: fmt.Sprintf("[[bank]]\nname = \"odd\"\nports = [%q, %q, %q, \"unix:///nowhere\"]\n", mute, noise, refusing)})
	w.reads(w.dial(0, sara()))
	for name, want := range map[string]string{"odd/1": "does not answer", "odd/2": "does not answer", "odd/3": "says ERROR", "odd/4": "no such file"} {
		testbed.Until(t, name+" is out of service", func() bool {
			l := w.line(name)
			return l.Service == "faulty" && strings.Contains(l.Why, want) && l.Faults > 0
		})
	}
	testbed.Until(t, "a line is quarantined", func() bool { return w.pac.metric(`pac_lines{bank="odd",state="quarantined"}`) > 0 })
}
