package session

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"carrier/pns/internal/dhcp"
	"carrier/pns/internal/lease"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// A fakeServer is the LAN's DHCP server, with one address; it answers after half a
// second as long as it is asked not to be silent, and nak has it take the address
// back. Of those that it has beside, it gives the next after a DHCPDECLINE.
type fakeServer struct {
	leases      *lease.Leases
	silent, nak atomic.Bool
	gives       netip.Addr
	beside      []netip.Addr
	host, unfit error // of Host, and of a route to 2.1.1.150
	log         *log
	place       *place
}

func (f *fakeServer) Host() ([6]byte, error) { return [6]byte{2}, f.host }

// Unroute comes before another call may have the address.
func (f *fakeServer) Unroute(a netip.Addr) {
	f.log.add("unroute %v", a)
	if l, err := f.place.pool.Take(pool.Default, "somebody", a); err == nil {
		f.log.add("too late")
		l.Release()
	}
}

func (f *fakeServer) Route(a netip.Addr) error {
	if f.unfit != nil && a == ip("2.1.1.150") {
		return f.unfit
	}
	f.log.add("route %v", a)
	return nil
}

func (f *fakeServer) Send(m dhcp.Message) error {
	q, err := dhcpv4.FromBytes(m.Payload)
	if err != nil {
		return err
	}
	f.log.add("%v", q.MessageType())
	if q.MessageType() == dhcpv4.MessageTypeDecline && len(f.beside) > 0 {
		f.gives, f.beside = f.beside[0], f.beside[1:]
	}
	answer := dhcpv4.MessageTypeAck
	switch {
	case f.silent.Load(), q.MessageType() == dhcpv4.MessageTypeRelease, q.MessageType() == dhcpv4.MessageTypeDecline:
		return nil
	case q.MessageType() == dhcpv4.MessageTypeDiscover:
		answer = dhcpv4.MessageTypeOffer
	case f.nak.Load():
		answer = dhcpv4.MessageTypeNak
	}
	payload := (&dhcpv4.DHCPv4{OpCode: dhcpv4.OpcodeBootReply, TransactionID: q.TransactionID, YourIPAddr: f.gives.AsSlice(),
		Options: dhcpv4.OptionsFromList(dhcpv4.OptMessageType(answer), dhcpv4.OptServerIdentifier([]byte{2, 1, 1, 10}),
			dhcpv4.OptIPAddressLeaseTime(time.Hour))}).ToBytes()
	time.AfterFunc(500*time.Millisecond, func() { f.leases.Receive(payload, [6]byte{9}) })
	return nil
}

// leasing is a place whose callers have their addresses from a server.
func leasing(t *testing.T) (*place, *fakeServer) {
	p := newPlace(t, addresses, saran(func(u *users.User) { u.Address = netip.Addr{} }))
	var err error
	if p.pool, err = pool.New([]pool.Options{{Name: pool.Default, DHCP: true}}, nil); err != nil {
		t.Fatal(err)
	}
	f := &fakeServer{gives: ip("2.1.1.150"), log: &log{}, place: p}
	f.leases = lease.New(f, "denver")
	p.opt = func(o *Options) { o.Leases = f.leases }
	return p, f
}

// The address is leased before Success, renewed while she is there, and given back.
func TestLeasedAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, f := leasing(t)
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if got := p.auths(); len(got) != 0 {
			t.Errorf("she is told %q before there is an address", got)
		}
		time.Sleep(2 * time.Second)
		if r := v.s.Record(); r.Stage != record.Online || r.Address != ip("2.1.1.150") {
			t.Errorf("%+v", r)
		}
		if s, _ := p.addresses(); s != (pool.Stats{Used: 1, DHCP: true}) {
			t.Errorf("%+v", s)
		}
		time.Sleep(45 * time.Minute)
		c.says(func(now time.Time) { c.link.Close(now, "good bye") })
		if r, _ := v.over(t); r.Reason != record.CallerHungUp {
			t.Errorf("%+v", r)
		}
		c.hangUp()
		equal(t, "the server", f.log.take(), []string{"DISCOVER", "REQUEST", "route 2.1.1.150", "REQUEST", "RELEASE", "unroute 2.1.1.150"})
		if s, _ := p.addresses(); s != (pool.Stats{DHCP: true}) {
			t.Errorf("at the end %+v", s)
		}
	})
}

// A server that is silent, an address that another call has, and a lease that is
// lost: the caller is told why.
func TestNoLeasedAddress(t *testing.T) {
	for _, tt := range []struct {
		what   string
		silent bool
		taken  bool
		nak    bool
		reason record.EndReason
		text   string
		auths  []string
		after  time.Duration
		routes []string
	}{
		{"silent", true, false, false, record.NoAddress, dhcp.ErrSilent.Error(), []string{"mschap-v2 no-address 1"}, 9 * time.Second, nil},
		{"taken", false, true, false, record.AddressInUse, pool.ErrInUse.Error(), []string{"mschap-v2 in-use 1"}, 4 * time.Second, nil},
		{"lost", false, false, true, record.NoAddress, dhcp.ErrRefused.Error(), []string{"mschap-v2 accepted 1"}, 30 * time.Minute,
			[]string{"route 2.1.1.150", "unroute 2.1.1.150"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p, f := leasing(t)
				f.silent.Store(tt.silent)
				if tt.taken {
					if _, err := p.pool.Take(pool.Default, "somebody", ip("2.1.1.150")); err != nil {
						t.Fatal(err)
					}
				}
				v := p.call()
				c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
				if tt.nak {
					time.Sleep(time.Minute)
					synctest.Wait()
					f.nak.Store(true)
				}
				r, _ := v.over(t)
				if took := r.Ended.Sub(r.Started); r.Reason != tt.reason || r.Text != tt.text || took < tt.after || took > tt.after+10*time.Second {
					t.Errorf("after %v: %+v", took, r)
				}
				c.hangUp()
				equal(t, "authentications", p.auths(), tt.auths)
				routes := slices.DeleteFunc(f.log.take(), func(s string) bool { return !strings.Contains(s, "route") })
				equal(t, "routes", routes, tt.routes)
			})
		})
	}
}

