package scenario

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		o := sara()
		o.Script = []caller.Step{{Send: "CLIENT"}, {Expect: "CLIENTSERVER"}}
		w.readsOver(port, o)
	}
	port, err := netport.Open(t.Context(), "telnet://"+at)
	if err != nil {
		t.Fatal(err)
	}
	w.readsOver(port, bob())
	for _, r := range w.pac.Calls() {
		if r.Bank == "cables" && r.Connect != "direct cable" {
			t.Errorf("%+v", r)
		}
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

var _ = strings.TrimSpace
var _ time.Time
