package scenario

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// A hub is a PAC without lines of its own, to which the world's PAC brings all its
// calls, and which takes them on to the PNS.
type hub struct {
	*world
	*program
}

// newHub starts a world with a hub, and more of the hub's configuration.
func newHub(t *testing.T, lines int, rules string, s setting) hub {
	t.Helper()
	at, udp := loopback(), freeUDP(t)
	s.connect, s.atlanta = at+":1723", fmt.Sprintf("udp_port = %d\n", udp)
	w := newWorld(t, s)
	socket := filepath.Join(t.TempDir(), "hub.sock")
	config := fmt.Sprintf(`
name   = "hub"
socket = %q
panel  = "127.0.0.1:0"
listen = "%s:1723"
udp    = "0.0.0.0:%d"
[[pac]]
name      = "atlanta"
from      = ["127.0.0.1"]
transport = "udp"
lines     = %d
[[pns]]
name      = "denver"
connect   = "%s:1723"
transport = "udp"
%s`, socket, at, udp, lines, w.denver, rules)
	return hub{w, startPAC(t, []byte(config), socket)}
}

// freeUDP is a port of UDP that nobody has.
func freeUDP(t *testing.T) int {
	t.Helper()
	c, err := net.ListenPacket("udp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// A call goes from the PAC where she calls to the hub and on to the PNS, by her name
// or by her number; data pass both ways, and all three remember it when she hangs up.
func TestTunnelSwitch(t *testing.T) {
	t.Parallel()
	for kind, rules := range map[string]string{
		"by name":   "[[user]]\nname = \"saran\"\ntunnel = [\"denver\"]\n",
		"by number": fmt.Sprintf("[[number]]\ncalled = %q\ntunnel = [\"denver\"]\n", testbed.Number),
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := newHub(t, 2, rules, setting{line: exchange.Conditions{Rate: 28800}})
			c := h.dial(0, sara())
			if got := c.Addr().String(); got != "2.1.1.129" {
				t.Errorf("address %s", got)
			}
			h.reads(c)
			if _, err := c.Ping(within(t), c.Peer()); err != nil {
				t.Error(err)
			}
			c.Close()
			first, hub, last := h.pac.ended(1), h.program.ended(1), h.pns.ended(1)
			for _, one := range []record.Call{first, hub, last} {
				if one.Reason != record.CallerHungUp || one.Called != testbed.Number || one.Calling != "4045550001" || one.Rate != 28800 {
					t.Errorf("remembered: %+v", one)
				}
			}
			if !strings.HasPrefix(hub.Line, "atlanta/") || hub.Peer != "denver" || hub.Connect != "PPTP "+first.Name || hub.Name != last.Name || last.User != "saran" ||
				kind == "by name" && hub.User != "saran" || hub.Traffic.FramesUp == 0 || hub.Traffic.FramesDown == 0 {
				t.Errorf("the hub remembers %+v, the PAC %s, the PNS %+v", hub, first.Name, last)
			}
		})
	}
}

// What stands in the way of a call at the hub is told the caller, or makes her PAC
// look for another PNS; the line is free again afterwards.
func TestTunnelSwitchRefuses(t *testing.T) {
	t.Parallel()
	h := newHub(t, 1, "[[user]]\nname = \"saran\"\ntunnel = [\"denver\"]\n", setting{modems: 2, callers: 2})
	if _, err := h.try(0, bob()); err == nil || !strings.Contains(err.Error(), "no destination is known") {
		t.Errorf("who is unknown at the hub hears %v", err)
	}
	h.program.wants(h.program.ended(1), record.NoProfile, `"bob"`)
	h.pac.ended(1)
	c := h.dial(0, sara())
	if _, err := h.try(1, sara()); err == nil {
		t.Error("the hub takes more calls than it has lines")
	}
	h.pac.wants(h.pac.ended(2), record.NoTunnel, "No-Resource")
	h.reads(c)
	if err := h.program.Hangup(within(t), h.program.calls()[0].Name); err != nil {
		t.Fatal(err)
	}
	h.told(c, "the operator ended the call")
	h.pac.wants(h.pac.ended(3), record.ClearedByPNS, "the operator ended the call")
	c = h.dial(0, sara())
	h.reads(c)
	h.phones.Drop("4045550001")
	h.pac.wants(h.pac.ended(4), record.CarrierLost, "")
	h.program.wants(h.program.ended(3), record.CarrierLost, "")
	h.pns.wants(h.pns.ended(2), record.CarrierLost, "Lost Carrier")
}