// What another call has, or a user alone may have, or no caller, is none's: the
// server hears so and is asked for another one, and no route is touched.
func TestLeaseThatCannotBeHers(t *testing.T) {
	for _, what := range []string{"another call's", "a user's own", "in a pool", "no caller's"} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p, f := leasing(t)
				f.beside = []netip.Addr{ip("2.1.1.151")}
				a := ip("2.1.1.150")
				pools := []pool.Options{{Name: pool.Default, DHCP: true}}
				var err error
				switch what {
				case "another call's":
					_, err = p.pool.Take(pool.Default, "bob", a)
				case "a user's own":
					p.pool, err = pool.New(pools, []netip.Prefix{netip.PrefixFrom(a, 32)})
				case "in a pool":
					p.pool, err = pool.New(append(pools, pool.Options{Name: "sales", Ranges: []pool.Range{{First: a, Last: a}}}), nil)
				case "no caller's":
					f.unfit = fmt.Errorf("%w: it is this host's own", dhcp.ErrUnfit)
				}
				if err != nil {
					t.Fatal(err)
				}
				v := p.call()
				c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if r := v.s.Record(); r.Stage != record.Online || r.Address != ip("2.1.1.151") {
					t.Errorf("%+v", r)
				}
				c.says(func(now time.Time) { c.link.Close(now, "good bye") })
				v.over(t)
				c.hangUp()
				equal(t, "the server", f.log.take(), []string{"DISCOVER", "REQUEST", "DECLINE",
					"DISCOVER", "REQUEST", "route 2.1.1.151", "RELEASE", "unroute 2.1.1.151"})
			})
		})
	}
}

// Of what this host cannot do the caller reads no word of the kernel's; and where the
// server has nothing but what cannot be hers, it is asked for no more than so many.
func TestWhatIsToldOfNoLease(t *testing.T) {
	internal := errors.New("interface carrier0: network is down")
	unfit := fmt.Errorf("%w: 2.1.1.150 is this host's own address on eth0", dhcp.ErrUnfit)
	for _, tt := range []struct {
		what        string
		host, route error
		told        string
		server      []string
	}{
		{"no interface", internal, nil, "no address can be had now", nil},
		{"no route", nil, internal, "no address can be had now", []string{"DISCOVER", "REQUEST", "RELEASE"}},
		{"unfit", nil, unfit, dhcp.ErrUnfit.Error(), slices.Repeat([]string{"DISCOVER", "REQUEST", "DECLINE"}, maxClashes)},
	} {
		t.Run(tt.what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p, f := leasing(t)
				f.host, f.unfit = tt.host, tt.route
				v := p.call()
				c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
				if r, _ := v.over(t); r.Reason != record.NoAddress || r.Text != cmp.Or(tt.host, tt.route).Error() {
					t.Errorf("%+v", r)
				}
				if e := heard(t, c.hangUp(), link.LoginRefused); e.Text != tt.told {
					t.Errorf("told %q, want %q", e.Text, tt.told)
				}
				equal(t, "authentications", p.auths(), []string{"mschap-v2 no-address 1"})
				equal(t, "the server", f.log.take(), tt.server)
				if s, _ := p.addresses(); s != (pool.Stats{DHCP: true}) {
					t.Errorf("at the end %+v", s)
				}
			})
		})
	}
}

// A caller who is gone while the server is asked leaves nothing behind; and of an
// address that a host has, the server hears.
func TestLeaseIsGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, f := leasing(t)
		f.silent.Store(true)
		v := p.call()
		c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
		time.Sleep(3 * time.Second)
		v.s.End(record.Operator, "enough")
		v.over(t)
		c.hangUp()
		time.Sleep(time.Minute)
		equal(t, "the server", f.log.take(), []string{"DISCOVER", "DISCOVER"})

		f.silent.Store(false)
		asked := &log{}
		p.opt = func(o *Options) {
			o.Leases, o.Prober = f.leases, fakeProber{map[netip.Addr]string{ip("2.1.1.150"): "02:00:00:00:00:09"}, asked}
		}
		v = p.call()
		c = v.dial(sara("saran", "secret", auth.MSCHAPv2))
		if r, _ := v.over(t); r.Reason != record.AddressInUse {
			t.Errorf("%+v", r)
		}
		c.hangUp()
		one := []string{"DISCOVER", "REQUEST", "route 2.1.1.150", "DECLINE", "unroute 2.1.1.150"}
		equal(t, "the server", f.log.take(), slices.Repeat(one, maxClashes))
		if s, _ := p.addresses(); s != (pool.Stats{DHCP: true}) {
			t.Errorf("at the end %+v", s)
		}
	})
}
