//go:build netns

package testbed

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/shared/record"
)

// headPNS is Denver, to whom Boston's router may open a tunnel.
const headPNS = `
name   = "denver"
panel  = "127.0.0.1:8724"

[clients]
from = ["203.0.113.0/24"]

[lan]
mode      = "tun"
local     = "10.2.0.1"
addresses = ["10.9.0.2-10.9.0.9"]

[lan.ipv6]
prefixes = ["2001:db8:9::/56"]

[lan.tun]
forwarding = true

[limits]
echo          = "1s"
echo_failures = 3

[[user]]
name     = "boston"
password = "blue moon"
routes   = ["10.1.0.0/24", "2001:db8:1::/48"]
`

// branchPNS is Boston, which nobody calls.
const branchPNS = `
name   = "boston"
panel  = "127.0.0.1:8725"

[lan]
mode  = "tun"
local = "10.1.0.1"

[lan.tun]
forwarding = true

[limits]
echo          = "1s"
echo_failures = 3

[[dial]]
name      = "denver"
to        = ["denver.example"]
user      = "boston"
password  = "blue moon"
routes    = ["10.2.0.0/24", "10.9.0.0/26", "2001:db8:2::/48"]
retry     = "1s"
retry_max = "2s"
{{.}}
`

// A company has a head office and a branch, each a router of ours with a LAN behind it,
// and the Internet between.
//
//	desk 10.1.0.10 ── 10.1.0.1 boston 203.0.113.2 ── 203.0.113.1 denver 10.2.0.1 ── 10.2.0.10 lan
type company struct {
	*Scene
	Boston, Denver, Desk *Host
	head, branch         *Process
	dial                 string // more of the branch's [[dial]]
}

// newCompany starts it; dial is more of the branch's [[dial]].
func newCompany(t *testing.T, dial string) *company {
	t.Helper()
	c := &company{Scene: &Scene{T: t, LAN: NewHost(t, "lan"), Bin: Programs(t), Dir: t.TempDir()},
		Boston: NewHost(t, "boston"), Denver: NewHost(t, "denver"), Desk: NewHost(t, "desk"), dial: dial}
	Join(c.Boston, "wan", "203.0.113.2/24", c.Denver, "wan", "203.0.113.1/24")
	Join(c.Boston, "lan", "10.1.0.1/24", c.Desk, "eth0", "10.1.0.10/24")
	Join(c.Denver, "lan", "10.2.0.1/24", c.LAN, "eth0", "10.2.0.10/24")
	c.Desk.IP("route", "add", "default", "via", "10.1.0.1")
	c.LAN.IP("route", "add", "default", "via", "10.2.0.1")
	for n, site := range []struct{ router, host *Host }{{c.Boston, c.Desk}, {c.Denver, c.LAN}} {
		network := fmt.Sprintf("2001:db8:%d::", n+1)
		site.router.IP("addr", "add", network+"1/64", "dev", "lan", "nodad")
		site.host.IP("addr", "add", network+"10/64", "dev", "eth0", "nodad")
		site.host.IP("route", "add", "default", "via", network+"1")
	}
	Web(c.LAN, "10.2.0.10")
	c.Boston.Names("127.0.0.1 localhost\n203.0.113.9 denver.example\n203.0.113.1 denver.example\n")
	c.head = c.starts(c.Denver, headPNS)
	c.branch = c.starts(c.Boston, branchPNS)
	return c
}

// starts starts the router of an office. Its socket is its own: each host has the
// folder that the commands look in.
func (c *company) starts(h *Host, config string) *Process {
	c.T.Helper()
	socket := fmt.Sprintf("socket = %q\n", filepath.Join(c.Dir, h.name))
	return c.Start(h, "pns", socket+config, c.dial)
}

// pings has one host ping an address until it is answered.
func (c *company) pings(from *Host, to string) {
	c.T.Helper()
	Until(c.T, "an answer of "+to, func() bool { return from.Command("ping", "-c", "1", "-W", "1", to).Run() == nil })
}

// dialled is what `pns status` of the branch says of its call.
func (c *company) dialled() (d struct{ Dial, State, Server, Call string }) {
	c.T.Helper()
	var status struct {
		Dials []struct{ Dial, State, Server, Call string }
	}
	if err := json.Unmarshal([]byte(c.Ask(c.Boston, "pns", "status", "--json")), &status); err != nil || len(status.Dials) != 1 {
		c.T.Fatalf("status shows %+v, %v", status, err)
	}
	return status.Dials[0]
}

