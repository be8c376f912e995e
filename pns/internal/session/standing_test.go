package session

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/record"
)

// routes are the lines that say what is routed to a caller.
func routes(lines []string) []string {
	return slices.DeleteFunc(lines, func(l string) bool {
		return !strings.HasPrefix(l, "delegate") && !strings.HasPrefix(l, "withdraw") && !strings.HasPrefix(l, "network6")
	})
}

var (
	opens = []string{"network6 true 2001:db8:1::/64 1400", "delegate 2001:db8:100::/60 1400",
		"network6 true 2001:db8:1::/64 1400 behind 2001:db8:100::/60"}
	shuts = []string{"withdraw 2001:db8:100::/60", "network6 false invalid Prefix 0"}
)

// has6 is a caller who was delegated her prefix.
func (p *place) has6(t *testing.T) (*visit, *caller) {
	t.Helper()
	delegates(p)
	v := p.call()
	c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
	time.Sleep(2 * time.Second)
	c.asks6(t, dhcpv6.MessageTypeRequest)
	equal(t, "at first", routes(v.log.take()), opens)
	return v, c
}

// loses is a line on which nothing of a protocol arrives.
func loses(lost ppp.Protocol) func(ppp.Protocol, []byte) bool {
	return func(p ppp.Protocol, _ []byte) bool { return p == lost }
}

// closes6 has the caller end IPV6CP; her machine opens it again within a minute.
func (c *caller) closes6(t *testing.T) {
	t.Helper()
	c.says(func(time.Time) {
		c.send(ppp.Append(nil, ppp.IPV6CP, cp.Packet{Code: cp.TerminateRequest, ID: 77}.Append(nil)))
	})
	time.Sleep(time.Second)
	equal(t, "while it is not open", routes(c.v.log.take()), shuts)
	if r := c.v.s.Record(); r.Delegated.IsValid() || r.Reason != record.Running {
		t.Errorf("while IPV6CP is not open: %+v", r)
	}
}

// A delegated prefix is the caller's until its time is over, however often IPV6CP or
// LCP is negotiated afresh meanwhile; while IPv6 is not open it is not routed.
func TestADelegatedPrefixStands(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		v, c := p.has6(t)
		stands := func(when string) {
			t.Helper()
			if r := v.s.Record(); r.Delegated != behindSara || p.behind6() != 1 {
				t.Errorf("%s: %+v, %d prefixes are taken", when, r, p.behind6())
			}
		}
		c.closes6(t)
		if p.behind6() != 1 {
			t.Errorf("while IPV6CP is not open %d prefixes are taken", p.behind6())
		}
		time.Sleep(time.Minute)
		equal(t, "after IPV6CP", routes(v.log.take()), opens)
		stands("after IPV6CP")

		if !v.s.Renegotiate() {
			t.Fatal("not online")
		}
		time.Sleep(5 * time.Second)
		equal(t, "after LCP", routes(v.log.take()), slices.Concat(shuts, opens))
		stands("after LCP")

		if m := c.asks6(t, dhcpv6.MessageTypeRenew); m == nil || len(m.Options.OneIAPD().Options.Prefixes()) != 1 || len(v.log.take()) != 0 {
			t.Errorf("a Renew: %v", m)
		}
		c.says(func(now time.Time) { c.link.Close(now, "good bye") })
		if r, _ := v.over(t); r.Delegated != behindSara || p.behind6() != 0 {
			t.Errorf("at the end %+v, %d prefixes are taken", r, p.behind6())
		}
		c.hangUp()
	})
}

// A lease goes on while IPV6CP is not open: it lapses when it is not renewed.
func TestADelegationLapsesWhileIPv6IsDown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		v, c := p.has6(t)
		c.says(func(time.Time) { c.loses = loses(ppp.IPV6CP) })
		c.closes6(t)
		time.Sleep(90*time.Minute - 10*time.Second)
		if p.behind6() != 1 {
			t.Errorf("before its time %d prefixes are taken", p.behind6())
		}
		time.Sleep(10 * time.Second)
		if r := v.s.Record(); r.Delegated.IsValid() || p.behind6() != 0 {
			t.Errorf("not renewed: %+v, %d prefixes are taken", r, p.behind6())
		}
		if lines := routes(v.log.take()); len(lines) != 0 {
			t.Errorf("not renewed: %q", lines)
		}
		v.cancel()
		if r, _ := v.over(t); r.Delegated.IsValid() {
			t.Errorf("at the end %+v", r)
		}
		c.hangUp()
	})
}

// What was delegated is free after a call that ends while IPV6CP is not open, and the
// record tells of it.
func TestACallEndsWhileIPv6IsDown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		v, c := p.has6(t)
		c.closes6(t)
		v.s.End(record.Operator, "enough")
		if r, _ := v.over(t); r.Delegated != behindSara || p.behind6() != 0 {
			t.Errorf("at the end %+v, %d prefixes are taken", r, p.behind6())
		}
		c.hangUp()
	})
}
