package session

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"carrier/pns/internal/lease"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/record"
)

// replaceTime is how long an older call of the same user has to let go of its
// address before the newer one is refused. It needs no answer of the older
// caller, so this is generous.
const replaceTime = 5 * time.Second

// A login is who the caller is, and what she got.
type login struct {
	claim   *auth.Claim // the last one, until it has its answer
	verdict auth.Verdict
	lease   *pool.Lease  // nil: no address yet
	dhcp    *lease.Lease // what the LAN's DHCP server was asked for; nil: it was not
	wait    <-chan struct{}
	until   time.Time     // for wait
	probe   <-chan string // who has the address of lease; nil: nobody was asked
	clashes uint8         // addresses that somebody had
	seated  bool          // in Online
	offered bool          // IPCP
	expired bool          // she was asked for a new password
	held    *held         // nil: nothing waits
	refusal string        // the last thing that she is told; "": nothing
}

// claimed checks who the caller says she is. Whatever comes of it, as much is
// computed; when the answer follows, the guard says.
func (s *Session) claimed(now time.Time, c *auth.Claim) {
	if s.o.Dial != nil {
		s.proven(now, c)
		return
	}
	user, found := s.o.Users.Lookup(c.Name)
	if c.Begins() {
		s.begins(now, c, user, found)
		return
	}
	verdict := c.Check(user.Secret)
	s.note(func(r *record.Call) { r.User, r.Method = record.Shown(c.Name), c.Method.String() })
	s.stage(record.Authenticating)
	s.name(user, found)
	if s.running() { // else she is on her way out
		s.guarded(now, finding{claim: c, user: user, found: found, verdict: verdict})
	}
}

// judge lets the caller in or not. The address is reserved before she is told
// Success, so that what stands in its way can be said in the Failure.
func (s *Session) judge(now time.Time, f finding) {
	l, c, user, found, verdict := &s.login, f.claim, f.user, f.found, f.verdict
	switch {
	case !found:
		s.refuse(now, c, UnknownUser, record.AuthFailed, verdict.Message, "no user has this name")
	case !user.Secret.Verifies(c.Method):
		s.refuse(now, c, Unverifiable, record.AuthFailed, verdict.Message, unverifiable(user.Secret, c.Method))
	case !verdict.OK && c.Method == auth.EAPTLS:
		s.refuse(now, c, Unproven, record.AuthFailed, verdict.Message,
			fmt.Sprintf("the certificate is not in this name: it was issued to %q", c.Issued()))
	case !verdict.OK:
		s.refuse(now, c, WrongPassword, record.AuthFailed, verdict.Message, "wrong password")
	case !s.permitted(now, f), !s.reachable(now, f):
	case l.lease != nil && s.user.Name != user.Name:
		s.refuse(now, c, WrongPassword, record.AuthFailed, "the name must stay the same during a call",
			"logged in as "+s.user.Name+" before")
	case user.Expired && c.Method != auth.EAPTLS && !c.Changes():
		s.expired(now, c)
	default:
		l.claim, l.verdict = c, verdict
		s.mu.Lock()
		s.user = user
		s.mu.Unlock()
		s.admit(now)
	}
}

// unverifiable says why a claim by method m cannot be checked against s.
func unverifiable(s auth.Secret, m auth.Method) string {
	known := "only nt_hash is known"
	switch {
	case s.Verifies(auth.CHAPMD5):
		known = "a password is known"
	case !s.Verifies(auth.PAP):
		known = "a certificate is asked for"
	}
	return fmt.Sprintf("of this user %s, which %v cannot be checked against", known, m)
}

// unproven notes a caller who could not prove who she says she is: nothing is
// left to judge, and the link closes.
func (s *Session) unproven(now time.Time, c *auth.Claim, why string) {
	if !s.running() || s.o.Dial != nil { // of a server, the link's end tells as much
		return
	}
	if c.Method == auth.EAPTLS && !c.Declines() {
		s.o.Guard.Unproven(now, c.Name, s.o.Source)
	}
	s.o.Stats.count(c.Method, Unproven)
	s.note(func(r *record.Call) {
		r.User, r.Method, r.Reason, r.Text = record.Shown(c.Name), c.Method.String(), record.AuthFailed, why
	})
	r := &s.record
	s.log(slog.LevelWarn, "refused", "user", r.User, "method", r.Method, "reason", r.Reason, "detail", why)
	s.leave()
}

