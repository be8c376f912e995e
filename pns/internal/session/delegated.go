package session

import (
	"log/slog"
	"net/netip"
	"time"

	"carrier/pns/internal/pool"
	"carrier/shared/record"
)

// behind is what is behind the caller: the networks of a prefix that DHCPv6 delegates
// to her.
type behind struct {
	lease  *pool.Lease  // of her prefix, once she asked for it
	given  netip.Prefix // to her; invalid: nothing
	detach func()       // nil: it is not routed, as while IPV6CP is not open
	told   bool         // that there is none for her
}

// prefix is what the caller was given; invalid: nothing.
func (b *behind) prefix() netip.Prefix {
	if b == nil {
		return netip.Prefix{}
	}
	return b.given
}

// routed is what of it is routed to her.
func (b *behind) routed() netip.Prefix {
	if b == nil || b.detach == nil {
		return netip.Prefix{}
	}
	return b.given
}

// prefix is the prefix that the caller can have; invalid: none.
func (s *Session) prefix() netip.Prefix {
	if s.six.behind == nil {
		s.six.behind = new(behind)
	}
	b := s.six.behind
	if b.lease != nil {
		return b.lease.Network()
	}
	var err error
	switch own := s.user.Delegated; {
	case own.IsValid():
		b.lease, err = s.o.Pools.ReserveFixed(own.Addr())
	case s.o.IPv6.Delegates:
		b.lease, err = s.o.Pools.Reserve(pool.Delegated, s.user.Name)
	default:
		return netip.Prefix{}
	}
	if err != nil {
		if !b.told { // she asks again and again
			b.told = true
			s.log(slog.LevelWarn, "no prefix for the networks behind a caller", "user", s.user.Name, "detail", err)
		}
		return netip.Prefix{}
	}
	return b.lease.Network()
}

// serve takes what the caller asks of the DHCPv6 server. What it gave her is routed
// before she hears so.
func (s *Session) serve(now time.Time, packet []byte) {
	answer, _ := s.six.server.Receive(now, packet) // as with the router
	if s.delegate(now) {
		s.tell(answer)
	}
}

// lapse takes back a prefix that was not renewed.
func (s *Session) lapse(now time.Time) {
	if x := s.six.server; x != nil {
		x.Expire(now)
		s.delegate(now)
	}
}

// delegate has routed to the caller what the server has given her; false: that cannot
// be.
func (s *Session) delegate(now time.Time) bool {
	b, p := s.six.behind, s.six.server.Delegated()
	switch {
	case !s.running():
		return false
	case p == b.prefix():
		return true
	case !p.IsValid():
		s.log(slog.LevelInfo, "the prefix behind the caller is given back", "prefix", b.given)
		s.withdraw()
		b.given = p
		s.undelegate()
		if s.six.detach != nil {
			s.open6(s.mtu())
		}
		return true
	}
	b.given = p
	return s.route(now)
}

// route sends the caller what is for her networks, while IPV6CP is open; false: that
// cannot be.
func (s *Session) route(now time.Time) bool {
	b := s.six.behind
	p := b.prefix()
	if !p.IsValid() {
		return true
	}
	detach, err := s.o.Delegator.Delegate(p, s.mtu(), s.data)
	if err != nil {
		s.close(now, record.NetworkFailed, err.Error())
		return false
	}
	b.detach = detach
	b.lease.Commit()
	s.open6(s.mtu())
	s.note(func(r *record.Call) { r.Delegated = p })
	s.log(slog.LevelInfo, "a prefix is delegated to the caller", "user", s.user.Name, "prefix", p)
	return true
}

// withdraw takes what is behind the caller off the LAN. It stays hers.
func (s *Session) withdraw() {
	b := s.six.behind
	if b == nil || b.detach == nil {
		return
	}
	b.detach()
	b.detach = nil
	s.note(func(r *record.Call) { r.Delegated = netip.Prefix{} })
}

// undelegate gives the caller's prefix back.
func (s *Session) undelegate() {
	if b := s.six.behind; b != nil && b.lease != nil {
		b.lease.Release()
		b.lease = nil
	}
}

// leave6 gives back what is IPv6's at the end of a call. Its record tells what was
// hers until then.
func (s *Session) leave6() {
	x := s.six
	if x.lease != nil {
		x.lease.Release()
		x.lease = nil
	}
	if p := x.behind.prefix(); p.IsValid() {
		s.note(func(r *record.Call) { r.Delegated = p })
	}
	s.undelegate()
	x.server, x.behind = nil, nil
}
