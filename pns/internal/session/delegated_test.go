package session

import (
	"bytes"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"carrier/pns/internal/dhcp6"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

var (
	behindSara = netip.MustParsePrefix("2001:db8:100::/60")
	denver     = dhcp6.NewDUID("denver")
)

// delegates has a place delegate its prefix.
func delegates(p *place) {
	opt := p.opt
	p.opt = func(o *Options) { opt(o); o.IPv6.DUID, o.IPv6.Delegates = denver, true }
}

// asks6 has the caller ask a DHCPv6 server for a prefix, or give it back, and returns
// the answer; nil: there is none.
func (c *caller) asks6(t *testing.T, kind dhcpv6.MessageType) *dhcpv6.Message {
	t.Helper()
	m := &dhcpv6.Message{MessageType: kind}
	m.AddOption(dhcpv6.OptClientID(&dhcpv6.DUIDLL{HWType: iana.HWTypeEthernet, LinkLayerAddr: []byte{2, 0, 0, 0, 0, 9}}))
	ia := &dhcpv6.OptIAPD{IaId: [4]byte{3: 1}}
	if kind != dhcpv6.MessageTypeSolicit {
		m.AddOption(dhcpv6.OptServerID(denver))
	}
	if p := c.v.s.Record().Delegated; p.IsValid() {
		ia.Options.Add(&dhcpv6.OptIAPrefix{Prefix: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 128)}})
	}
	m.AddOption(ia)
	b := append([]byte{546 >> 8, 546 & 0xFF, 547 >> 8, 547 & 0xFF, 0, 0, 0, 0}, m.ToBytes()...)
	from, to := ip("fe80::9"), ip("ff02::1:2")
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[6:], lan.Checksum6(from, to, lan.UDP, b))
	c.says(func(time.Time) {
		c.v.data.with(func() { c.v.data.told = nil })
		c.send(ppp.Append(nil, ppp.IPv6, lan.AppendPacket6(nil, lan.UDP, 1, from, to, b)))
	})
	time.Sleep(time.Second)
	var told [][]byte
	c.v.data.with(func() { told, c.v.data.told = c.v.data.told, nil })
	for _, p := range told {
		if p[6] == lan.UDP {
			answer, err := dhcpv6.MessageFromBytes(p[48:])
			if err != nil {
				t.Fatal(err)
			}
			return answer
		}
	}
	return nil
}

// behind6 is how many prefixes are taken.
func (p *place) behind6() (taken int) {
	p.pool.Stats(func(name string, s pool.Stats) {
		if name == pool.Delegated {
			taken = s.Used + s.Reserved
		}
	})
	return taken
}

// A prefix is routed to the caller before she hears that it is hers, until she gives it
// back, does not renew it, or goes.
func TestAPrefixBehindACaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		delegates(p)
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
		time.Sleep(2 * time.Second)
		v.data.with(func() {
			if flags := v.data.told[0][45]; flags != 0x40 {
				t.Errorf("the Router Advertisement has the flags %02x, without O", flags)
			}
		})
		v.log.take()
		if m := c.asks6(t, dhcpv6.MessageTypeSolicit); m == nil || m.MessageType != dhcpv6.MessageTypeAdvertise || len(v.log.take()) != 0 || v.s.Record().Delegated.IsValid() {
			t.Errorf("a Solicit: %v, then %+v", m, v.s.Record())
		}
		up := []string{"delegate 2001:db8:100::/60 1400", "network6 true 2001:db8:1::/64 1400 behind 2001:db8:100::/60"}
		down := []string{"withdraw 2001:db8:100::/60", "network6 true 2001:db8:1::/64 1400"}
		request := func() {
			t.Helper()
			if m := c.asks6(t, dhcpv6.MessageTypeRequest); m == nil || m.MessageType != dhcpv6.MessageTypeReply {
				t.Errorf("a Request: %v", m)
			}
			equal(t, "the fakes", v.log.take(), up)
			if r := v.s.Record(); r.Delegated != behindSara || p.behind6() != 1 {
				t.Errorf("%+v, %d prefixes are taken", r, p.behind6())
			}
		}
		free := func(what string) {
			t.Helper()
			equal(t, "the fakes", v.log.take(), down)
			if r := v.s.Record(); r.Delegated.IsValid() || p.behind6() != 0 {
				t.Errorf("%s: %+v, %d prefixes are taken", what, r, p.behind6())
			}
		}
		request()
		if m := c.asks6(t, dhcpv6.MessageTypeRelease); m == nil || m.Options.Status() == nil {
			t.Errorf("a Release: %v", m)
		}
		free("released")
		request()
		time.Sleep(45 * time.Minute)
		if m := c.asks6(t, dhcpv6.MessageTypeRenew); m == nil || len(v.log.take()) != 0 {
			t.Errorf("a Renew: %v", m)
		}
		time.Sleep(90*time.Minute - 2*time.Second)
		if r := v.s.Record(); r.Delegated != behindSara {
			t.Errorf("before the time: %+v", r)
		}
		time.Sleep(2 * time.Second)
		free("not renewed")
		request()
		c.says(func(now time.Time) { c.link.Close(now, "good bye") })
		v.over(t)
		if lines := v.log.take(); !slices.Contains(lines, "withdraw 2001:db8:100::/60") || p.behind6() != 0 {
			t.Errorf("at the end %q, %d prefixes are taken", lines, p.behind6())
		}
		if r := v.s.Record(); r.Delegated != behindSara { // what there was
			t.Errorf("remembered %+v", r)
		}
		c.hangUp()
	})
}

