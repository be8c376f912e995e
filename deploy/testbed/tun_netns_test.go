//go:build netns

package testbed

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// tunPAC brings everybody to Denver.
const tunPAC = `
name   = "atlanta"
socket = "{{.Dir}}/pac.sock"
panel  = "127.0.0.1:8723"

[[bank]]
name  = "courier"
ports = [{{range $i, $p := .Modems}}{{if $i}}, {{end}}"{{$p}}"{{end}}]

[default]
tunnel = ["2.1.1.60"]
`

// tunPNS has its callers on the LAN.
const tunPNS = `
name   = "denver"
socket = "{{.Dir}}/pns.sock"
panel  = "127.0.0.1:8724"

[[pac]]
name = "atlanta"
from = ["192.0.2.0/24"]

[lan]
mode      = "tun"
local     = "2.1.1.60"
addresses = ["2.1.1.129-2.1.1.190"]

[lan.tun]
proxy_arp  = ["lan"]
masquerade = ["out"]
forwarding = true

[[user]]
name     = "saran"
password = "blue moon"
`

// An office is a scene whose PNS has its callers on the LAN by a TUN; and
// behind another interface there is a host that knows nothing of callers:
//
//	office 198.51.100.1 ── 198.51.100.2 outside
type office struct {
	*Scene
	phones   *Phones
	pac, pns *Process
	outside  *Host
	data     map[string]any
}

func newOffice(t *testing.T, callers int) *office {
	t.Helper()
	o := &office{Scene: NewScene(t), outside: NewHost(t, "outside")}
	Join(o.Office, "out", "198.51.100.1/24", o.outside, "eth0", "198.51.100.2/24")
	var phones exchange.Options
	for n := range callers {
		phones.Subscribers = append(phones.Subscribers, exchange.Subscriber{Number: fmt.Sprint(4045550100 + n), Name: "SARA N"})
	}
	o.phones = NewPhones(t, callers, phones)
	o.data = map[string]any{"Dir": o.Dir, "Modems": o.phones.Modems}
	o.pns = o.Start(o.Office, "pns", tunPNS, o.data)
	o.pac = o.Start(o.POP, "pac", tunPAC, o.data)
	return o
}

// dial calls from one telephone.
func (o *office) dial(phone int) (*caller.Call, error) {
	hers, modems := net.Pipe()
	plugged, stop := context.WithCancel(context.Background())
	unplugged := make(chan struct{})
	go func() {
		defer close(unplugged)
		o.phones.Lines()[phone].Plug(plugged, modems)
	}()
	o.T.Cleanup(func() {
		stop()
		<-unplugged
	})
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	c, err := caller.Dial(ctx, hers, caller.Options{Number: Number, Login: auth.Login{Name: "saran", Secret: auth.NewPassword("blue moon")}})
	if err == nil {
		o.T.Cleanup(func() { c.Close() })
	}
	return c, err
}

// everybody calls at once.
func (o *office) everybody(n int) []*caller.Call {
	o.T.Helper()
	calls, errs := make([]*caller.Call, n), make([]error, n)
	var dialling sync.WaitGroup
	for i := range n {
		dialling.Go(func() { calls[i], errs[i] = o.dial(i) })
	}
	dialling.Wait()
	for i, err := range errs {
		if err != nil {
			o.T.Fatalf("telephone %d: %v", i, err)
		}
	}
	return calls
}

// uses does what a caller does on the LAN.
func uses(c *caller.Call, octets int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*Patience)
	defer cancel()
	if _, err := c.Ping(ctx, netip.MustParseAddr("2.1.1.10")); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	if page, err := c.Get(ctx, "http://2.1.1.10/"); err != nil || string(page) != Page {
		return fmt.Errorf("page %q: %w", page, err)
	}
	data := Data(octets)
	if got, err := c.Get(ctx, fmt.Sprintf("http://2.1.1.10/data?n=%d", octets)); err != nil || !bytes.Equal(got, data) {
		return fmt.Errorf("%d octets of %d came, or others: %w", len(got), octets, err)
	}
	_, answer, err := c.Upload(ctx, "http://2.1.1.10/hash", bytes.NewReader(data), int64(octets))
	if err != nil || strings.TrimSpace(string(answer)) != Hash(data) {
		return fmt.Errorf("upload: the LAN has %q: %w", answer, err)
	}
	return nil
}

