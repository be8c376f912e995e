//go:build netns

package testbed

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"carrier/hardware/caller"
	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// A natCase is a row of docs/nat.md: what is behind a NAT router, what that router has
// been told, how the packets travel, and what comes of it. The address of what is
// behind it is 10.0.1.2, and 10.0.2.2, 10.0.3.2 if there are several.
type natCase struct {
	behind string
	rules  []string // blocks of the page that the router has, beside "masquerade"
	told   string   // that in the page's words
	over   string   // transport
	works  string
	more   string // in the [[pns]] of a PAC's
	opens  bool   // the PNS opens TCP
	spoils bool   // the router makes an Incoming-Call-Connected one of no call
	is     func(*natted, natCase)
}

// The page's words for what works.
const (
	all  = "yes"
	none = "no"
)

var natCases = []natCase{
	{behind: "one client", told: "nothing", over: "gre", works: none, is: clients(1)},
	{behind: "one client", told: "pptp", rules: []string{"helper"}, over: "gre", works: all, is: clients(1)},
	{behind: "one client", told: "GRE to it", rules: []string{"gre"}, over: "gre", works: all, is: clients(1)},
	{behind: "three clients", told: "nothing", over: "gre", works: none, is: clients(3)},
	{behind: "three clients", told: "pptp", rules: []string{"helper"}, over: "gre", works: all, is: clients(3)},
	{behind: "three clients of the same Call ID", told: "pptp", rules: []string{"helper"}, over: "gre", works: all, is: sameID},
	{behind: "three clients", told: "nothing", over: "udp", works: all, is: clients(3)},
	{behind: "three clients of the same Call ID", told: "nothing", over: "udp", works: all, is: sameID},
	{behind: "one client", told: "pptp", rules: []string{"helper"}, over: "udp", works: none, is: clientOfAnotherID},
	{behind: "the PAC", told: "nothing", over: "gre", works: none, is: pacInside},
	{behind: "the PAC", told: "pptp", rules: []string{"helper"}, over: "gre", works: none, is: pacInside},
	{behind: "the PAC, `one_call_per_connection`", told: "pptp", rules: []string{"helper"}, over: "gre", works: none,
		more: "one_call_per_connection = true", is: pacInside},
	{behind: "the PAC", told: "GRE to it", rules: []string{"gre"}, over: "gre", works: all, is: pacInside},
	{behind: "the PAC", told: "nothing", over: "udp", works: all, is: pacInside},
	{behind: "the PAC", told: "pptp", rules: []string{"helper"}, over: "udp", works: all, is: pacInside},
	{behind: "the PNS", told: "TCP and pptp", rules: []string{"tcp", "helper"}, over: "gre", works: none, is: pnsInside},
	{behind: "the PNS", told: "TCP and GRE to it", rules: []string{"tcp", "gre"}, over: "gre", works: all, is: pnsInside},
	{behind: "the PNS", told: "TCP and UDP to it", rules: []string{"tcp", "udp"}, over: "udp", works: all, is: pnsInside},
	{behind: "the PNS, which opens", told: "nothing", over: "gre", works: none, opens: true, is: pnsInside},
	{behind: "the PNS, which opens", told: "pptp", rules: []string{"helper"}, over: "gre", works: none, opens: true, spoils: true, is: pnsInside},
	{behind: "the PNS, which opens", told: "GRE to it", rules: []string{"gre"}, over: "gre", works: all, opens: true, is: pnsInside},
	{behind: "the PNS, which opens", told: "nothing", over: "udp", works: all, opens: true, is: pnsInside},
	{behind: "the PNS, which opens", told: "pptp", rules: []string{"helper"}, over: "udp", works: none, opens: true, spoils: true, is: pnsInside},
	{behind: "the PAC, the PNS opens", told: "TCP and pptp", rules: []string{"tcp", "helper"}, over: "gre", works: none, opens: true, spoils: true, is: pacInside},
	{behind: "the PAC, the PNS opens", told: "TCP and GRE to it", rules: []string{"tcp", "gre"}, over: "gre", works: all, opens: true, is: pacInside},
	{behind: "the PAC, the PNS opens", told: "TCP and UDP to it", rules: []string{"tcp", "udp"}, over: "udp", works: all, opens: true, is: pacInside},
}

// What the page says of NAT routers is what happens behind one.
func TestNAT(t *testing.T) {
	rules := map[string]string{}
	for _, b := range Blocks(t, "nat.md") {
		rules[b.Name] = b.Text
	}
	for n, c := range natCases {
		t.Run(fmt.Sprint("row ", n+1), func(t *testing.T) {
			t.Parallel()
			t.Logf("%+v", c)
			r := newNATted(t)
			for _, name := range append([]string{"masquerade"}, c.rules...) {
				if rules[name] == "" {
					t.Fatalf("the page has no rules called %s", name)
				}
				r.router.NFT(rules[name])
			}
			c.is(r, c)
		})
	}
}

