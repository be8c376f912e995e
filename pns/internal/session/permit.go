package session

import (
	"time"

	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// permitted tells whether a user who is who she says she is may log in, and
// refuses her if not: by MS-CHAP her machine learns the code, and says it in
// its own language.
func (s *Session) permitted(now time.Time, f finding) bool {
	u := f.user
	v := auth.Verdict{}
	switch {
	case u.Disabled:
		v.Reason = auth.AccountDisabled
	case u.NoDialIn:
		v.Reason = auth.NoDialIn
	case s.login.lease == nil && !u.Hours.Contain(now): // a call that she has goes on
		v.Reason = auth.RestrictedHours
	default:
		return true
	}
	v.Message = v.Reason.String()
	s.refuseAs(now, f.claim, NotPermitted, record.AuthFailed, v, v.Message)
	return false
}