// Fifty callers at once are hosts of the LAN: they reach it and are found there;
// and when they have gone, they are not.
func TestFiftyCallersOnTheLAN(t *testing.T) {
	const n = 50
	o := newOffice(t, n)
	calls := o.everybody(n)
	errs := make([]error, n)
	var using sync.WaitGroup
	for i, c := range calls {
		using.Go(func() { errs[i] = uses(c, 64<<10) })
	}
	using.Wait()
	seen := make(map[netip.Addr]bool)
	for i, c := range calls {
		if errs[i] != nil {
			t.Errorf("telephone %d, %v: %v", i, c.Addr(), errs[i])
		}
		seen[c.Addr()] = true
	}
	if len(seen) != n {
		t.Errorf("%d addresses for %d callers", len(seen), n)
	}
	mac := o.mac(o.Office, "lan")
	for a := range seen {
		if out, _ := o.LAN.Command("ip", "neigh", "show", a.String()).CombinedOutput(); !strings.Contains(string(out), mac) {
			t.Errorf("a host of the LAN finds %v at %s, want %s", a, out, mac)
		}
	}
	free := "2.1.1.190"
	if out, err := o.LAN.Command("arping", "-c", "1", "-w", "1", "-I", "eth0", free).CombinedOutput(); err == nil {
		t.Errorf("somebody answers for %s, which no caller has: %s", free, out)
	}
	o.metric(`pns_addresses{pool="default",state="used"}`, n)
	if got := o.Metric(o.Office, pnsPanelTUN, `pns_address_clashes_total`); got != 0 {
		t.Errorf("%v clashes", got)
	}

	// The control connection is lost in the middle of all this.
	o.pac.Kill()
	o.metric(`pns_addresses{pool="default",state="used"}`, 0)
	o.metric("pns_calls_active", 0)
	lost := o.Calls(o.Office, "pns")
	if len(lost) != n {
		t.Errorf("%d calls are remembered", len(lost))
	}
	for _, c := range lost {
		if c.Reason != record.ControlLost {
			t.Errorf("%s ended with %v: %s", c.Name, c.Reason, c.Text)
		}
	}
	if out, err := o.LAN.Command("arping", "-c", "1", "-w", "1", "-I", "eth0", calls[0].Addr().String()).CombinedOutput(); err == nil {
		t.Errorf("somebody answers for a caller who has gone: %s", out)
	}
	o.pac = o.Start(o.POP, "pac", tunPAC, o.data)
	c, err := o.dial(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := uses(c, 1000); err != nil {
		t.Error(err)
	}
	if out, err := o.LAN.Command("arping", "-c", "1", "-w", "3", "-I", "eth0", c.Addr().String()).CombinedOutput(); err != nil ||
		!strings.Contains(strings.ToLower(string(out)), mac) {
		t.Errorf("arping: %v: %s", err, out)
	}
}

const pnsPanelTUN = "127.0.0.1:8724"

// metric waits until a line of the PNS's panel has a value.
func (o *office) metric(line string, want float64) {
	o.T.Helper()
	Until(o.T, fmt.Sprintf("%s %v", line, want), func() bool { return o.Metric(o.Office, pnsPanelTUN, line) == want })
}

// mac is the hardware address of a host's interface.
func (o *office) mac(h *Host, name string) (mac string) {
	o.T.Helper()
	if err := h.Do(func() error {
		i, err := net.InterfaceByName(name)
		if err == nil {
			mac = i.HardwareAddr.String()
		}
		return err
	}); err != nil {
		o.T.Fatal(err)
	}
	return mac
}

// A host without a way back sees callers as the office. An address that a host
// of the LAN has is not given to a caller. The interface is removed, and callers
// stay. Killed, the server leaves nothing that would keep the next one from its
// place.
func TestOfficeByTUN(t *testing.T) {
	o := newOffice(t, 2)
	o.LAN.IP("addr", "add", "2.1.1.129/32", "dev", "eth0") // a host of the LAN has the first address
	from := make(chan string, 1)
	var l net.Listener
	if err := o.outside.Do(func() (err error) { l, err = net.Listen("tcp", "198.51.100.2:80"); return err }); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from <- r.RemoteAddr
		io.WriteString(w, "outside\n")
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })

	c, err := o.dial(0)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Addr().String(); got != "2.1.1.130" {
		t.Errorf("address %s", got)
	}
	o.pns.Logged("a host of the LAN has an address that is for callers", `2.1.1.129`, o.mac(o.LAN, "eth0"))
	o.metric("pns_address_clashes_total", 1)
	o.metric(`pns_addresses{pool="default",state="avoided"}`, 1)
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	if page, err := c.Get(ctx, "http://198.51.100.2/"); err != nil || string(page) != "outside\n" {
		t.Errorf("from outside: %q, %v", page, err)
	} else if got := <-from; !strings.HasPrefix(got, "198.51.100.1:") {
		t.Errorf("outside sees the caller as %s", got)
	}
	if err := uses(c, 1000); err != nil {
		t.Error(err)
	}

	o.Office.IP("link", "del", "carrier0")
	o.metric("pns_lan_interface_lost_total", 1)
	if err := uses(c, 1000); err != nil {
		t.Errorf("after the interface was made anew: %v", err)
	}

	o.pns.Kill()
	o.pns = o.Start(o.Office, "pns", tunPNS, o.data)
	<-c.Done()
	second, err := o.dial(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := uses(second, 1000); err != nil {
		t.Errorf("at the next server: %v", err)
	}
	o.pns.Stop()
	out, err := o.Office.Command("sh", "-c", "ip link show carrier0; ip neigh show proxy; nft list ruleset").CombinedOutput()
	if strings.Contains(string(out), "2.1.1.") || strings.Contains(string(out), "carrier-") {
		t.Errorf("left behind: %s, %v", out, err)
	}
}

