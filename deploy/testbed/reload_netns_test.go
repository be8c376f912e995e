//go:build netns

package testbed

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/ppp/auth"
)

const (
	reloadedPNS = `
name   = "denver"
listen = "127.0.0.1:1723"
udp    = "127.0.0.1:4754"
socket = "%[1]s/pns.sock"
[[pac]]
name      = "atlanta"
from      = ["127.0.0.0/8"]
transport = "udp"
[lan]
local     = "2.1.1.60"
addresses = ["2.1.1.130-2.1.1.140"]
[lan.userspace]
map = {"2.1.1.10:80" = "127.0.0.1:8080"}
[[user]]
name     = "saran"
password = "blue moon"
[[user]]
name     = "bob"
password = "blue moon"
`
	reloadedPAC = `
name   = "atlanta"
socket = "%[1]s/pac.sock"
[[pns]]
name      = "denver"
at        = "127.0.0.1"
transport = "udp"
[default]
tunnel = ["denver"]
[[bank]]
name  = "courier"
ports = ["%[2]s"]
line_rate = 0
`
)

// signal sends a signal to the program.
func (p *Process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// SIGHUP has pac read its file again: a mistake is logged and changes nothing,
// banks come and go, and the call that runs stays, even if its line is gone.
func TestSIGHUP(t *testing.T) {
	t.Parallel()
	h, bin, dir := NewHost(t, "one"), Programs(t), t.TempDir()
	intranet(t, h)
	phones := NewPhones(t, 2, exchange.Options{Subscribers: []exchange.Subscriber{{Number: "4045550001"}, {Number: "4045550002"}}})
	file := func(name, format string, args ...any) string {
		path := filepath.Join(dir, name+".toml")
		if err := os.WriteFile(path, fmt.Appendf(nil, format, args...), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	Start(h, filepath.Join(bin, "pns"), "run", "-c", file("pns", reloadedPNS, dir))
	pac := Start(h, filepath.Join(bin, "pac"), "run", "-c", file("pac", reloadedPAC, dir, phones.Modems[0]))
	pac.Logged("modem ready", "courier/1")
	saras := phones.call(t, 0, "saran")
	reads(t, saras)

	file("pac", strings.Replace(reloadedPAC, "tunnel", "tunel", 1), dir, phones.Modems[0])
	pac.signal(syscall.SIGHUP)
	pac.Logged("not reloaded", "tunel: unknown key")
	reads(t, saras)

	file("pac", strings.Replace(reloadedPAC, "courier", "usb", 1), dir, phones.Modems[1])
	pac.signal(syscall.SIGHUP)
	pac.Logged("modem ready", "usb/1")
	bobs := phones.call(t, 1, "bob")
	pac.Logged(`"ring"`, "usb/1")
	reads(t, bobs)
	reads(t, saras)
	if err := saras.Close(); err != nil {
		t.Error(err)
	}
	pac.Logged("call ended", "saran", "caller-hung-up")
}

// call has somebody whose password is usual call the POP from one of the callers'
// telephones.
func (p *Phones) call(t *testing.T, phone int, user string) *caller.Call {
	t.Helper()
	return p.dial(t, phone, auth.Login{Name: user, Secret: auth.NewPassword("blue moon")})
}

// dial has somebody call the POP from one of the callers' telephones.
func (p *Phones) dial(t *testing.T, phone int, who auth.Login) *caller.Call {
	t.Helper()
	hers, modems := net.Pipe()
	ctx, stop := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(stop)
	go p.Lines()[phone].Plug(t.Context(), modems)
	c, err := caller.Dial(ctx, hers, caller.Options{Number: Number, Login: who})
	if err != nil {
		t.Fatalf("%s: %v", who.Name, err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// reads fetches the intranet's page.
func reads(t *testing.T, c *caller.Call) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), Patience)
	defer stop()
	if page, err := c.Get(ctx, "http://2.1.1.10/"); err != nil || string(page) != "the intranet\n" {
		t.Errorf("the page is %q, %v", page, err)
	}
}