// name tells who the caller is: by her name in the configuration, however she
// writes it, if she has one there.
func (s *Session) name(user users.User, found bool) {
	if s.o.Namer == nil {
		return
	}
	r := &s.record
	who := r.User
	if found {
		who = user.Name
	}
	s.o.Namer.Name(r.Name, who, r.Peer)
}

// admit finds the caller a seat and an address. It is called again when an
// older call of hers has gone.
func (s *Session) admit(now time.Time) {
	l := &s.login
	l.wait = nil
	if l.lease == nil {
		if older := s.sit(); older != nil {
			s.meets(now, older)
			return
		}
		if s.leases() {
			s.ask(now)
			return
		}
		s.reserved(now)
		return
	}
	if l.probe == nil {
		s.welcome(now)
	}
}

// reserved takes an address of the pools' for the caller.
func (s *Session) reserved(now time.Time) {
	lease, err := s.reserve()
	if err != nil {
		s.unaddressed(now, err, err.Error())
		return
	}
	s.had(now, lease)
}

// unaddressed refuses a caller for whom there is no address; she reads text.
func (s *Session) unaddressed(now time.Time, err error, text string) {
	reason, outcome := record.NoAddress, NoAddress
	if errors.Is(err, pool.ErrInUse) {
		reason, outcome = record.AddressInUse, InUse
	}
	s.refuse(now, s.login.claim, outcome, reason, text, err.Error())
}

// had goes on with the address that the caller has now.
func (s *Session) had(now time.Time, lease *pool.Lease) {
	l := &s.login
	l.lease = lease
	s.reserve6()
	if s.o.Prober != nil {
		l.probe = s.o.Prober.Probe(lease.Addr())
	}
	if l.probe == nil {
		s.welcome(now)
	}
}

// maxClashes is how many addresses are tried that somebody else has: each takes
// the time of a probe, and the caller waits.
const maxClashes = 4

// probed takes what the LAN says about the address that was reserved.
func (s *Session) probed(now time.Time, owner string) {
	l := &s.login
	l.probe = nil
	if owner == "" {
		s.welcome(now)
		return
	}
	a := l.lease.Addr()
	s.o.Stats.Clashes.Add(1)
	s.log(slog.LevelError, "a host of the LAN has an address that is for callers", "address", a, "owner", owner)
	if l.dhcp != nil { // first, for who has the address next has a route of her own
		l.dhcp.Decline()
		l.dhcp = nil
	}
	l.lease.Avoid()
	l.lease = nil
	if l.clashes++; s.user.Address.IsValid() || l.clashes == maxClashes {
		text := fmt.Sprintf("%v is in use on the LAN", a)
		s.refuse(now, l.claim, InUse, record.AddressInUse, text, text+", by "+owner)
		return
	}
	s.admit(now)
}

// welcome tells the caller that she is accepted: she has an address.
func (s *Session) welcome(now time.Time) {
	l := &s.login
	if l.claim.Changes() && !s.changed(now) {
		return
	}
	s.o.Stats.count(l.claim.Method, Accepted)
	s.note(func(r *record.Call) { r.Address = l.lease.Addr() })
	var add offering = s.link.Network
	if s.o.Coding.Encryption == Required {
		add = s.link.Hold
	}
	if !l.offered { // not after each negotiation of LCP: the caller can ask for as many as she likes
		l.offered = true
		r := &s.record
		s.log(slog.LevelInfo, "authenticated", "user", r.User, "method", r.Method, "address", r.Address)
		s.ip = ipcp.New(ipcp.Options{
			Local: s.o.LAN.Local(), Remote: l.lease.Addr(), DNS: s.o.DNS, NBNS: s.o.NBNS, VJ: s.o.VJ})
		add(now, ppp.IPCP, s.ip)
	}
	s.offer6(now, add)
	if s.link.LCP().Theirs.Callback != nil {
		s.link.OfferCallback(s.user.Callback.Offer())
	}
	s.link.Answer(now, l.verdict)
	l.claim, l.verdict = nil, auth.Verdict{}
}