// Who can have no prefix hears so; the log says it once, however often she asks.
func TestNoPrefixIsLeft(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		delegates(p)
		if _, err := p.pool.Reserve(pool.Delegated, "somebody"); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		opt := p.opt
		p.opt = func(o *Options) { opt(o); o.Log = slog.New(slog.NewTextHandler(&log, nil)) }
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
		time.Sleep(2 * time.Second)
		for range 3 {
			m := c.asks6(t, dhcpv6.MessageTypeRequest)
			if m == nil || m.Options.OneIAPD().Options.Status().StatusCode != iana.StatusNoPrefixAvail {
				t.Errorf("%v", m)
			}
		}
		v.cancel()
		v.over(t)
		c.hangUp()
		if n := strings.Count(log.String(), `msg="no prefix for the networks behind a caller" call=atlanta/1 user=saran detail="no address is free"`); n != 1 {
			t.Errorf("logged %d times:\n%s", n, &log)
		}
	})
}

// Without a pool there are prefixes for nobody but those who have one of their own.
func TestWithoutDelegation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		opt := p.opt
		p.opt = func(o *Options) { opt(o); o.IPv6.DUID, o.IPv6.DNS = denver, nil }
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
		time.Sleep(2 * time.Second)
		v.data.with(func() {
			if flags := v.data.told[0][45]; flags != 0 {
				t.Errorf("the Router Advertisement has the flags %02x, and DHCPv6 has nothing to tell", flags)
			}
		})
		if m := c.asks6(t, dhcpv6.MessageTypeRequest); m == nil || m.Options.OneIAPD().Options.Status().StatusCode != iana.StatusNoPrefixAvail || p.behind6() != 0 {
			t.Errorf("%v", m)
		}
		v.cancel()
		v.over(t)
		c.hangUp()
	})
}

// A prefix of her own needs no pool, and serves one call.
func TestAFixedPrefixBehindACaller(t *testing.T) {
	bubble(t, func(t *testing.T) {
		own := netip.MustParsePrefix("2001:db8:9::/48")
		p := newPlace6(t, saran(func(u *users.User) { u.Address, u.Delegated = netip.Addr{}, own }))
		opt := p.opt
		p.opt = func(o *Options) { opt(o); o.IPv6.DUID = denver }
		v, w := p.call(), p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
		time.Sleep(2 * time.Second)
		c.asks6(t, dhcpv6.MessageTypeRequest)
		if r := v.s.Record(); r.Delegated != own {
			t.Errorf("%+v", r)
		}
		w.isRefused(t)
		v.cancel()
		v.over(t)
		c.hangUp()
	})
}

// What the LAN does not take ends the call, and she is not told that it is hers.
func TestAPrefixThatCannotBeRouted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		delegates(p)
		p.behindErr = errors.New("no way")
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
		time.Sleep(2 * time.Second)
		if m := c.asks6(t, dhcpv6.MessageTypeRequest); m != nil {
			t.Errorf("answered %v", m)
		}
		if r, _ := v.over(t); r.Reason != record.NetworkFailed || r.Text != "no way" || p.behind6() != 0 {
			t.Errorf("%+v, %d prefixes are taken", r, p.behind6())
		}
		c.hangUp()
	})
}
