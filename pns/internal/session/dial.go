package session

import (
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"carrier/pns/internal/flow"
	"carrier/pns/internal/lan"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/ipv6cp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/vj"
	"carrier/shared/record"
)

// A Dial is what differs in a call that we opened, to somebody who serves callers: we
// log in, are given an address, and what is behind the other end is sent there.
type Dial struct {
	Routes []netip.Prefix // the networks behind the server; of IPv6 too. One of length 0 is what is nobody else's
	Others []netip.Prefix // what is not behind the server, whatever Routes say: somebody else's
	// Own has this host have the address that the server gives, until release; nil: it
	// does not get it.
	Own func(netip.Addr) (release func(), err error)
	// Proof is the name and the password that the server must log in with at us, as
	// Link.Ask demands; zero: nothing is demanded.
	Proof auth.Login
}

// entered goes on once both ends trust each other. A server that asks for no password
// has not shown that it knows ours.
func (s *Session) entered(now time.Time) {
	if s.link.Phase() != link.Network || !s.running() {
		return
	}
	if len(s.link.LCP().Theirs.Auth) == 0 && len(s.o.Link.Ask) == 0 {
		s.close(now, record.AuthFailed, "the server asks for no password, so that nothing tells who it is")
		return
	}
	if !s.offerCoding(now) {
		return
	}
	var add offering = s.link.Network
	if s.o.Coding.Encryption == Required {
		add = s.link.Hold
	}
	if m := s.link.Method(); m != 0 {
		s.note(func(r *record.Call) { r.Method = m.String() })
	}
	if s.ip == nil {
		s.log(slog.LevelInfo, "logged in", "user", s.record.User)
		s.ip = ipcp.New(ipcp.Options{AskAddress: true, VJ: s.o.VJ})
		add(now, ppp.IPCP, s.ip)
	}
	if s.six.cp == nil && len(of6(s.o.Dial.Routes)) > 0 && s.room(true) >= lan.MinMTU6 {
		s.six.cp = ipv6cp.New(ipv6cp.Options{AskLocal: true}, nil)
		add(now, ppp.IPV6CP, s.six.cp)
	}
	s.introduce()
	s.stage(record.Configuring)
	s.wanting = now.Add(networkTime)
}

// proven judges what the server says of itself.
func (s *Session) proven(now time.Time, c *auth.Claim) {
	p, v := &s.o.Dial.Proof, c.Check(s.o.Dial.Proof.Secret)
	if v.OK && c.Name == p.Name {
		s.link.Answer(now, v)
		return
	}
	const text = "wrong user name or password"
	s.because(record.AuthFailed, "the server does not prove to be "+p.Name)
	s.log(slog.LevelWarn, "the server could not prove who it is", "claims", record.Shown(c.Name), "method", c.Method)
	s.link.Answer(now, auth.Refuse(c, text))
}

// dialled4 lets IPv4 through to a server and back.
func (s *Session) dialled4(now time.Time) {
	if s.detach != nil || !s.running() {
		return
	}
	mtu, agreed, routes := s.mtu(), s.ip.Agreed(), of4(s.o.Dial.Routes)
	if s.plainTCP {
		agreed.SendVJ = vj.Slots{}
	}
	err := s.data.SetNetwork(flow.Network{Open: true, Remote: agreed.Remote, Behind: routes, Others: of4(s.o.Dial.Others), MRU: mtu,
		SendVJ: agreed.SendVJ, ReceiveVJ: agreed.ReceiveVJ, Compression: s.form()})
	if err != nil {
		s.close(now, record.NetworkFailed, err.Error())
		return
	}
	detach, err := s.lead(routes, mtu)
	if err != nil {
		s.shut()
		s.close(now, record.NetworkFailed, err.Error())
		return
	}
	release := s.own(agreed.Local, routes)
	s.detach = func() {
		release()
		detach()
	}
	s.note(func(r *record.Call) { r.Address = agreed.Local })
	s.online(now, "address", agreed.Local, mtu)
}

// own has this host have the address that the server gave, if that speaks for it: it is
// among what is routed there. What comes for it would go back there for ever otherwise.
func (s *Session) own(a netip.Addr, routes []netip.Prefix) (release func()) {
	nothing := func() {}
	if s.o.Dial.Own == nil || !slices.ContainsFunc(routes, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return nothing
	}
	release, err := s.o.Dial.Own(a)
	if err != nil {
		s.log(slog.LevelWarn, "this host does not get the address that the server gave", "address", a, "error", err)
		return nothing
	}
	return release
}

// dialled6 lets IPv6 through to a server and back. What the two say to each other on
// the link is nobody's.
func (s *Session) dialled6(now time.Time) {
	if s.six.detach != nil || !s.running() {
		return
	}
	mtu, routes := s.mtu(), of6(s.o.Dial.Routes)
	s.data.SetNetwork6(flow.Network6{Open: true, Behind: routes, Others: of6(s.o.Dial.Others), MRU: mtu, Compression: s.form()})
	detach, err := s.lead(routes, mtu)
	if err != nil {
		s.data.SetNetwork6(flow.Network6{})
		s.close(now, record.NetworkFailed, err.Error())
		return
	}
	s.six.detach = detach
	s.online(now, "link", s.six.cp.Agreed().Local.LinkLocal(), mtu)
}