// The page has the rows that are tried, and no others.
func TestNATPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(here(), "..", "..", "docs", "nat.md"))
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile("(?m)^\\| .*\\| `(?:gre|udp)` \\|.*$").FindAllString(string(page), -1)
	var tried []string
	for _, c := range natCases {
		tried = append(tried, fmt.Sprintf("| %s | %s | `%s` | %s |", c.behind, c.told, c.over, c.works))
	}
	if !slices.Equal(said, tried) {
		t.Errorf("the page's rows are\n%s\ntried are\n%s", strings.Join(said, "\n"), strings.Join(tried, "\n"))
	}
}

// A natted is a NAT router with the Internet on one side.
//
//	inside 10.0.1.2 ── 10.0.1.1 router 203.0.113.2 ── 203.0.113.1 outside
type natted struct {
	*Scene
	router, outside *Host
	pns             *Host // where it runs
}

func newNATted(t *testing.T) *natted {
	t.Helper()
	n := &natted{Scene: &Scene{T: t, Bin: Programs(t), Dir: t.TempDir()}, router: NewHost(t, "router"), outside: NewHost(t, "outside")}
	Join(n.router, "wan", "203.0.113.2/24", n.outside, "eth0", "203.0.113.1/24")
	n.router.Forward()
	n.router.NFT(`table ip seen {
	chain arrives { type filter hook prerouting priority raw; iifname "wan" meta l4proto gre counter; }
	chain passes { type filter hook forward priority filter; iifname "wan" meta l4proto gre counter; }
}`)
	return n
}

// inside makes a host behind the router, the k-th.
func (n *natted) inside(k int) *Host {
	n.T.Helper()
	h := NewHost(n.T, fmt.Sprint("inside", k))
	Join(h, "eth0", fmt.Sprintf("10.0.%d.2/24", k), n.router, fmt.Sprint("in", k), fmt.Sprintf("10.0.%d.1/24", k))
	h.IP("route", "add", "default", "via", fmt.Sprintf("10.0.%d.1", k))
	return h
}

var packets = regexp.MustCompile(`packets (\d+)`)

// seen is how many GRE packets from outside have come to the router, or were let pass.
func (n *natted) seen(chain string) int {
	n.T.Helper()
	out, err := n.router.Command("nft", "list", "chain", "ip", "seen", chain).Output()
	m := packets.FindSubmatch(out)
	if err != nil || m == nil {
		n.T.Fatalf("nft: %v: %s", err, out)
	}
	count, err := strconv.Atoi(string(m[1]))
	if err != nil {
		n.T.Fatal(err)
	}
	return count
}

// stopsAll waits until each of so many calls has had a packet on its way in, and sees
// that none has passed.
func (n *natted) stopsAll(calls int) {
	n.T.Helper()
	Until(n.T, "the calls at the PNS", func() bool { return len(n.Calls(n.pns, "pns")) >= calls })
	Until(n.T, "GRE at the router", func() bool { return n.seen("arrives") >= calls })
	if passed := n.seen("passes"); passed > 0 {
		n.T.Errorf("%d GRE packets have passed", passed)
	}
}

// serve starts the PNS on a host.
func (n *natted) serve(h *Host, of map[string]any) *Process {
	n.T.Helper()
	n.pns = h
	return n.Start(h, "pns", natPNS, of)
}

// natPNS takes everybody's calls.
const natPNS = `
name   = "denver"
socket = "{{.Dir}}/pns.sock"

[[pac]]
name      = "atlanta"
from      = ["203.0.113.0/24"]
transport = "{{.Over}}"
{{with .Opens}}{{.}}{{end}}

[clients]
from      = ["203.0.113.2"]
transport = "{{.Over}}"

[lan]
local     = "10.2.0.1"
addresses = ["10.9.0.2-10.9.0.9"]

[[user]]
name     = "saran"
password = "blue moon"
{{range .Sites}}
[[user]]
name     = "boston{{.}}"
password = "blue moon"
routes   = ["10.1.{{.}}.0/24"]
{{end}}`

// natClient opens a tunnel to it.
const natClient = `
name   = "boston"
socket = "{{.Dir}}/client{{.N}}.sock"
panel  = "127.0.0.1:8724"

[lan]
mode  = "tun"
local = "10.1.{{.N}}.1"

[lan.tun]
forwarding = true

[[dial]]
name      = "denver"
to        = ["203.0.113.1"]
user      = "boston{{.N}}"
password  = "blue moon"
routes    = ["10.2.0.0/24"]
retry     = "1s"
retry_max = "2s"
transport = "{{.Over}}"
`

// natPAC brings it callers, who are at a socket.
const natPAC = `
name   = "atlanta"
socket = "{{.Dir}}/pac.sock"
{{with .Listen}}listen = "{{.}}"{{end}}

[[bank]]
name   = "direct"
listen = "unix://{{.Dir}}/line"
lines  = 2

[default]
tunnel = ["denver"]

[[pns]]
name      = "denver"
transport = "{{.Over}}"
{{.More}}
`