// An offering has a network control protocol negotiated, at once or when the
// link is encrypted.
type offering func(time.Time, ppp.Protocol, cp.Negotiator)

// sit takes the user's seat, if she has only one; else it returns the session
// that sits there.
func (s *Session) sit() (older *Session) {
	u := &s.user
	if s.login.seated || u.Simultaneous == users.Unlimited && !u.Address.IsValid() && !u.Prefix.IsValid() && !u.Delegated.IsValid() && len(u.Routes) == 0 {
		return nil
	}
	if s.left == nil {
		s.left = make(chan struct{})
	}
	older = s.o.Online.enter(u.Name, s)
	s.login.seated = older == nil
	return older
}

// meets deals with an older call of the same user.
func (s *Session) meets(now time.Time, older *Session) {
	l := &s.login
	if s.user.Simultaneous != users.Replace {
		s.stays(now)
		return
	}
	older.End(record.Replaced, "a newer call of "+s.user.Name+" took over")
	if l.until.IsZero() {
		l.until = now.Add(replaceTime)
	}
	l.wait = older.left
}

// stays refuses the caller because of her older call.
func (s *Session) stays(now time.Time) {
	l := &s.login
	l.wait = nil
	text := s.user.Name + " is connected already"
	s.refuse(now, l.claim, InUse, record.AddressInUse, text, text)
}

// pool is the name of the user's.
func (s *Session) pool() string { return cmp.Or(s.user.Pool, pool.Default) }

func (s *Session) reserve() (*pool.Lease, error) {
	if a := s.user.Address; a.IsValid() {
		return s.o.Pools.ReserveFixed(a)
	}
	return s.o.Pools.Reserve(s.pool(), s.user.Name)
}

// refuse says no: the caller reads text, in her Failure and as the reason of
// the Terminate-Request that follows. What the record and the log say may tell
// more.
func (s *Session) refuse(now time.Time, c *auth.Claim, o Outcome, reason record.EndReason, text, detail string) {
	s.refuseAs(now, c, o, reason, auth.Refuse(c, text), detail)
}

// refuseAs is refuse with a verdict that says more than its text.
func (s *Session) refuseAs(now time.Time, c *auth.Claim, o Outcome, reason record.EndReason, v auth.Verdict, detail string) {
	s.o.Stats.count(c.Method, o)
	s.note(func(r *record.Call) { r.Reason, r.Text = reason, detail })
	r := &s.record
	s.log(slog.LevelWarn, "refused", "user", r.User, "method", r.Method, "reason", reason, "detail", detail)
	s.leave()
	s.login.refusal = v.Message
	if !s.link.Answer(now, v) { // LCP was negotiated again meanwhile
		s.link.Close(now, v.Message)
	}
}

// authenticated notes that the link trusts the caller now.
func (s *Session) authenticated(now time.Time) {
	if s.o.Dial != nil {
		s.entered(now)
		return
	}
	if s.login.lease == nil && s.running() { // nothing was asked of her
		s.close(now, record.AuthFailed, "nobody has logged in")
		return
	}
	if s.running() && !s.offerCoding(now) {
		return
	}
	s.introduce()
	s.stage(record.Configuring)
	if s.running() {
		s.wanting = now.Add(networkTime)
	}
}

// leave gives back the addresses and the seat. The caller's packets no longer
// reach the LAN, nor the LAN's her.
func (s *Session) leave() {
	l := &s.login
	s.offline()
	l.wait, l.probe, l.held = nil, nil, nil
	if l.dhcp != nil { // first, for who has the address next has a route of her own
		l.dhcp.Release()
		l.dhcp = nil
	}
	if l.lease != nil {
		l.lease.Release()
		l.lease = nil
	}
	s.leave6()
	if l.seated {
		l.seated = false
		s.o.Online.leave(s.user.Name, s)
		close(s.left)
	}
}
