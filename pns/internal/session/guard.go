package session

import (
	"fmt"
	"time"

	"carrier/pns/internal/guard"
	"carrier/pns/internal/users"
	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// A finding is a claim that was checked.
type finding struct {
	claim   *auth.Claim
	user    users.User
	found   bool
	verdict auth.Verdict
}

// right tells that the caller is who she says she is.
func (f finding) right() bool {
	return f.found && f.user.Secret.Verifies(f.claim.Method) && f.verdict.OK
}

// again tells that the caller has shown once more that the call is hers.
func (s *Session) again(f finding) bool {
	return s.login.lease != nil && s.user.Name == f.user.Name && f.right()
}

// held is a finding whose answer waits.
type held struct {
	finding finding
	ruling  guard.Ruling
	until   time.Time
}

// guarded asks the guard, and holds the answer back for as long as that says. A
// caller who has a call and proves again whose it is was let in by the guard
// before: wrong passwords of others who look like her do not end it, and her
// right one clears nothing of theirs.
func (s *Session) guarded(now time.Time, f finding) {
	var r guard.Ruling
	if !s.again(f) {
		r = s.o.Guard.Judge(now, f.claim.Name, s.o.Source, f.right())
	}
	s.login.held = &held{f, r, now.Add(r.Delay)}
	s.release(now)
}

// begins is asked before EAP-TLS, which costs much more than a password does: who is
// locked out hears so at once. A caller who has a call is not asked, as in guarded.
func (s *Session) begins(now time.Time, c *auth.Claim, user users.User, found bool) {
	if !s.running() {
		return
	}
	r := s.o.Guard.Locked(now, c.Name, s.o.Source)
	if r.Locked == guard.None || s.login.lease != nil {
		s.link.Answer(now, auth.Verdict{OK: true})
		return
	}
	s.note(func(r *record.Call) { r.User, r.Method = record.Shown(c.Name), c.Method.String() })
	s.stage(record.Authenticating)
	s.name(user, found)
	s.lockedOut(now, &held{finding: finding{claim: c}, ruling: r})
}

// release answers what was held back, once its time has come.
func (s *Session) release(now time.Time) {
	h := s.login.held
	if h == nil || now.Before(h.until) {
		return
	}
	s.login.held = nil
	if h.ruling.Locked != guard.None {
		s.lockedOut(now, h)
		return
	}
	s.judge(now, h.finding)
}

// lockedOut refuses the caller, right or wrong. For a user who is locked out
// here her machine says that the account is disabled, which is as near as
// MS-CHAP comes.
func (s *Session) lockedOut(now time.Time, h *held) {
	minutes := (h.ruling.Left + time.Minute - 1) / time.Minute
	v := auth.Verdict{Message: fmt.Sprintf("too many wrong passwords: try again in %d minutes", minutes), Reason: auth.WrongPassword}
	detail := fmt.Sprintf("%v is locked out for %v", s.o.Source, h.ruling.Left.Round(time.Second))
	if h.ruling.Locked == guard.UserSource {
		v.Reason = auth.AccountDisabled
		detail = fmt.Sprintf("this user is locked out from %v for %v", s.o.Source, h.ruling.Left.Round(time.Second))
	}
	s.refuseAs(now, h.finding.claim, Locked, record.AuthFailed, v, detail)
}

// gone ends the call of a caller who negotiates LCP anew instead of hearing
// that she is refused.
func (s *Session) gone(now time.Time) {
	if s.login.refusal != "" {
		s.link.Close(now, s.login.refusal)
	}
}