// clients have so many of our own behind the router.
func clients(count int) func(*natted, natCase) {
	return func(n *natted, c natCase) {
		inside, running := n.clients(c, count)
		if c.works == none {
			n.stopsAll(count)
			for _, p := range running {
				p.Kill() // who cannot be told of the end need not wait for that
			}
			return
		}
		for k, h := range inside {
			Until(n.T, fmt.Sprintf("client %d reaches the LAN", k+1), func() bool {
				return h.Command("ping", "-c", "1", "-W", "5", "10.2.0.1").Run() == nil
			})
		}
	}
}

// clients starts a server outside, and so many clients.
func (n *natted) clients(c natCase, count int) (inside []*Host, running []*Process) {
	n.T.Helper()
	n.serve(n.outside, map[string]any{"Dir": n.Dir, "Over": c.over, "Sites": []int{1, 2, 3}})
	for k := 1; k <= count; k++ {
		h := n.inside(k)
		inside = append(inside, h)
		running = append(running, n.Start(h, "pns", natClient, map[string]any{"Dir": n.Dir, "Over": c.over, "N": k}))
	}
	return inside, running
}

// clientOfAnotherID is one whose packets have a Call ID that it has not given: the
// router has changed that in its request.
func clientOfAnotherID(n *natted, c natCase) {
	inside, running := n.clients(c, 1)
	Until(n.T, "packets of an unknown call", func() bool {
		return n.Metric(inside[0], "127.0.0.1:8724", `pns_gre_packets_total{direction="received",disposition="unknown-call"}`) > 0
	})
	for _, call := range n.Calls(inside[0], "pns") {
		if call.Stage == record.Online {
			n.T.Errorf("it works: %+v", call)
		}
	}
	running[0].Kill()
}

// pacInside has a PAC with two callers behind the router.
func pacInside(n *natted, c natCase) {
	n.bring(c, n.inside(1), "203.0.113.2", n.outside, "203.0.113.1")
}

// pnsInside has the PNS there.
func pnsInside(n *natted, c natCase) {
	n.bring(c, n.outside, "203.0.113.1", n.inside(1), "203.0.113.2")
}

// bring has two callers, whom a PAC brings; the addresses are those that the other
// end knows.
func (n *natted) bring(c natCase, pac *Host, pacAt string, pns *Host, pnsAt string) {
	of := map[string]any{"Dir": n.Dir, "Over": c.over, "More": fmt.Sprintf("at = %q\n%s", pnsAt, c.more)}
	if c.opens {
		of["Opens"] = fmt.Sprintf("opens = \"pns\"\nconnect = %q", pacAt)
		of["Listen"], of["More"] = "0.0.0.0:1723", fmt.Sprintf("opens = \"pns\"\nfrom = [%q]", pnsAt)
	}
	n.Start(pac, "pac", natPAC, of)
	server := n.serve(pns, of)
	if c.opens {
		server.Logged("control connection established")
	}
	if c.works == all {
		n.reaches(n.call(n.T.Context()))
		n.reaches(n.call(n.T.Context()))
		return
	}
	ctx, hangUp := context.WithCancel(n.T.Context())
	calls := []<-chan dialled{n.call(ctx)}
	if c.spoils {
		server.Logged("control message for no call that waits for it", "Incoming-Call-Connected {PeerCallID:0 ")
	} else {
		calls = append(calls, n.call(ctx))
		n.stopsAll(2)
	}
	hangUp()
	server.Kill() // who cannot be told of the end need not wait for that
	for _, one := range calls {
		if d := <-one; d.err == nil {
			n.T.Error("a call works")
			d.call.Close()
		}
	}
}

// A dialled is what became of a call.
type dialled struct {
	call *caller.Call
	err  error
}

// call dials in.
func (n *natted) call(ctx context.Context) <-chan dialled {
	n.T.Helper()
	line, err := net.Dial("unix", filepath.Join(n.Dir, "line"))
	if err != nil {
		n.T.Fatal(err)
	}
	done := make(chan dialled, 1)
	go func() {
		ctx, stop := context.WithTimeout(ctx, Patience)
		defer stop()
		c, err := caller.Dial(ctx, line, caller.Options{Login: auth.Login{Name: "saran", Secret: auth.NewPassword("blue moon")}})
		done <- dialled{c, err}
	}()
	return done
}

// reaches sees that a call comes to work, and keeps it.
func (n *natted) reaches(calls <-chan dialled) {
	n.T.Helper()
	d := <-calls
	if d.err != nil {
		n.T.Fatalf("dialling in: %v", d.err)
	}
	n.T.Cleanup(func() { d.call.Close() })
	ctx, stop := context.WithTimeout(n.T.Context(), Patience)
	defer stop()
	if _, err := d.call.Ping(ctx, netip.MustParseAddr("10.2.0.1")); err != nil {
		n.T.Errorf("ping: %v", err)
	}
}
