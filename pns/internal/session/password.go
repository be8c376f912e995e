package session

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"carrier/pns/internal/users"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// expired deals with a password that is right but has expired: by MS-CHAPv2 the
// caller is asked for a new one, which comes with her next claim (RFC 2759 §7);
// no other method can.
func (s *Session) expired(now time.Time, c *auth.Claim) {
	v := auth.Verdict{Reason: auth.PasswordExpired, Message: auth.PasswordExpired.String()}
	if c.Method != auth.MSCHAPv2 && c.Method != auth.EAPMSCHAPv2 {
		s.refuseAs(now, c, Expired, record.AuthFailed, v, fmt.Sprintf("the password has expired, and %v cannot change it", c.Method))
		return
	}
	s.o.Stats.count(c.Method, Expired)
	s.log(slog.LevelInfo, "the password has expired: a new one is asked for", "user", s.record.User, "method", s.record.Method)
	s.login.expired = true
	v.Retry = true
	s.link.Answer(now, v)
}

// changed keeps the new password that the claim brings, now that nothing else
// stands in the caller's way: what she is told and what is kept must agree. It
// is false where the password is not taken; then the old one holds.
func (s *Session) changed(now time.Time) bool {
	c := s.login.claim
	next, _ := c.Changed(s.user.Secret) // the claim was checked with it
	err := s.o.Users.Change(s.user, next)
	if err == nil {
		s.log(slog.LevelInfo, "password changed", "user", s.record.User)
		return true
	}
	v := auth.Verdict{Reason: auth.PasswordNotChanged, Message: auth.PasswordNotChanged.String()}
	if errors.Is(err, users.ErrEmptyPassword) || errors.Is(err, users.ErrSamePassword) {
		v.Message = err.Error()
	}
	s.refuseAs(now, c, NotChanged, record.AuthFailed, v, "the password was not changed: "+err.Error())
	return false
}

// unchanged tells that the link ended because the caller, whose password has
// expired, brought no new one.
func (s *Session) unchanged(e link.Event) bool {
	return s.login.expired && s.login.lease == nil && (e.Cause == link.PeerTerminated || e.Cause == link.AuthTimeout)
}
