package cp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
)

// words is a Negotiator whose options are easy to read: it asks for those in
// ask, and answers the peer's by type: 1 is acknowledged, 2 is nak'd unless it
// is 0, 3 is missed where it is not asked for, 99 ends everything, others are
// rejected.
type words struct {
	ask   []Option
	wants bool // option 3
	log   []string
}

func (w *words) note(f string, args ...any) { w.log = append(w.log, fmt.Sprintf(f, args...)) }
func (w *words) Reset()                     { w.note("reset") }
func (w *words) Request() []Option          { return w.ask }
func (w *words) Acked()                     { w.note("acked") }

func (w *words) Judge(opts []Option) (Answer, error) {
	var a Answer
	has3 := false
	for _, o := range opts {
		switch {
		case o.Type == 1:
		case o.Type == 2:
			if len(o.Data) != 1 || o.Data[0] != 0 {
				a.Nak = append(a.Nak, Option{2, []byte{0}})
			}
		case o.Type == 3:
			has3 = true
		case o.Type == 99:
			return a, errors.New("ninety-nine")
		default:
			a.Reject = append(a.Reject, o)
		}
	}
	if w.wants && !has3 {
		a.Nak = append(a.Nak, Option{3, []byte{7}})
	}
	return a, nil
}

func (w *words) Naked(opts []Option) error {
	w.note("naked %v", opts)
	return nil
}

func (w *words) Rejected(opts []Option) error {
	w.note("rejected %v", opts)
	if opts[0].Type == 98 {
		return errors.New("cannot go without 98")
	}
	var left []Option
	for _, o := range w.ask {
		if !o.Equal(opts[0]) {
			left = append(left, o)
		}
	}
	w.ask = left
	return nil
}

// rig is one machine on a fake clock.
type rig struct {
	t *testing.T
	*Machine
	w   *words
	now time.Time
	out ppp.Outbox
	did Action // since the last want
}

func newRig(t *testing.T, o Options, ask ...Option) *rig {
	w := &words{ask: ask}
	return &rig{t: t, Machine: NewMachine(ppp.IPCP, w, o), w: w, now: time.Unix(1e9, 0)}
}

// open brings the machine to Opened; our request has identifier 1.
func (r *rig) open() *rig {
	r.start()
	r.recv(1, 1)
	r.recv(2, 1, r.request...)
	if r.State() != Opened {
		r.t.Fatalf("not open but %v", r.State())
	}
	r.out.Take()
	r.did, r.w.log = 0, nil
	return r
}

func (r *rig) start() {
	r.did |= r.Machine.Open(r.now, &r.out)
	r.did |= r.Machine.Up(r.now, &r.out)
}

func (r *rig) recv(code Code, id uint8, data ...byte) {
	r.did |= r.Machine.Receive(r.now, Packet{code, id, data}, &r.out)
}

// expire waits for the deadline.
func (r *rig) expire() {
	r.t.Helper()
	if r.Deadline().IsZero() {
		r.t.Fatalf("no timer runs in %v", r.State())
	}
	r.now = r.Deadline()
	r.did |= r.Machine.Expire(r.now, &r.out)
}

// want compares what was sent since the last call, in octets of the
// information field, and the state.
func (r *rig) want(s State, packets ...string) {
	r.t.Helper()
	var got []string
	for _, f := range r.out.Take() {
		p, info, err := ppp.Split(f)
		if err != nil || p != ppp.IPCP {
			r.t.Fatalf("sent % x: %v", f, err)
		}
		got = append(got, fmt.Sprintf("% x", info))
	}
	if g, w := strings.Join(got, "\n"), strings.Join(packets, "\n"); g != w {
		r.t.Errorf("sent\n%s\nwant\n%s", g, w)
	}
	if r.State() != s {
		r.t.Errorf("state %v, want %v", r.State(), s)
	}
	r.did = 0
}

func (r *rig) wantDone(do Action) {
	r.t.Helper()
	if layers := TLU | TLD | TLS | TLF; r.did&layers != do {
		r.t.Errorf("did %013b, want %013b", r.did&layers, do)
	}
}

func (r *rig) wantLog(lines ...string) {
	r.t.Helper()
	if g, w := strings.Join(r.w.log, ", "), strings.Join(lines, ", "); g != w {
		r.t.Errorf("negotiator was told %q, want %q", g, w)
	}
	r.w.log = nil
}
