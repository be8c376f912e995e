package session

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/record"
)

// mostNames bounds what a machine may say that it is: Windows takes two
// Identifications.
const mostNames = 4

// identified notes what the caller's machine says that it is (RFC 1570 §1.1).
// The text is from outside, but printable.
func (s *Session) identified(text string) {
	const between = "; "
	name := record.Shown(text)
	said := strings.Split(s.record.Machine, between)
	if name == "" || slices.Contains(said, name) || len(said) == mostNames {
		return
	}
	s.note(func(r *record.Call) { r.Machine = strings.TrimPrefix(r.Machine+between+name, between) })
	s.log(slog.LevelInfo, "identified", "machine", name)
}

// remains takes what the caller's machine says of her time (RFC 1570 §1.2),
// which is advice.
func (s *Session) remains(e link.Event) {
	if e.Remaining == lcp.Forever {
		s.log(slog.LevelDebug, "the caller knows no end of her time", "text", e.Text)
		return
	}
	s.log(slog.LevelDebug, "the caller says how long she stays", "left", e.Remaining, "text", e.Text)
}

// introduce says what we are to a caller who has logged in, if that is wanted.
func (s *Session) introduce() {
	if s.o.Identify != "" {
		s.link.Identify(s.o.Identify)
	}
}

// warnings are how long before the end of her time a caller's machine is told of
// it, once more than when she came (RFC 1570 §1.2).
var warnings = [...]time.Duration{15 * time.Minute, 5 * time.Minute, time.Minute}

// tellRemaining tells the caller's machine how much is left of a time that is
// limited, in whole seconds that have begun.
func (s *Session) tellRemaining(now time.Time) {
	s.warn = time.Time{}
	if s.limit.IsZero() {
		return
	}
	left := s.limit.Sub(now)
	s.link.TellRemaining(left+time.Second-1, "until the time limit of this session")
	for _, before := range warnings {
		if left > before {
			s.warn = s.limit.Add(-before)
			return
		}
	}
}
