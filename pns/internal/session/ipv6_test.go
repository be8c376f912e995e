package session

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/lan"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/ipv6cp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// newPlace6 is a place that has two IPv6 networks for its callers.
func newPlace6(t *testing.T, list ...users.User) *place {
	p := newPlace(t, addresses, list...)
	r, err := pool.ParseRange(addresses)
	if err != nil {
		t.Fatal(err)
	}
	p.pool, err = pool.New([]pool.Options{{Name: pool.Default, Ranges: []pool.Range{r}},
		{Name: pool.IPv6, Ranges: []pool.Range{pool.Networks(netip.MustParsePrefix("2001:db8:1::/63"), 64)}},
		{Name: pool.Delegated, Ranges: []pool.Range{pool.Networks(netip.MustParsePrefix("2001:db8:100::/60"), 60)}}}, p.users.Fixed())
	if err != nil {
		t.Fatal(err)
	}
	p.opt = func(o *Options) { o.IPv6 = &IPv6{DNS: []netip.Addr{ip("2001:db8::53")}} }
	return p
}

// speaks6 has a caller speak IPv6.
func speaks6(c *caller) {
	c.six = ipv6cp.New(ipv6cp.Options{Local: ipv6cp.Identifier{7: 9}}, nil)
}

func without4(c *caller) { c.no4 = true }

// networks6 is how many networks are used and free.
func (p *place) networks6() (used, free int) {
	p.pool.Stats(func(name string, s pool.Stats) {
		if name == pool.IPv6 {
			used, free = s.Used+s.Reserved, s.Free
		}
	})
	return used, free
}

// advertisements are those that the caller was sent since the last call.
func (v *visit) advertisements(t *testing.T) (n int) {
	t.Helper()
	var told [][]byte
	v.data.with(func() { told, v.data.told = v.data.told, nil })
	for _, p := range told {
		h, err := lan.Parse6(p)
		if err != nil || h.Src != ip("fe80::1") || p[40] != 134 || !slices.Equal(p[72:88], ip("2001:db8:1::").AsSlice()) {
			t.Errorf("% x: %v", p, err)
		}
		n++
	}
	return n
}

// IPv6 opens beside IPv4, or without it; the network goes back at the end.
func TestACallWithIPv6(t *testing.T) {
	for _, tt := range []struct {
		what string
		with []func(*caller)
		want []string
	}{
		{"both", []func(*caller){speaks6}, []string{"link info 000a0000 00000000",
			"network6 true 2001:db8:1::/64 1400", "attach 2001:db8:1:: 1400", "network true 2.1.1.129 1400", "attach 2.1.1.129 1400"}},
		{"IPv6 alone", []func(*caller){speaks6, without4}, []string{"link info 000a0000 00000000",
			"network6 true 2001:db8:1::/64 1400", "attach 2001:db8:1:: 1400"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace6(t, saran(nil))
				v := p.call()
				c := v.dial(sara("saran", "secret", auth.MSCHAPv2), tt.with...)
				time.Sleep(2 * time.Second)
				equal(t, "the fakes", v.log.take(), tt.want)
				if r := v.s.Record(); r.Stage != record.Online || r.Prefix != netip.MustParsePrefix("2001:db8:1::/64") {
					t.Errorf("%+v", r)
				}
				if used, free := p.networks6(); used != 1 || free != 1 {
					t.Errorf("%d networks used, %d free", used, free)
				}
				if n := v.advertisements(t); n != 1 {
					t.Errorf("%d advertisements at once", n)
				}
				time.Sleep(time.Minute)
				if n := v.advertisements(t); n != 2 { // after 16 s, and after 16 s
					t.Errorf("%d advertisements in the first minute", n)
				}
				solicit := lan.AppendICMPv6(nil, 255, ip("fe80::9"), ip("ff02::2"), []byte{133, 0, 0, 0, 0, 0, 0, 0})
				c.says(func(time.Time) { c.send(ppp.Append(nil, ppp.IPv6, solicit)) })
				time.Sleep(time.Second)
				if n := v.advertisements(t); n != 1 {
					t.Errorf("%d advertisements as an answer", n)
				}
				c.says(func(now time.Time) { c.link.Close(now, "good bye") })
				if r, _ := v.over(t); r.Reason != record.CallerHungUp {
					t.Errorf("%+v", r)
				}
				if used, free := p.networks6(); used != 0 || free != 2 {
					t.Errorf("at the end %d networks are used, %d free", used, free)
				}
				if lines := v.log.take(); !slices.Contains(lines, "detach 2001:db8:1::") || !slices.Contains(lines, "network6 false invalid Prefix 0") {
					t.Errorf("at the end %q", lines)
				}
				c.hangUp()
			})
		})
	}
}

