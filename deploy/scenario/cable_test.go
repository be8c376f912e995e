package scenario

import (
	"io"
	"net"
	"path/filepath"
	"testing"

	"carrier/hardware/caller"
	"carrier/hardware/netport"
)

// Two computers without modems: one on a null modem cable, which speaks Windows'
// words before PPP, one that connects in Telnet to where calls come in.
func TestCallsWithoutModems(t *testing.T) {
	t.Parallel()
	wire, err := net.Listen("unix", filepath.Join(t.TempDir(), "cable"))
	if err != nil {
		t.Fatal(err)
	}
	defer wire.Close()
	at := loopback() + ":5600"
	w := newWorld(t, setting{pac: `
[[bank]]
name  = "cables"
kind  = "cable"
ports = ["unix://` + wire.Addr().String() + `"]
[[bank]]
name   = "emulators"
listen = "tcp://` + at + `"
`})
	for range 2 {
		port, err := wire.Accept()
		if err != nil {
			t.Fatal(err)
		}
		server := make([]byte, len("CLIENTSERVER"))
		if _, err := io.WriteString(port, "CLIENT"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(port, server); string(server) != "CLIENTSERVER" {
			t.Fatalf("%q, %v", server, err)
		}
		w.readsOver(port, sara())
	}
	port, err := netport.Open(t.Context(), "telnet://"+at)
	if err != nil {
		t.Fatal(err)
	}
	w.readsOver(port, bob())
	direct := 0
	calls, err := w.pac.Calls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range calls {
		if r.Connect == "direct cable" {
			direct++
		}
	}
	if direct != 2 {
		t.Errorf("%d calls began with Windows' words", direct)
	}
}

// readsOver makes a call over a port that is the line already.
func (w *world) readsOver(port caller.Port, o caller.Options) {
	w.t.Helper()
	c, err := caller.Dial(within(w.t), port, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.reads(c)
	c.Close()
}
