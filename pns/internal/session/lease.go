package session

import (
	"time"

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
		s.refuse(now, l.claim, NoAddress, record.NoAddress, err.Error(), err.Error())
	case err != nil:
		s.close(now, record.NoAddress, err.Error())
	case a.IsValid() && l.lease == nil:
		s.reserved(now, func() (*pool.Lease, error) { return s.o.Pools.Take(s.pool(), s.user.Name, a) })
	}
}