// The end of IPV6CP is not the call's, and it may open again.
func TestIPv6EndsAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
		time.Sleep(2 * time.Second)
		v.log.take()
		c.says(func(time.Time) {
			c.send(ppp.Append(nil, ppp.IPV6CP, cp.Packet{Code: cp.TerminateRequest, ID: 77}.Append(nil)))
		})
		time.Sleep(time.Second)
		equal(t, "the fakes", v.log.take(), []string{"detach 2001:db8:1::", "network6 false invalid Prefix 0"})
		if r := v.s.Record(); r.Stage != record.Online || r.Reason != record.Running {
			t.Errorf("%+v", r)
		}
		v.advertisements(t)
		time.Sleep(time.Minute) // her machine wonders about the Terminate-Ack, and asks again
		equal(t, "the fakes", v.log.take(), []string{"network6 true 2001:db8:1::/64 1400", "attach 2001:db8:1:: 1400"})
		if v.advertisements(t) == 0 {
			t.Error("nothing is advertised after IPV6CP opened again")
		}
		v.cancel()
		v.over(t)
		c.hangUp()
	})
}

// Who gets no IPv6 hears so at once, and has IPv4 all the same.
func TestWithoutIPv6(t *testing.T) {
	small := sara("saran", "secret", auth.MSCHAPv2)
	small.LCP.MRU = 1280
	bundled := sara("saran", "secret", auth.MSCHAPv2)
	bundled.LCP.Multilink.MRRU = 1200
	for _, tt := range []struct {
		what   string
		caller link.Options
		change func(*place)
		detail string // in the log; empty: nothing is
	}{
		{"not configured", sara("saran", "secret", auth.MSCHAPv2), func(p *place) { p.opt = func(*Options) {} }, ""},
		{"her link is too small", small, func(*place) {}, "packets to her have 1276 octets at most, and IPv6 needs 1280"},
		{"our end sends less", sara("saran", "secret", auth.MSCHAPv2), func(p *place) {
			opt := p.opt
			p.opt = func(o *Options) { opt(o); o.MTU, o.Link.LCP.MRU = 600, 600 }
		}, "packets to her have 600 octets at most, and IPv6 needs 1280"},
		{"her bundle is too small", bundled, func(p *place) {
			opt := p.opt
			p.opt = func(o *Options) { opt(o); o.Link.LCP.Multilink.MRRU = 1394 }
		}, "packets to her have 1196 octets at most, and IPv6 needs 1280"},
		{"no network is left", sara("saran", "secret", auth.MSCHAPv2), func(p *place) {
			for {
				if _, err := p.pool.Reserve(pool.IPv6, "somebody"); err != nil {
					return
				}
			}
		}, "no address is free"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace6(t, saran(nil))
				var log bytes.Buffer
				tt.change(p)
				opt := p.opt
				p.opt = func(o *Options) { opt(o); o.Log = slog.New(slog.NewTextHandler(&log, nil)) }
				v := p.call()
				c := v.dial(tt.caller, speaks6)
				time.Sleep(5 * time.Second)
				if r := v.s.Record(); r.Stage != record.Online || r.Prefix.IsValid() {
					t.Errorf("%+v", r)
				}
				c.says(func(time.Time) { c.send(ppp.Append(nil, ppp.IPv6, make([]byte, 40))) })
				if e := heard(t, c.hangUp(), link.NetworkOver); e.Text != "IPV6CP is rejected" {
					t.Errorf("she heard %+v", e)
				}
				v.cancel()
				v.over(t)
				want := fmt.Sprintf(`msg="no IPv6 for a caller" call=atlanta/1 user=saran detail=%q`, tt.detail)
				if n := strings.Count(log.String(), "no IPv6 for a caller"); tt.detail == "" && n > 0 || tt.detail != "" && (n != 1 || !strings.Contains(log.String(), want)) {
					t.Errorf("logged:\n%s", &log)
				}
			})
		})
	}
}

// Who speaks IPv6 alone, on a link that is too narrow for it, is not kept.
func TestIPv6AloneOnANarrowLink(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		opt := p.opt
		p.opt = func(o *Options) { opt(o); o.MTU, o.Link.LCP.MRU = 600, 600 }
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6, without4)
		time.Sleep(10 * time.Second)
		v.cancel()
		if r, _ := v.over(t); r.Reason != record.NetworkFailed || r.Text != "IPCP is rejected" || r.Stage != record.Configuring || r.Prefix.IsValid() {
			t.Errorf("%+v", r)
		}
		c.hangUp()
	})
}

