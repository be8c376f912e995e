package ras

import (
	"time"

	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// use is the settings that hold, and what they are to new sessions.
type use struct {
	Settings
	commons map[int]*session.Common // of the calls of PACs, by their MRU
	clients *session.Common         // of those of clients
}

// apply lets settings hold from now on.
func (r *RAS) apply(s Settings) {
	r.o.Guard.Use(s.Lockout)
	common := session.Common{Settings: s.Settings,
		LAN: r.o.LAN, Users: r, Pools: r.o.Pools, Leases: r.o.Leases, Prober: r.o.Prober, Delegator: r.o.Delegator, Online: r.online, Guard: r.o.Guard, MTU: r.o.MTU,
		Stats: r.o.Sessions, Namer: r.o.Hub, Log: r.o.Log}
	u := &use{Settings: s, commons: map[int]*session.Common{0: &common}}
	for _, p := range s.PACs {
		if u.commons[p.MRU] == nil {
			u.commons[p.MRU] = limited(common, p.MRU)
		}
	}
	clients := limited(common, s.Clients.MRU)
	clients.Link.LCP.CallsBack = false // there is no telephone that would ring
	clients.Link.Ask, clients.Coding, clients.VJ = s.Clients.Ask, s.Clients.Coding, s.Clients.VJ
	u.clients = clients
	r.use.Store(u)
}

// limited is common with an MRU; 0 is the one that it has.
func limited(common session.Common, mru int) *session.Common {
	if mru > 0 {
		common.Link.LCP.MRU, common.MTU = uint16(mru), mru
		if m := &common.Link.LCP.Multilink; m.MRRU > 0 {
			m.MRRU = min(m.MRRU, uint16(mru-session.MultilinkHeader))
		}
	}
	return &common
}

// Treatment is how the peer of a control connection is to be treated; false: it
// would not be admitted now.
func (r *RAS) Treatment(c *peer.Conn) (peer.Remote, bool) {
	remote, err := r.Admit(c.PeerAddr())
	return remote, err == nil
}

// Use has calls follow other settings from now on. Those that run go on, but
// for two kinds: those of users who are there no more, or may log in no more, end
// at once, and those of PACs and clients that may bring calls no more when Drain
// is over, if there is one, unless they may again by then. Of several such limits the one that is over first
// counts. Their callers are told.
func (r *RAS) Use(s Settings) {
	r.apply(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	limit, limited := time.Now().Add(s.Drain), false
	for _, one := range r.running {
		if who := one.Account(); who != "" && !s.Users.Has(who) {
			one.End(record.Drained, "the user "+who+" may log in no more")
		}
		switch {
		case !r.strange(one.from):
			one.until = time.Time{}
		case s.Drains && (one.until.IsZero() || limit.Before(one.until)):
			one.until, limited = limit, true
		}
	}
	if limited {
		time.AfterFunc(s.Drain, r.retire)
	}
}

// retire ends the calls whose time is over.
func (r *RAS) retire() {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.running {
		if !one.until.IsZero() && !now.Before(one.until) {
			one.End(record.Drained, "the access server that you called is served no more")
		}
	}
}

// Strange reports whether a control connection would not be admitted now.
func (r *RAS) Strange(c *peer.Conn) bool { return r.strange(c) }

func (r *RAS) strange(c origin) bool {
	remote, err := r.Admit(c.PeerAddr())
	return err != nil || remote.Name != c.Remote().Name
}

// dismiss stops a control connection that has no calls and would not be
// admitted now; mu is held.
func (r *RAS) dismiss(c *peer.Conn) {
	if c == nil || !r.Strange(c) {
		return
	}
	for call := range r.running {
		if call.Conn() == c {
			return
		}
	}
	c.Stop()
}

// Lookup makes a RAS the session.Users of all sessions: a user who was removed
// while her call came cannot log in. Passwords that users have changed count.
func (r *RAS) Lookup(name string) (users.User, bool) {
	u, ok := r.use.Load().Users.Lookup(name)
	return r.o.Passwords.Current(u), ok
}

// Change keeps a user's new password: see users.Passwords.
func (r *RAS) Change(u users.User, next auth.Secret) error { return r.o.Passwords.Change(u, next) }
