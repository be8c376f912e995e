package session

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"carrier/pns/internal/dhcp"
	"carrier/pns/internal/pool"
	"carrier/shared/record"
)

// leases tells whether the caller has her address from the LAN's DHCP server.
func (s *Session) leases() bool {
	return s.o.Leases != nil && !s.user.Address.IsValid() && s.o.Pools.FromDHCP(s.pool())
}

// ask asks that server, once; the bell rings when it has answered.
func (s *Session) ask(now time.Time) {
	if s.login.dhcp == nil {
		s.login.dhcp = s.o.Leases.Ask(s.user.Name, s.ring)
		s.answered(now)
	}
}

// answered takes what the server says: an address, that there is none, or that it
// is the caller's no more.
func (s *Session) answered(now time.Time) {
	l := &s.login
	if l.dhcp == nil || !s.running() {
		return
	}
	a, err := l.dhcp.State()
	switch {
	case err != nil && l.claim != nil:
		s.unaddressed(now, err, told(err))
	case err != nil:
		s.close(now, record.NoAddress, err.Error())
	case a.IsValid() && l.lease == nil:
		s.leased(now, a)
	}
}

// leased has the address that the server gave lead to the caller, if it can be
// hers. Where it is another's, the server hears so, and is asked for another one;
// nothing was routed until then.
func (s *Session) leased(now time.Time, a netip.Addr) {
	l := &s.login
	lease, err := s.o.Pools.Take(s.pool(), s.user.Name, a)
	if err == nil {
		if err = l.dhcp.Route(); err == nil {
			s.had(now, lease)
			return
		}
		lease.Release()
	}
	if errors.Is(err, pool.ErrInUse) || errors.Is(err, dhcp.ErrUnfit) {
		s.log(slog.LevelError, "the LAN's DHCP server gives an address that cannot be the caller's", "address", a, "error", err)
		l.dhcp.Decline()
		l.dhcp = nil
		if l.clashes++; l.clashes < maxClashes {
			s.admit(now)
			return
		}
	}
	s.unaddressed(now, err, told(err))
}

// told is what a caller reads of why there is no lease: nothing of what this host is
// like.
func told(err error) string {
	for _, known := range []error{pool.ErrInUse, dhcp.ErrUnfit, dhcp.ErrSilent, dhcp.ErrRefused, dhcp.ErrExpired} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "no address can be had now"
}
