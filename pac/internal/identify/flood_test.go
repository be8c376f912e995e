package identify

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
)

// A flood is a port on which the same octets come again and again, as fast as
// they are read.
type flood struct {
	octets []byte
	at     int    // in them
	read   int    // so many octets
	most   int    // octets written at once
	last   string // what was
}

func (f *flood) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = f.octets[f.at]
		f.at = (f.at + 1) % len(f.octets)
	}
	f.read += len(b)
	return len(b), nil
}

func (f *flood) Write(b []byte) (int, error) {
	f.most, f.last = max(f.most, len(b)), string(b)
	return len(b), nil
}

func (*flood) SetReadDeadline(time.Time) error  { return nil }
func (*flood) SetWriteDeadline(time.Time) error { return nil }

// A caller who sends garbage without a pause is cut after so many tries, or so
// many octets, and makes us show, and keep, no more for it than a screen or two at once.
func TestFlood(t *testing.T) {
	noise := make([]byte, 1<<20)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(noise)
	long := Choice{Key: "1", Text: strings.Repeat("The Internet. ", 200), PPP: true}
	menu := TextLogin{Menu: []Choice{long}, Ask: AskNothing}
	for _, tt := range []struct {
		what, octets string
		o            TextLogin
		tries        bool // too many wrong passwords are what ends it
	}{
		{"noise", string(noise), TextLogin{}, true},
		{"noise, no text login", string(noise), TextLogin{Off: true}, false},
		{"Returns", "\r", TextLogin{}, false},
		{"Returns at a menu", "\r", menu, false},
		{"wrong choices", "x\r", menu, false},
		{"wrong choices, CR LF", "x\r\n", menu, false},
		{"interrupts", "\x03", TextLogin{}, false},
		{"interrupts at a menu", "\r\x03", menu, false},
		{"half a login", "\rx\rx\x03", TextLogin{}, false},
		{"a line mended", strings.Repeat("x", 100) + "\x15", TextLogin{}, false},
		{"one line", "x", TextLogin{}, false},
		{"flags", "~", TextLogin{}, false},
		{"frames", frame(ppp.IPv4, "E"), TextLogin{}, false},
		{"spoilt frames", "~\xff}#\xc0!}!}%} }$AB", TextLogin{}, false},
		{"names and passwords", "x\r", TextLogin{}, true},
		{"long names", strings.Repeat("x", 1000) + "\r", TextLogin{}, true},
		{"Windows' word", "CLIENT", TextLogin{}, false},
		{"escape characters", "+", TextLogin{}, false},
		{"half of a modem's words", "x\r\nNO CARRIER", TextLogin{}, true},
	} {
		port := &flood{octets: []byte(tt.octets)}
		verified := 0
		d := newDialogue(time.Now(), port, Options{Text: tt.o, Verify: func(*auth.Claim) auth.Verdict {
			verified++
			return auth.Verdict{Message: "no"}
		}}.withDefaults())
		err := d.pump(t.Context(), time.Time{}, func() bool { return d.caller != nil })
		var login *LoginError
		if tt.tries != errors.As(err, &login) || !tt.tries && err != ErrSilent {
			t.Errorf("%s: %v", tt.what, err)
		}
		if port.read > maxHeard+len(d.in) || verified > 3 {
			t.Errorf("%s: %d octets read, %d passwords tried", tt.what, port.read, verified)
		}
		if bound := 8*len(d.in) + maxAhead; port.most > bound || cap(d.out)+cap(d.typist.out) > 4*bound || cap(d.typist.line) > 2*MaxName {
			t.Errorf("%s: %d octets were shown at once, room for %d and %d", tt.what, port.most, cap(d.out)+cap(d.typist.out), cap(d.typist.line))
		}
		if tt.o.Ask == AskNothing && !strings.HasSuffix(port.last, "\r\nYour choice: ") {
			t.Errorf("%s: the last prompt is missing in %q", tt.what, port.last)
		}
	}
}
