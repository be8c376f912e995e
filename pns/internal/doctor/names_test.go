package doctor

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"carrier/pns/internal/config"
	"carrier/pns/internal/dial"
	"carrier/shared/doctor"
)

// names is a resolver of these names alone.
type names map[string][]netip.Addr

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if all, ok := n[host]; ok {
		return all, nil
	}
	return nil, errors.New("no such host")
}

// A [[dial]] leads to every address that its servers' names have, and each must have
// one.
func TestServersByName(t *testing.T) {
	at := func(host string) dial.Server {
		return dial.Server{Host: host, Addr: netip.AddrPortFrom(netip.Addr{}, 1723)}
	}
	v := &visit{report: new(doctor.Report), names: names{"denver.example": {netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}}}
	got := v.servers(t.Context(), config.Dial{Name: "d", Servers: []dial.Server{at("denver.example"), at("paris.example")}})
	if want := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1723"), netip.MustParseAddrPort("192.0.2.2:1723")}; !slices.Equal(got, want) {
		t.Errorf("it leads to %v, want %v", got, want)
	}
	if f := v.report.Findings(); len(f) != 1 || !strings.HasPrefix(f[0].Text, "paris.example does not resolve: no such host; ") {
		t.Errorf("found %v", f)
	}
}
