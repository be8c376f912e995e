package session

import (
	"log/slog"
	"time"

	"carrier/shared/ppp/cbcp"
	"carrier/shared/record"
)

// Owed is the call that a caller was promised. The zero value is none.
type Owed struct {
	User, Number string        // her name in the configuration
	Delay        time.Duration // for which she asked, from the end of this call
}

// Owed is what she was promised, once Run is over.
func (s *Session) Owed() Owed { return s.owed }

// reachable tells whether a user who must be called back can be, and refuses her if
// not: the wish is her machine's to say, in LCP, before we know who she is.
func (s *Session) reachable(now time.Time, f finding) bool {
	if !f.user.Callback.Required || s.record.Outgoing || s.link.LCP().Theirs.Callback != nil {
		return true
	}
	const text = "you must be called back, and your machine does not ask for it"
	s.refuse(now, f.claim, NotPermitted, record.NoCallback, text, "this user must be called back, and her machine does not ask for it")
	return false
}

// callback takes what the caller chose. The call in which she is rung comes after the
// end of this one, which gives back her address and her seat.
func (s *Session) callback(now time.Time, c cbcp.Choice) {
	if !s.running() {
		return
	}
	number, err := s.user.Callback.Number(c)
	switch {
	case err != nil:
		s.noCallback(err.Error())
		s.link.AnswerCallback(now, false, err.Error())
	case number == "":
		s.link.AnswerCallback(now, true, "")
	default:
		const text = "you are called back"
		s.owed = Owed{User: s.user.Name, Number: number, Delay: c.Delay}
		s.because(record.CalledBack, "at "+number)
		s.log(slog.LevelInfo, "to be called back", "user", s.user.Name, "number", number, "delay", c.Delay)
		s.login.refusal = text // if she negotiates anew instead of hanging up
		s.link.AnswerCallback(now, true, text)
	}
}

// noCallback notes a caller who is not called back as she chose, and must hang up.
func (s *Session) noCallback(why string) {
	if !s.running() {
		return
	}
	s.because(record.NoCallback, why)
	s.log(slog.LevelWarn, "not called back", "user", s.user.Name, "detail", record.Shown(why))
}
