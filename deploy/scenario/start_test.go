package scenario

import (
	"context"
	"net"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	pac "carrier/pac/app"
	pns "carrier/pns/app"
)

// minimal is what a configuration has besides what its test is about.
const (
	minimal = `
name   = "x"
socket = "{{.Dir}}/x.sock"
`
	minimalPAC = `
[[bank]]
name   = "direct"
listen = "tcp://{{.Bank}}"
[[pns]]
name      = "denver"
connect   = "{{.Denver}}"
transport = "{{.Transport}}"
[default]
tunnel = ["denver"]
`
	minimalPNS = `
[[pac]]
name      = "atlanta"
from      = ["192.0.2.1"]
transport = "{{.Transport}}"
[[user]]
name     = "saran"
password = "x"
address  = "2.1.1.129"
`
)

// start tries to start a program whose configuration begins with top; it ends
// with ctx.
func start(ctx context.Context, t *testing.T, program, top string, data any) error {
	if program == "pns" {
		_, err := pns.Start(ctx, "pns.toml", fill(minimal+top+minimalPNS, data), pns.Env{Log: logger(t)})
		return err
	}
	_, err := pac.Start(ctx, "pac.toml", fill(minimal+top+minimalPAC, data), pac.Env{Log: logger(t)})
	return err
}

// A port that another program has stops the start, with a sentence that says
// which and what to do.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free := loopback()
	data := func() map[string]any {
		return map[string]any{"Dir": t.TempDir(), "Denver": w.denver, "Free": free, "Taken": taken.Addr(), "UDP": w.sink.LocalAddr(),
			"Bank": free + ":5600", "Transport": "udp"}
	}
	const listens = "listen = \"{{.Free}}:1723\"\nudp = \"{{.Free}}:4754\"\n"
	for name, tt := range map[string]struct{ program, config, bank, want string }{
		"PPTP":         {"pns", `listen = "{{.Denver}}:1723"`, "", w.denver + ":1723 is in use by another program"},
		"GRE in UDP":   {"pns", "listen = \"{{.Free}}:1723\"\nudp = \"{{.UDP}}\"\n", "", w.sink.LocalAddr().String() + " is in use by another program"},
		"panel of pns": {"pns", listens + `panel = "{{.Taken}}"`, "", "choose another with `panel`"},
		"panel of pac": {"pac", `panel = "{{.Taken}}"`, "", "choose another with `panel`"},
		"direct calls": {"pac", "", taken.Addr().String(), taken.Addr().String() + "\": in use by another program"},
	} {
		t.Run(name, func(t *testing.T) {
			data := data()
			if tt.bank != "" {
				data["Bank"] = tt.bank
			}
			err := start(t.Context(), t, tt.program, tt.config, data)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "in use by another program") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Without CAP_NET_RAW there is no raw GRE: the start says so, and what works
// without it.
func TestNoCapNetRaw(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"pac", "pns"} {
		t.Run(program, func(t *testing.T) {
			at := loopback()
			data := map[string]any{"Dir": t.TempDir(), "Denver": at, "Free": at, "Bank": at + ":5600", "Transport": "gre"}
			top := ""
			if program == "pns" {
				top = `listen = "{{.Free}}:1723"`
			}
			said := make(chan error)
			go func() {
				runtime.LockOSThread() // for ever: the thread loses its capabilities and ends with this goroutine
				none := [2]unix.CapUserData{}
				if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
					said <- err
					return
				}
				said <- start(t.Context(), t, program, top, data)
			}()
			err := <-said
			if err == nil || !strings.Contains(err.Error(), "CAP_NET_RAW") || !strings.Contains(err.Error(), "`transport = \"udp\"` works without it") {
				t.Errorf("error %v", err)
			}
		})
	}
}
