//go:build netns

package testbed

import (
	"encoding/hex"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"carrier/shared/record"
)

// A dhcpServer is dnsmasq on the LAN, and its file of leases.
type dhcpServer struct {
	t      *testing.T
	leases string
	log    *output
	cmd    *exec.Cmd
	done   chan struct{}
}

// serve starts it for a range of addresses, with leases of two minutes, its
// shortest, that are to be renewed after three seconds.
func (o *office) serve(t *testing.T, leases, addresses string) *dhcpServer {
	t.Helper()
	s := &dhcpServer{t: t, leases: leases, log: &output{grown: make(chan struct{})}, done: make(chan struct{})}
	s.cmd = o.LAN.Command("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--pid-file=", "--log-facility=-",
		"--log-dhcp", "--no-ping", "--dhcp-authoritative", "--dhcp-leasefile="+leases, "--dhcp-range="+addresses+",255.255.255.0,2m",
		"--dhcp-option-force=option:T1,3", "--dhcp-option-force=option:T2,100")
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.cmd.Wait()
		close(s.done)
	}()
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("dnsmasq said:\n%s", s.log.String())
		}
	})
	Until(t, "dnsmasq serves", func() bool { return strings.Contains(s.log.String(), "DHCP, IP range") })
	return s
}

func (s *dhcpServer) stop() {
	s.cmd.Process.Kill()
	<-s.done
}

// lease is when the lease of an address ends, and whose it is; "": there is none.
func (s *dhcpServer) lease(a netip.Addr) (ends time.Time, id string) {
	s.t.Helper()
	b, err := os.ReadFile(s.leases)
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) { // end, hardware address, address, name, client identifier
		f := strings.Fields(line)
		if len(f) != 5 || f[2] != a.String() {
			continue
		}
		seconds, err := strconv.ParseInt(f[0], 10, 64)
		raw, bad := hex.DecodeString(strings.ReplaceAll(f[4], ":", ""))
		if err != nil || bad != nil || len(raw) == 0 || raw[0] != 0 {
			s.t.Fatalf("lease %q", line)
		}
		return time.Unix(seconds, 0), string(raw[1:])
	}
	return time.Time{}, ""
}

// Callers have their addresses from the LAN's DHCP server: each a lease of her own,
// the same one again, renewed while she is there and given back when she goes.
// Without the server nobody comes in, and who loses her lease is told why.
func TestAddressesFromTheLANsServer(t *testing.T) {
	t.Parallel()
	o := &office{Scene: NewScene(t)}
	o.Outside()
	leases := filepath.Join(t.TempDir(), "leases")
	server := o.serve(t, leases, "2.1.1.150,2.1.1.160")
	o.begin(2, strings.Replace(tunPNS, `["2.1.1.129-2.1.1.190"]`, `"dhcp"`, 1))

	calls := o.everybody(2)
	ids := map[string]netip.Addr{}
	for _, c := range calls {
		if a := c.Addr(); a.Less(netip.MustParseAddr("2.1.1.150")) || netip.MustParseAddr("2.1.1.160").Less(a) {
			t.Errorf("address %v", a)
		}
		ends, id := server.lease(c.Addr())
		ids[id] = c.Addr()
		if err := uses(c, 1000); err != nil {
			t.Error(err)
		}
		if got, want := o.LAN.Finds(c.Addr(), "eth0", 3), o.Office.MAC("lan"); got != want {
			t.Errorf("a host of the LAN finds %v at %q, want %s", c.Addr(), got, want)
		}
		Until(t, "the lease is renewed", func() bool {
			now, _ := server.lease(c.Addr())
			return now.After(ends)
		})
	}
	if len(ids) != 2 || !ids["denver/saran"].IsValid() || !ids["denver/saran/2"].IsValid() {
		t.Errorf("leases of %v", ids)
	}
	o.metric(`pns_addresses{pool="default",state="leased"}`, 2)

	first := 0 // the telephone of saran's first lease
	if calls[1].Addr() == ids["denver/saran"] {
		first = 1
	}
	calls[first].Close()
	o.metric(`pns_addresses{pool="default",state="leased"}`, 1)
	Until(t, "the address is given back", func() bool {
		_, id := server.lease(ids["denver/saran"])
		return id == ""
	})
	if got := o.LAN.Finds(ids["denver/saran"], "eth0", 1); got != "" {
		t.Errorf("%s answers for a caller who has gone", got)
	}
	if out, err := o.Office.Command("ip", "route", "show", "dev", "carrier0").CombinedOutput(); err != nil ||
		strings.Contains(string(out), ids["denver/saran"].String()) || !strings.Contains(string(out), ids["denver/saran/2"].String()) {
		t.Errorf("routes %s, %v", out, err)
	}
	again, err := o.dial(first)
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Addr(); got != ids["denver/saran"] {
		t.Errorf("she has %v now, and had %v", got, ids["denver/saran"])
	}
	again.Close()
	o.metric(`pns_addresses{pool="default",state="leased"}`, 1)

	// Another one knows nothing of the address that is left, and would not have given it.
	server.stop()
	server = o.serve(t, filepath.Join(t.TempDir(), "leases"), "2.1.1.170,2.1.1.180")
	<-calls[1-first].Done()
	Until(t, "her call has ended", func() bool { return o.Metric(o.Office, pnsPanelTUN, "pns_calls_active") == 0 })
	for _, c := range o.Calls(o.Office, "pns") {
		if c.Address == ids["denver/saran/2"] && (c.Reason != record.NoAddress || c.Text != "the LAN's DHCP server refuses the address") {
			t.Errorf("ended with %v: %s", c.Reason, c.Text)
		}
	}

	server.stop()
	if c, err := o.dial(first); err == nil {
		t.Errorf("without a server she has %v", c.Addr())
	}
	o.pns.Logged("refused", "no-address", "the LAN's DHCP server did not answer")
}
