package session

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"carrier/pns/internal/dhcp6"
	"carrier/pns/internal/flow"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/ndp"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/ppp"
	"carrier/shared/ppp/ipv6cp"
	"carrier/shared/record"
)

// IPv6 is what callers get of it.
type IPv6 struct {
	DNS    []netip.Addr // ndp.MaxDNS at most
	Search []string     // domains, dhcp6.MaxSearch octets at most
	DUID   dhcpv6.DUID  // the server's
	// Delegates: there are prefixes for the networks behind callers, beside users' own.
	Delegates bool
}

// tells reports whether DHCPv6 has something for a user.
func (x *IPv6) tells(u *users.User) bool {
	return x.Delegates || u.Delegated.IsValid() || len(x.DNS) > 0 || len(x.Search) > 0
}

// A six is IPv6's part of a session.
type six struct {
	lease  *pool.Lease    // of her network; nil: there is none
	narrow bool           // that her link is too narrow has been said
	cp     *ipv6cp.IPV6CP // nil: not offered
	router *ndp.Router    // while IPV6CP is open
	detach func()         // likewise
	server *dhcp6.Server  // since IPV6CP was open first, so that what it gave her stands
	behind *behind        // nil: she has asked for nothing
}

// routers is what our end of each link is called: fe80::1, unless she is.
var routers = ipv6cp.Identifier{7: 1}

// reserve6 takes a network for the caller. Where none is left she does without.
func (s *Session) reserve6() {
	if s.o.IPv6 == nil || s.six.lease != nil {
		return
	}
	var err error
	if p := s.user.Prefix; p.IsValid() {
		s.six.lease, err = s.o.Pools.ReserveFixed(p.Addr())
	} else {
		s.six.lease, err = s.o.Pools.Reserve(pool.IPv6, s.user.Name)
	}
	if err != nil {
		s.log(slog.LevelWarn, "no IPv6 for a caller", "user", s.user.Name, "detail", err)
	}
}

// offer6 has IPV6CP negotiated, by add, where her link carries what each link of
// IPv6 must, however it is coded. That may change with each negotiation of LCP.
func (s *Session) offer6(now time.Time, add offering) {
	x := s.six
	if x.lease == nil {
		return
	}
	if room := s.room(true); room < lan.MinMTU6 {
		s.forgo6(now, room)
		return
	}
	if x.cp != nil {
		return
	}
	s.note(func(r *record.Call) { r.Prefix = lan.Network6(x.lease.Addr()) })
	x.cp = ipv6cp.New(ipv6cp.Options{Local: routers}, nil)
	add(now, ppp.IPV6CP, x.cp)
}

// forgo6 has IPV6CP rejected on a link that has room for so many octets of a packet
// only, though it may have been offered before.
func (s *Session) forgo6(now time.Time, room int) {
	x := s.six
	if !x.narrow {
		x.narrow = true
		s.log(slog.LevelWarn, "no IPv6 for a caller", "user", s.user.Name,
			"detail", fmt.Sprintf("packets to her have %d octets at most, and IPv6 needs %d", room, lan.MinMTU6))
	}
	s.link.Drop(now, ppp.IPV6CP)
	x.cp = nil
	s.note(func(r *record.Call) { r.Prefix = netip.Prefix{} })
}

// networkUp6 lets IPv6 through, and begins to advertise the caller's network.
func (s *Session) networkUp6(now time.Time) {
	x := s.six
	mtu, agreed := s.mtu(), x.cp.Agreed()
	if x.lease == nil || x.detach != nil || !s.running() || agreed.Local.IsZero() {
		return
	}
	network := lan.Network6(x.lease.Addr())
	s.open6(mtu)
	detach, err := s.attach(network.Addr(), of6(s.user.Routes), mtu)
	if err != nil {
		s.data.SetNetwork6(flow.Network6{})
		s.close(now, record.NetworkFailed, err.Error())
		return
	}
	x.detach = detach
	x.lease.Commit()
	o, local := s.o.IPv6, agreed.Local.LinkLocal()
	x.router = ndp.New(ndp.Options{Local: local, Prefix: network, MTU: mtu, DNS: o.DNS, Other: o.tells(&s.user)}, now)
	if x.server == nil {
		x.server = dhcp6.New(dhcp6.Options{DUID: o.DUID, DNS: o.DNS, Search: o.Search, Offer: s.prefix})
	}
	x.server.Move(local)
	s.online(now, "prefix", network, mtu)
	s.route(now)
}

// open6 lets through what is hers.
func (s *Session) open6(mtu int) {
	s.data.SetNetwork6(flow.Network6{Open: true, Prefix: lan.Network6(s.six.lease.Addr()), Delegated: s.six.behind.routed(), Behind: of6(s.user.Routes),
		MRU: mtu, Compression: s.form()})
}

// offline6 takes the caller's network off the LAN, and what is behind her. Both are
// hers until the call ends.
func (s *Session) offline6() {
	x := s.six
	if x.detach == nil {
		return
	}
	s.withdraw()
	x.detach()
	x.detach, x.router = nil, nil
	s.data.SetNetwork6(flow.Network6{})
	s.rest()
}

// hear takes what the caller says to the router. While IPV6CP is not open that is
// too early or too late; where it was never offered the link rejects it.
func (s *Session) hear(now time.Time, packet []byte) {
	r := s.six.router
	if r == nil {
		return
	}
	if dhcp6.Concerns(packet) {
		s.serve(now, packet)
		return
	}
	answer, _ := r.Receive(now, packet) // what is to be ignored is ignored in silence
	s.tell(answer)
}

// advertise sends what the router has to say.
func (s *Session) advertise(now time.Time) {
	if r := s.six.router; r != nil {
		s.tell(r.Expire(now))
	}
}

// tell sends a packet the way of data, which may be encrypted.
func (s *Session) tell(packet []byte) {
	if packet != nil {
		s.data.Deliver([][]byte{packet})
	}
}