// A caller's link may become too narrow for IPv6 when LCP is negotiated afresh, and wide
// enough again: each time she hears which it is.
func TestIPv6GoesByEachNegotiation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		var log bytes.Buffer
		opt := p.opt
		p.opt = func(o *Options) { opt(o); o.Log = slog.New(slog.NewTextHandler(&log, nil)) }
		v := p.call()
		network := netip.MustParsePrefix("2001:db8:1::/64")
		o := sara("saran", "secret", auth.MSCHAPv2)
		c := v.dial(o, speaks6)
		for i, mru := range []uint16{1500, 1000, 1500, 1000} {
			if o.LCP.MRU = mru; i > 0 {
				c.says(func(now time.Time) { c.start(now, o) })
			}
			time.Sleep(5 * time.Second)
			wide, lines := mru == 1500, v.log.take()
			if r := v.s.Record(); r.Stage != record.Online || r.Prefix.IsValid() != wide || wide && r.Prefix != network {
				t.Errorf("%d: %+v", mru, r)
			}
			if slices.Contains(lines, "network6 true 2001:db8:1::/64 1400") != wide {
				t.Errorf("%d: %q", mru, lines)
			}
			rejected := make(chan bool, 1)
			c.says(func(time.Time) {
				rejected <- slices.ContainsFunc(c.said, func(e link.Event) bool { return e.Kind == link.NetworkOver && e.Text == "IPV6CP is rejected" })
				c.said = nil
			})
			if <-rejected == wide {
				t.Errorf("%d: IPV6CP is rejected: %v", mru, !wide)
			}
		}
		v.cancel()
		v.over(t)
		c.hangUp()
		if n := strings.Count(log.String(), "no IPv6 for a caller"); n != 1 {
			t.Errorf("logged %d times:\n%s", n, &log)
		}
	})
}

// isRefused has saran call while she is connected already.
func (v *visit) isRefused(t *testing.T) {
	t.Helper()
	c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
	time.Sleep(20 * time.Second)
	if r := v.s.Record(); r.Reason != record.AddressInUse {
		t.Errorf("a second call: %+v", r)
	}
	v.cancel()
	v.over(t)
	c.hangUp()
}

// A network of her own serves one call.
func TestAFixedNetwork(t *testing.T) {
	bubble(t, func(t *testing.T) {
		own := netip.MustParsePrefix("2001:db8:9::/64")
		p := newPlace6(t, saran(func(u *users.User) { u.Address, u.Prefix = netip.Addr{}, own }))
		v, w := p.call(), p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6)
		time.Sleep(5 * time.Second)
		if r := v.s.Record(); r.Prefix != own {
			t.Errorf("%+v", r)
		}
		w.isRefused(t)
		v.cancel()
		v.over(t)
		c.hangUp()
	})
}

// Where encryption is required IPv6 waits for it, as IPv4 does.
func TestIPv6WaitsForEncryption(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(nil))
		opt := p.opt
		p.opt = func(o *Options) { opt(o); o.Coding = Coding{Encryption: Required, MPPE: strong} }
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6, func(c *caller) { c.can = strong })
		time.Sleep(10 * time.Second)
		lines := v.log.take()
		sealed := slices.Index(lines, "coding out true in true sealed true shut false")
		if up := slices.Index(lines, "network6 true 2001:db8:1::/64 1400"); sealed < 0 || up < sealed {
			t.Errorf("%q", lines)
		}
		v.cancel()
		v.over(t)
		c.hangUp()
	})
}

// After one network has gone the idle limit goes by the other; without any no data
// can come, and it rests.
func TestIdleAfterANetworkHasGone(t *testing.T) {
	for _, tt := range []struct {
		name     string
		with     []func(*caller)
		rejected byte // the protocol, behind 0x80
		reason   record.EndReason
		gone     string
	}{
		{"none is left", []func(*caller){speaks6, without4}, 0x57, record.Running, "detach 2001:db8:1::"},
		{"IPv6 is left", []func(*caller){speaks6}, 0x21, record.IdleTimeout, "detach 2.1.1.129"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace6(t, saran(func(u *users.User) { u.Idle = time.Minute }))
				v := p.call()
				c := v.dial(sara("saran", "secret", auth.MSCHAPv2), tt.with...)
				time.Sleep(10 * time.Second)
				c.says(func(time.Time) {
					c.send(ppp.Append(nil, ppp.LCP, cp.Packet{Code: lcp.ProtocolReject, ID: 9, Data: []byte{0x80, tt.rejected}}.Append(nil)))
				})
				time.Sleep(5 * time.Minute)
				if r := v.s.Record(); r.Reason != tt.reason || !slices.Contains(v.log.take(), tt.gone) {
					t.Errorf("%+v", r)
				}
				v.cancel()
				v.over(t)
				c.hangUp()
			})
		})
	}
}

// IPv6 alone counts for the idle limit.
func TestIdleWithIPv6Alone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newPlace6(t, saran(func(u *users.User) { u.Idle = time.Minute }))
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2), speaks6, without4)
		time.Sleep(10 * time.Second)
		v.data.with(func() { v.data.last = time.Now() })
		if r, took := v.over(t); r.Reason != record.IdleTimeout || took < time.Minute {
			t.Errorf("%+v after %v", r, took)
		}
		c.hangUp()
	})
}