// A branch keeps a tunnel to the head office, encrypted because nothing else is said:
// the hosts of both reach each other by their own addresses. Of the server's name the
// first address is nobody's.
func TestBranchOffice(t *testing.T) {
	c := newCompany(t, "")
	c.pings(c.Desk, "10.2.0.10")
	c.pings(c.LAN, "10.1.0.10")
	c.pings(c.Boston, "10.2.0.10")
	c.pings(c.Desk, "2001:db8:2::10")
	c.pings(c.LAN, "2001:db8:1::10")
	c.pings(c.LAN, "10.9.0.2") // what Denver gave is Boston's own, and does not go round
	out, err := c.Desk.Command("curl", "-s", "http://10.2.0.10/from").Output()
	if err != nil || string(out) != "10.1.0.10\n" {
		t.Errorf("the desk is seen as %q, %v", out, err)
	}
	c.branch.Logged("coding", "mppe 128")
	if d := c.dialled(); d.Dial != "denver" || d.State != "online" || d.Server != "203.0.113.1:1723" || !strings.HasPrefix(d.Call, "boston/") {
		t.Errorf("status shows %+v", d)
	}
	calls := c.Calls(c.Boston, "pns")
	if len(calls) != 2 || calls[0].Stage != record.Online || calls[0].User != "boston" || calls[0].Method != "mschap-v2" || calls[0].Address.String() != "10.9.0.2" ||
		calls[1].Reason != record.NoTunnel || calls[1].Called != "203.0.113.9:1723" {
		t.Errorf("the branch's calls are %+v", calls)
	}
	if head := c.Calls(c.Denver, "pns"); len(head) != 1 || head[0].Name != calls[0].Name {
		t.Errorf("the head office's calls are %+v", head)
	}
	if up := c.Metric(c.Boston, "127.0.0.1:8725", `pns_dial_up{dial="denver"}`); up != 1 {
		t.Errorf("the metric says %v", up)
	}
}

// The tunnel is back by itself after either end was killed.
func TestBranchOfficeComesBack(t *testing.T) {
	c := newCompany(t, "")
	c.pings(c.Desk, "10.2.0.10")
	c.head.Kill()
	c.branch.Logged("call ended", "control-lost")
	c.branch.Logged("no tunnel", "203.0.113.1:1723", "refused")
	if out, err := c.Desk.Command("ping", "-c", "1", "-W", "5", "10.2.0.10").Output(); err == nil || !strings.Contains(string(out), "Destination Host Unreachable") {
		t.Errorf("without a tunnel the desk hears %s", out)
	}
	c.head = c.starts(c.Denver, headPNS)
	back := time.Now()
	c.pings(c.Desk, "10.2.0.10")
	if took := time.Since(back); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	c.branch.Kill()
	c.branch = c.starts(c.Boston, branchPNS)
	c.pings(c.LAN, "10.1.0.10")
	c.branch.Stop()
	Until(t, "the head office sees the end", func() bool {
		return strings.Contains(c.Ask(c.Denver, "pns", "calls"), "the client is shutting down")
	})
}

// A tunnel on demand is opened by the first packet, which waits for it; when nobody
// uses it any more it is hung up, until the next.
func TestBranchOfficeOnDemand(t *testing.T) {
	c := newCompany(t, "mode = \"on demand\"\nidle = \"4s\"")
	if d := c.dialled(); d.State != "waiting" || d.Call != "" || len(c.Calls(c.Boston, "pns")) > 0 {
		t.Errorf("before all status shows %+v", d)
	}
	for n := range 2 {
		if out, err := c.Desk.Command("ping", "-c", "1", "-W", "55", "10.2.0.10").CombinedOutput(); err != nil {
			t.Fatalf("the first packet is not answered: %v: %s", err, out)
		}
		Until(t, "it is hung up", func() bool { return c.dialled().State == "waiting" })
		calls := c.Calls(c.Boston, "pns")
		if ended := calls[0]; ended.Reason != record.IdleTimeout || ended.Stage != record.Online {
			t.Errorf("call %d ended by %+v", n+1, ended)
		}
	}
	c.head.Logged("call ended", "no data for 4s")
}