// What keeps the server from the LAN is told in one sentence, and it does not
// start.
func TestRefusedByTUN(t *testing.T) {
	s := NewScene(t)
	data := map[string]any{"Dir": s.Dir}
	config := strings.Replace(tunPNS, "masquerade = [\"out\"]\n", "", 1)
	for _, c := range []struct{ name, setup, config, prefix, want string }{
		{"no device", "", config, "mount -t tmpfs none /dev/net && exec ", "interface carrier0: there is no /dev/net/tun: load the module (modprobe tun), or give the container this device"},
		{"name taken", "ip link add carrier0 type veth peer name carrier0-far", config, "", "interface carrier0: an interface of this name exists already: remove it, or set another name as lan.tun.name"},
		{"no right", "ip link del carrier0", config, "exec capsh --drop=cap_net_admin -- -c ", "interface carrier0: a TUN may not be made: the program needs CAP_NET_ADMIN"},
		{"no proxy ARP", "", strings.Replace(config, `["lan"]`, "[]", 1), "", `overlap 2.1.1.0/24, the network on lan, whose hosts would look for callers there: set lan.tun.proxy_arp = ["lan"]`},
		{"a PAC among callers", "", strings.Replace(config, "192.0.2.0/24", "2.1.1.140", 1), "", "2.1.1.140/32 is among the addresses of callers"},
		{"the way to the PAC", "ip route add 2.1.1.144/28 via 192.0.2.1", config, "", "overlap the route to 2.1.1.144/28 over wan"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.setup != "" {
				if out, err := s.Office.Command("sh", "-c", c.setup).CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			s.refused(t, c.config, data, c.prefix, c.want)
		})
	}
}

// refused starts the server by a shell command's end, and wants it to say why
// it does not.
func (s *Scene) refused(t *testing.T, config string, data any, shell, want string) {
	t.Helper()
	file := s.Write(s.Office, "pns", config, data)
	command := filepath.Join(s.Bin, "pns") + " run -c " + file
	if strings.Contains(shell, "capsh") {
		command = "'" + command + "'"
	}
	out, err := s.Office.Command("timeout", "20", "sh", "-c", shell+command).CombinedOutput()
	if err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v, said\n%s\nwant %s", err, out, want)
	}
}
