//go:build netns

package testbed

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"carrier/hardware/exchange"
	"carrier/shared/ppp/auth"
)

// manual is what docs/company.md says of a place: a program and its configuration.
var manual = regexp.MustCompile("(?ms)^## (\\w+)\n\n```toml\n# (pac|pns)\\.toml\n(.*?)^```$")

// A site is an office with a LAN and one host on it.
type site struct {
	name         string
	router, desk *Host
	desks        string // its address
}

// The company of the manual, by its own configurations: everybody reaches everybody
// else, and what goes from branch to branch does so from tunnel to tunnel.
func TestCompany(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(here(), "..", "..", "docs", "company.md"))
	if err != nil {
		t.Fatal(err)
	}
	configs := map[string][]string{}
	for _, m := range manual.FindAllStringSubmatch(string(page), -1) {
		configs[strings.ToLower(m[1])] = m[2:]
	}
	s := &Scene{T: t, Bin: Programs(t), Dir: t.TempDir()}
	internet := NewHost(t, "internet")
	internet.IP("link", "add", "br0", "type", "bridge")
	internet.IP("link", "set", "br0", "up")
	plug := func(name string, n int) *Host {
		h := NewHost(t, name)
		Join(h, "wan", fmt.Sprintf("203.0.113.%d/24", n), internet, name, fmt.Sprintf("192.0.2.%d/32", n))
		internet.IP("link", "set", name, "master", "br0")
		return h
	}
	starts := func(h *Host, name string, edit ...string) *Process {
		c := configs[name]
		if len(c) == 0 {
			t.Fatalf("the manual has no %s", name)
		}
		text := fmt.Sprintf("socket = %q\n", filepath.Join(s.Dir, name)) + strings.NewReplacer(edit...).Replace(c[1])
		return s.Start(h, c[0], text, nil)
	}
	var sites []site
	for _, of := range []struct {
		name string
		wan  int
		lan  int
	}{{"denver", 1, 2}, {"boston", 2, 1}, {"chicago", 3, 3}} {
		at := site{of.name, plug(of.name, of.wan), NewHost(t, of.name+"desk"), fmt.Sprintf("10.%d.0.10", of.lan)}
		Join(at.router, "lan", fmt.Sprintf("10.%d.0.1/24", of.lan), at.desk, "eth0", at.desks+"/24")
		at.desk.IP("route", "add", "default", "via", fmt.Sprintf("10.%d.0.1", of.lan))
		starts(at.router, of.name)
		sites = append(sites, at)
	}
	phones := NewPhones(t, 1, exchange.Options{Subscribers: []exchange.Subscriber{{Number: "4045550001"}}})
	starts(plug("atlanta", 4), "atlanta", "/dev/ttyUSB0", phones.Modems[0]).Logged("modem ready")
	saras := phones.dial(t, 0, auth.Login{Name: "saran", Secret: auth.NewPassword("green grass")})

	pings := func(from site, to string) {
		t.Helper()
		Until(t, from.name+" reaches "+to, func() bool { return from.desk.Command("ping", "-c", "1", "-W", "5", to).Run() == nil })
	}
	for _, from := range sites {
		for _, to := range sites {
			pings(from, to.desks)
		}
		pings(from, saras.Addr().String())
		ctx, stop := context.WithTimeout(t.Context(), Patience)
		if _, err := saras.Ping(ctx, netip.MustParseAddr(from.desks)); err != nil {
			t.Errorf("Sara does not reach %s: %v", from.name, err)
		}
		stop()
	}
	const boston, chicago = 1, 2
	for life, hop := range []string{"From 10.1.0.1 ", "From 10.2.0.1 ", "From 10.3.0.1 ", "bytes from 10.3.0.10:"} {
		// A kernel tells each host only so often, and has told of a shorter way before.
		Until(t, fmt.Sprintf("with a life of %d there is %q", life+1, hop), func() bool {
			out, _ := sites[boston].desk.Command("ping", "-c", "1", "-W", "2", "-t", fmt.Sprint(life+1), sites[chicago].desks).Output()
			return strings.Contains(string(out), hop)
		})
	}
}
