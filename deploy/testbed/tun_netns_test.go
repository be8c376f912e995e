//go:build netns

package testbed

import (
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"carrier/hardware/caller"
	"carrier/shared/record"
)

// datagram is one of UDP's to the numbers' host, from whomever, with a number.
func datagram(t *testing.T, from netip.Addr, number int) []byte {
	t.Helper()
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: from.AsSlice(), DstIP: net.IPv4(2, 1, 1, 10)}
	udp := &layers.UDP{SrcPort: 4000, DstPort: 7}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		ip, udp, gopacket.Payload(strconv.Itoa(number))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Fifty callers at once are hosts of the LAN: they reach it, are found there and
// are nobody else; and when they have gone, they are not.
func TestFiftyCallersOnTheLAN(t *testing.T) {
	const n = 50
	o := newOffice(t, n)
	calls := o.everybody(n)
	errs := make([]error, n)
	var using sync.WaitGroup
	for i, c := range calls {
		using.Go(func() { errs[i] = uses(c, 4<<20) })
	}
	using.Wait()
	mac, seen := o.Office.MAC("lan"), make(map[netip.Addr]bool)
	for i, c := range calls {
		if errs[i] != nil {
			t.Errorf("telephone %d, %v: %v", i, c.Addr(), errs[i])
		}
		if got := o.LAN.Finds(c.Addr(), "eth0", 5); got != mac {
			t.Errorf("a host of the LAN finds %v at %q, want %s", c.Addr(), got, mac)
		}
		seen[c.Addr()] = true
	}
	if len(seen) != n {
		t.Errorf("%d addresses for %d callers", len(seen), n)
	}
	free := netip.MustParseAddr("2.1.1.190")
	if got := o.LAN.Finds(free, "eth0", 1); got != "" {
		t.Errorf("%s answers for %v, which no caller has", got, free)
	}
	o.metric(`pns_addresses{pool="default",state="used"}`, n)
	if got := o.Metric(o.Office, pnsPanelTUN, `pns_address_clashes_total`); got != 0 {
		t.Errorf("%v clashes", got)
	}
	o.spoof(t, calls, free)

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
	if got := o.LAN.Finds(calls[0].Addr(), "eth0", 1); got != "" {
		t.Errorf("%s answers for a caller who has gone", got)
	}
	o.pac = o.Start(o.POP, "pac", tunPAC, o.data)
	c, err := o.dial(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := uses(c, 1000); err != nil {
		t.Error(err)
	}
	if got := o.LAN.Finds(c.Addr(), "eth0", 3); got != mac {
		t.Errorf("a host of the LAN finds %v at %q, want %s", c.Addr(), got, mac)
	}
}

// spoof has every caller send a datagram in the name of nobody and one in that
// of the next caller, then her own: only that one arrives.
func (o *office) spoof(t *testing.T, calls []*caller.Call, nobody netip.Addr) {
	t.Helper()
	const dropped = `pns_frames_dropped_total{reason="spoofed"}`
	numbers := NewNumbers(o.LAN, "2.1.1.10")
	for i, c := range calls {
		before := o.Metric(o.Office, pnsPanelTUN, dropped)
		c.Send(datagram(t, nobody, 1000+i))
		c.Send(datagram(t, calls[(i+1)%len(calls)].Addr(), 2000+i))
		c.Send(datagram(t, c.Addr(), i))
		Until(t, "the caller's own datagram arrives", func() bool { return slices.Contains(numbers.Got(), i) })
		if got := o.Metric(o.Office, pnsPanelTUN, dropped) - before; got != 2 {
			t.Errorf("of telephone %d %v datagrams were dropped, not 2", i, got)
		}
	}
	if got := numbers.Got(); len(got) != len(calls) {
		t.Errorf("the LAN got %v", got)
	}
}

// An address that a host of the LAN has is not given to a caller. The interface is removed, and callers
// stay; so do they when the LAN's was down. Killed, the server leaves nothing that would keep the next one from its
// place.
func TestOfficeByTUN(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	o.LAN.IP("addr", "add", "2.1.1.129/32", "dev", "eth0") // a host of the LAN has the first address

	c, err := o.dial(0)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Addr().String(); got != "2.1.1.130" {
		t.Errorf("address %s", got)
	}
	o.pns.Logged("a host of the LAN has an address that is for callers", `2.1.1.129`, o.LAN.MAC("eth0"))
	o.metric("pns_address_clashes_total", 1)
	o.metric(`pns_addresses{pool="default",state="avoided"}`, 1)
	if err := uses(c, 1000); err != nil {
		t.Error(err)
	}

	o.Office.IP("link", "del", "carrier0")
	o.metric("pns_lan_interface_lost_total", 1)
	if err := uses(c, 1000); err != nil {
		t.Errorf("after the interface was made anew: %v", err)
	}
	o.Office.IP("link", "set", "lan", "down")
	o.Office.IP("link", "set", "lan", "up")
	Until(t, "a host of the LAN finds the caller", func() bool {
		return o.LAN.Finds(c.Addr(), "eth0", 1) == o.Office.MAC("lan")
	})
	if err := uses(c, 1000); err != nil {
		t.Errorf("after the LAN was down: %v", err)
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
