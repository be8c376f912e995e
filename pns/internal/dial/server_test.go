package dial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/session"
	"carrier/shared/record"
)

// names is a resolver of these names alone; one without an address never answers.
type names map[string][]string

func (n names) LookupNetIP(ctx context.Context, network, host string) (all []netip.Addr, err error) {
	found, ok := n[host]
	switch {
	case network != "ip4":
		return nil, errors.New("asked for " + network)
	case !ok:
		return nil, errors.New("no such host")
	case found == nil:
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	for _, a := range found {
		all = append(all, netip.MustParseAddr(a))
	}
	return all, nil
}

var known = names{"denver.example": {"203.0.113.9", "::ffff:203.0.113.1", "203.0.113.9"}, "slow.example": nil, "none.example": {}}

// A name is all its addresses, each once, at the port beside it.
func TestResolve(t *testing.T) {
	for _, tt := range []struct {
		host       string
		addr       netip.Addr
		port       uint16
		want, text string
	}{
		{"", netip.MustParseAddr("203.0.113.7"), 1723, "[203.0.113.7:1723]", "203.0.113.7:1723"},
		{"denver.example", netip.Addr{}, 1724, "[203.0.113.9:1724 203.0.113.1:1724]", "denver.example:1724"},
		{"paris.example", netip.Addr{}, 1723, "paris.example does not resolve: no such host", "paris.example:1723"},
		{"slow.example", netip.Addr{}, 1723, "slow.example does not resolve: no answer within 10s", "slow.example:1723"},
		{"none.example", netip.Addr{}, 1723, "none.example does not resolve: it has no address", "none.example:1723"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := Server{Host: tt.host, Addr: netip.AddrPortFrom(tt.addr, tt.port)}
			got, err := s.Resolve(t.Context(), known)
			if said := fmt.Sprint(got); err == nil && said != tt.want || err != nil && err.Error() != tt.want {
				t.Errorf("%v: %s, %v, want %s", s, said, err, tt.want)
			}
			if s.String() != tt.text {
				t.Errorf("it is called %q, want %q", s, tt.text)
			}
		})
	}
}

// counted counts attempts.
type counted struct{ all []record.Call }

func (c *counted) Dialled(_ string, one record.Call) { c.all = append(c.all, one) }

// Servers whose names have no address, and addresses that the call's own routes lead to,
// are attempts that failed; the next one follows.
func TestServersThatAreNowhere(t *testing.T) {
	meter := new(counted)
	serials, err := record.OpenSerials(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Resolver: known, Meter: meter, Serials: serials, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	at := func(host string) Server {
		return Server{Host: host, Addr: netip.AddrPortFrom(netip.Addr{}, 1723)}
	}
	l := newLine(&o, record.NewHistory(10), Entry{Name: "denver", Servers: []Server{at("paris.example"), at("denver.example")},
		Dial: session.Dial{Routes: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}})
	before := time.Now()
	last := l.round(t.Context())
	want := []string{"paris.example:1723: paris.example does not resolve: no such host",
		"203.0.113.9:1723: 203.0.113.9 is among the routes of this call", "203.0.113.1:1723: 203.0.113.1 is among the routes of this call"}
	if len(meter.all) != len(want) {
		t.Fatalf("attempts %+v", meter.all)
	}
	for i, c := range meter.all {
		if got := c.Called + ": " + c.Text; !strings.HasPrefix(got, want[i]) || c.Reason != record.NoTunnel || c.Ended.Before(before) || c.Started.Before(before) {
			t.Errorf("attempt %d is %q, %+v", i+1, got, c)
		}
	}
	if s := l.state(); last.Called != "203.0.113.1:1723" || s.Failed != len(want) || !strings.Contains(s.Text, "203.0.113.1") {
		t.Errorf("the last is %+v, status shows %+v", last, s)
	}
}
