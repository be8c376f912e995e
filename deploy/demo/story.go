package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// A step is one thing that has to happen: a log record of one program, or
// something that the caller tells.
type step struct {
	who, message string
	text         string   // what the story says; each verb takes the next of attrs
	attrs        []string // of the record
}

// steps of Sara's call, in the order in which they usually come.
var steps = []step{
	{"sara", "dialling", "dials %s with her modem", []string{"text"}},
	{"atlanta", "ring", "line %s rings: %s is called by %s", []string{"line", "called", "calling"}},
	{"atlanta", "answered", "the modem answers: CONNECT %s", []string{"connect"}},
	{"sara", "connected", "hears CONNECT %s", []string{"text"}},
	{"atlanta", "identified", "the caller is %q (asked by %s, nothing else is looked at)", []string{"user", "method"}},
	{"atlanta", "profile", "her profile, by %s, says: %s", []string{"rule", "endpoints"}},
	{"atlanta", "tunnel", "PPTP call to %s, %s, GRE over %s", []string{"pns", "address", "transport"}},
	{"denver", "incoming call", "a call from PAC %s", []string{"pac"}},
	{"atlanta", "relaying", "falls silent and carries her PPP, window %s", []string{"window"}},
	{"denver", "link up", "LCP is open: MRU %s, ACCM %s", []string{"mru", "accm"}},
	{"denver", "authenticated", "%s has proved who she is by %s", []string{"user", "method"}},
	{"denver", "online", "%s is %s on the company's LAN", []string{"user", "address"}},
	{"sara", "network up", "has address %s", []string{"addr"}},
	{"sara", "page", "reads on the intranet: %s", []string{"text"}},
	{"sara", "ended", "hangs up: %s", []string{"text"}},
	{"denver", "call ended", "the call is over: %s", []string{"reason"}},
	{"atlanta", "call ended", "the call is over: %s; %s octets up, %s down; the line is free", []string{"reason", "up", "down"}},
}

// A story prints steps as they happen and remembers which did.
type story struct {
	mu    sync.Mutex
	out   io.Writer
	began time.Time
	seen  map[string]bool // "who: message"
	all   chan struct{}   // closed when every step was seen
}

func newStory(out io.Writer) *story {
	return &story{out: out, began: time.Now(), seen: map[string]bool{}, all: make(chan struct{})}
}

// wait returns when every step was seen, or an error that names those that were
// not when ctx ends.
func (s *story) wait(ctx context.Context) error {
	select {
	case <-s.all:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w; %w", context.Cause(ctx), s.missing())
	}
}

// missing is an error that names the steps that were not seen.
func (s *story) missing() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var not []string
	for _, st := range steps {
		if key := st.who + ": " + st.message; !s.seen[key] {
			not = append(not, key)
		}
	}
	if len(not) > 0 {
		return fmt.Errorf("not seen: %s", strings.Join(not, ", "))
	}
	return nil
}

// happened tells a step. Warnings and errors are told whatever they are.
func (s *story) happened(who, message string, level slog.Level, attrs map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := time.Since(s.began).Seconds()
	for _, st := range steps {
		if st.who == who && st.message == message {
			if key := who + ": " + message; !s.seen[key] {
				if s.seen[key] = true; len(s.seen) == len(steps) {
					close(s.all)
				}
			}
			args := make([]any, len(st.attrs))
			for i, a := range st.attrs {
				args[i] = attrs[a]
			}
			fmt.Fprintf(s.out, "%6.2f s  %-8s %s\n", at, who, fmt.Sprintf(st.text, args...))
			return
		}
	}
	if level >= slog.LevelWarn {
		fmt.Fprintf(s.out, "%6.2f s  %-8s %v: %s %v\n", at, who, level, message, attrs)
	}
}

// logger is for one program of the world.
func (s *story) logger(who string) *slog.Logger { return slog.New(&teller{story: s, who: who}) }

// A teller is the slog.Handler behind logger.
type teller struct {
	story *story
	who   string
	attrs []slog.Attr
}

func (t *teller) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }

func (t *teller) Handle(_ context.Context, r slog.Record) error {
	attrs := map[string]string{}
	for _, a := range t.attrs {
		attrs[a.Key] = a.Value.String()
	}
	r.Attrs(func(a slog.Attr) bool {
		attrs[a.Key] = a.Value.String()
		return true
	})
	t.story.happened(t.who, r.Message, r.Level, attrs)
	return nil
}

func (t *teller) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &teller{t.story, t.who, append(t.attrs[:len(t.attrs):len(t.attrs)], attrs...)}
}

// WithGroup keeps names short: no program here groups its attributes.
func (t *teller) WithGroup(string) slog.Handler { return t }
