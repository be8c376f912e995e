package modem

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"carrier/hardware/line"
)

const (
	// ringGap without another RING means that the caller gave up: the bell
	// rings every 5 or 6 seconds.
	ringGap = 8 * time.Second
	// quiet after the caller's number means that no more of such lines come.
	quiet = 300 * time.Millisecond
	// maxNumber is the most of a telephone number or name that is kept, octets.
	maxNumber = 64
)

// askCallerID asks for caller id. Many a modem has none, or other words for it,
// and says ERROR or nothing at all: that is no fault. An error means that the
// port is lost.
func (m *Modem) askCallerID(ctx context.Context) error {
	if slices.ContainsFunc(m.o.Init, aboutCallerID) {
		return nil
	}
	for _, s := range m.profile.callerID {
		err := m.talk.command(ctx, s, probeTime)
		if !errors.Is(err, errRefused) && !errors.Is(err, errSilent) {
			return err
		}
	}
	if !m.noID && len(m.profile.callerID) > 0 {
		m.noID = true
		m.o.Log.Info("no caller id: the modem knows none of the usual commands", "commands", m.profile.callerID)
	}
	return nil
}

// aboutCallerID says that a command of Init decides about caller id: +VCID,
// #CID, %CCID, or one of the commands with a star that makers had before.
func aboutCallerID(command string) bool {
	return strings.Contains(strings.ToUpper(command), "CID") || strings.Contains(command, "*")
}

// A ringing is a call that nobody has answered yet, as far as the modem told.
type ringing struct {
	first, last     time.Time // when something of it was heard
	count           int       // of RING
	called, calling string
	name            string
	known           bool // a number was told, or that it is secret
	refused         bool // HangUp left it ringing
}

// hear takes one line that the modem said.
func (r *ringing) hear(a response, now time.Time) {
	if r.over(now) {
		*r = ringing{} // what was told belongs to another call
	}
	switch {
	case a.code == ring:
		if r.count == 0 {
			r.first = now
		}
		r.count++
		r.last = now
	case a.code == other && r.tell(a.text):
		r.last = now
	}
}

// over says that the caller gave up.
func (r *ringing) over(now time.Time) bool {
	return !r.last.IsZero() && now.Sub(r.last) >= ringGap
}

// told says that the call can be presented: at its rings-th RING, or when the
// caller's number and what came with it is complete.
func (r *ringing) told(rings int, now time.Time) bool {
	return r.count > 0 && !r.refused && (r.count >= rings || r.known && now.Sub(r.last) >= quiet)
}

// due is when silence would mean something.
func (r *ringing) due(now time.Time) time.Time {
	switch {
	case r.last.IsZero():
		return now.Add(checkTime)
	case r.known && r.count > 0 && !r.refused:
		return r.last.Add(quiet)
	default:
		return r.last.Add(ringGap)
	}
}

// state is the line's: a call that was refused rings for nobody.
func (r *ringing) state() line.State {
	if r.count > 0 && !r.refused {
		return line.Ringing
	}
	return line.Idle
}

// tell takes a line of the call's identity and says whether text was one. They
// come between the first ring and the second: the caller's as AT+VCID=1 or
// AT#CID=1 bring them, "NMBR = 5551212", and the number that was called in the
// words of isdn4linux, "CALLED NUMBER: 5551212", or of others.
func (r *ringing) tell(text string) bool {
	i := strings.IndexAny(text, "=:")
	if i < 0 {
		return false
	}
	tag, value := strings.ToUpper(strings.TrimSpace(text[:i])), text[i+1:]
	switch tag {
	case "+CLIP": // "5551212",129: of cellular modems (3GPP TS 27.007 §7.11)
		value, _, _ = strings.Cut(value, ",")
		r.calling = number(strings.Trim(value, ` "`))
		r.known = true
	case "NMBR", "CALLER NUMBER":
		r.calling = number(value)
		r.known = true
	case "NAME":
		r.name = callerName(value)
	case "CALLED NUMBER", "CALLED", "DNIS", "NDID":
		r.called = number(value)
		r.known = true
	case "DATE", "TIME", "MESG":
	default:
		return false
	}
	return true
}

// number is empty for what is none: "O" (out of area), "P" (private).
func number(s string) string {
	n := strings.Map(func(c rune) rune {
		switch {
		case c >= '0' && c <= '9', c == '+', c == '*', c == '#':
			return c
		case c == ' ', c == '-', c == '(', c == ')', c == '.':
			return -1
		default:
			return 'x'
		}
	}, s)
	if len(n) > maxNumber || strings.Contains(n, "x") {
		return ""
	}
	return n
}

func callerName(s string) string {
	s = strings.TrimSpace(s)
	if s == "O" || s == "P" || len(s) > maxNumber {
		return ""
	}
	return s
}
