package session

import (
	"net/netip"
	"slices"
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
	"carrier/shared/record"
)

// A fakeServer is the LAN's DHCP server, with one address; it answers after half a
// second as long as it is asked not to be silent, and nak has it take the address
// back.
type fakeServer struct {
	leases      *lease.Leases
	silent, nak atomic.Bool
	log         *log
}

func (f *fakeServer) Host() ([6]byte, error)   { return [6]byte{2}, nil }
func (f *fakeServer) Route(a netip.Addr) error { f.log.add("route %v", a); return nil }
func (f *fakeServer) Unroute(a netip.Addr)     { f.log.add("unroute %v", a) }

func (f *fakeServer) Send(m dhcp.Message) error {
	q, err := dhcpv4.FromBytes(m.Payload)
	if err != nil {
		return err
	}
	f.log.add("%v", q.MessageType())
	answer := dhcpv4.MessageTypeAck
	switch {
	case f.silent.Load(), q.MessageType() == dhcpv4.MessageTypeRelease, q.MessageType() == dhcpv4.MessageTypeDecline:
		return nil
	case q.MessageType() == dhcpv4.MessageTypeDiscover:
		answer = dhcpv4.MessageTypeOffer
	case f.nak.Load():
		answer = dhcpv4.MessageTypeNak
	}
	payload := (&dhcpv4.DHCPv4{OpCode: dhcpv4.OpcodeBootReply, TransactionID: q.TransactionID, YourIPAddr: []byte{2, 1, 1, 150},
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
	f := &fakeServer{log: &log{}}
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
	}{
		{"silent", true, false, false, record.NoAddress, dhcp.ErrSilent.Error(), []string{"mschap-v2 no-address 1"}, 9 * time.Second},
		{"taken", false, true, false, record.AddressInUse, pool.ErrInUse.Error(), []string{"mschap-v2 in-use 1"}, time.Second},
		{"lost", false, false, true, record.NoAddress, dhcp.ErrRefused.Error(), []string{"mschap-v2 accepted 1"}, 30 * time.Minute},
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
				routes := slices.DeleteFunc(f.log.take(), func(s string) bool { return len(s) < 9 || s[:2] == "DI" })
				if len(routes)%2 != 0 {
					t.Errorf("routes: %q", routes)
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
