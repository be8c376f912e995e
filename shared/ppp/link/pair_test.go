package link

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cbcp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/lcp"
)

var allMethods = []auth.Method{auth.PAP, auth.CHAPMD5, auth.MSCHAP, auth.MSCHAPv2}

const password = "secret"

// An end is one link with its owner: it checks claims against one password,
// unless it lets them wait.
type end struct {
	*Link
	name   string
	ip     *ipcp.IPCP
	wait   bool // Claims are left unanswered
	claim  *auth.Claim
	chosen *cbcp.Choice // the peer's; nil: it made none
	refuse string       // what a choice is answered with; "": it is accepted
	log    []Event
	frames int         // sent so far
	in     [][]byte    // on their way to this end
	lose   func() bool // a frame to this end
}

// A pair is two ends on one fake clock.
type pair struct {
	t    *testing.T
	now  time.Time
	a, b *end
	mix  *rand.Rand // reorders frames; nil: none
}

// client is a caller's options, server a PNS's.
func client(methods ...auth.Method) Options {
	return Options{LCP: lcp.Options{Magic: true, PFC: true, ACFC: true}, Login: auth.Login{Name: "saran", Secret: auth.NewPassword(password), Allow: methods}}
}

func server(ask ...auth.Method) Options {
	return Options{LCP: lcp.Options{MRU: 1400, Magic: true}, Name: "denver", Ask: ask}
}

func newPair(t *testing.T, a, b Options) *pair {
	p := &pair{t: t, now: time.Unix(1e9, 0)}
	p.a = newEnd("a", a, ipcp.Options{Local: netip.MustParseAddr("2.1.1.60"), Remote: netip.MustParseAddr("2.1.1.129")})
	p.b = newEnd("b", b, ipcp.Options{AskAddress: true})
	return p
}

func newEnd(name string, o Options, i ipcp.Options) *end {
	e := &end{Link: New(&o), name: name, ip: ipcp.New(i)}
	e.Network(time.Time{}, ppp.IPCP, e.ip)
	return e
}

func (p *pair) up() *pair {
	p.a.Up(p.now)
	p.b.Up(p.now)
	return p
}

// settle carries frames until there are none.
func (p *pair) settle() {
	for range 10000 {
		n := p.collect(p.a, p.b) + p.collect(p.b, p.a)
		if p.mix != nil {
			for _, e := range []*end{p.a, p.b} {
				p.mix.Shuffle(len(e.in), func(i, j int) { e.in[i], e.in[j] = e.in[j], e.in[i] })
			}
		}
		if p.deliver(p.a)+p.deliver(p.b)+n == 0 {
			return
		}
	}
	p.t.Fatal("the two never stop talking")
}

// collect attends to an end's events and puts its frames on their way.
func (p *pair) collect(from, to *end) int {
	for events := from.Events(); len(events) > 0; events = append(events[1:], from.Events()...) {
		e := events[0]
		from.log = append(from.log, e)
		if e.Kind == CallbackAsked {
			from.chosen = &e.Choice
			from.AnswerCallback(p.now, from.refuse == "", cmp.Or(from.refuse, "you are called back"))
		}
		if e.Kind != Claimed {
			continue
		}
		from.claim = e.Claim
		if !from.wait {
			from.Answer(p.now, e.Claim.Check(auth.NewPassword(password)))
		}
	}
	frames := from.Take()
	from.frames += len(frames)
	for _, f := range frames {
		if to.lose == nil || !to.lose() {
			to.in = append(to.in, f)
		}
	}
	return len(frames)
}

func (p *pair) deliver(e *end) int {
	frames := e.in
	e.in = nil
	for _, f := range frames {
		e.Receive(p.now, f)
	}
	return len(frames)
}

// run lets time pass, from deadline to deadline.
func (p *pair) run(d time.Duration) {
	p.t.Helper()
	for until := p.now.Add(d); ; {
		p.settle()
		next := earlier(p.a.Deadline(), p.b.Deadline())
		if next.IsZero() || next.After(until) {
			p.now = until
			return
		}
		if next.After(p.now) {
			p.now = next
		}
		p.a.Expire(p.now)
		p.b.Expire(p.now)
	}
}

// story is what an end went through, in words.
func (e *end) story() string {
	var s []string
	for _, v := range e.log {
		w := v.Kind.String()
		switch v.Kind {
		case Claimed, Unproven:
			w += " " + v.Claim.Name
		case NetworkUp, NetworkDown, ProtocolRejected:
			w += " " + v.Protocol.String()
		case NetworkOver:
			w += fmt.Sprintf(" %v %q", v.Protocol, v.Text)
		case CallbackAsked, CallbackAgreed:
			w += fmt.Sprintf(" %v %q %v", v.Choice.Type, v.Choice.Number, v.Choice.Delay)
		case LoginRefused, CallbackCheated:
			w += fmt.Sprintf(" %q", v.Text)
		case Finished:
			w += fmt.Sprintf(": %v %q", v.Cause, v.Text)
		}
		s = append(s, w)
	}
	e.log = nil
	return strings.Join(s, ", ")
}

func (p *pair) want(e *end, story string) {
	p.t.Helper()
	if got := e.story(); got != story {
		p.t.Errorf("%s went through\n%s\nwant\n%s", e.name, got, story)
	}
}

func (p *pair) wantPhases(a, b Phase) {
	p.t.Helper()
	if p.a.Phase() != a || p.b.Phase() != b {
		p.t.Errorf("phases %v and %v, want %v and %v", p.a.Phase(), p.b.Phase(), a, b)
	}
}

// say gives a a frame that its peer did not send, and returns its answers.
func (p *pair) say(proto ppp.Protocol, info ...byte) [][]byte {
	p.t.Helper()
	p.a.Receive(p.now, ppp.Append(nil, proto, info))
	p.a.log = append(p.a.log, p.a.Events()...)
	return p.a.Take()
}

// answered compares answers with frames in hex.
func (p *pair) answered(what string, got [][]byte, want ...string) {
	p.t.Helper()
	var g []string
	for _, f := range got {
		g = append(g, fmt.Sprintf("% x", f))
	}
	if strings.Join(g, "\n") != strings.Join(want, "\n") {
		p.t.Errorf("%s was answered\n%s\nwant\n%s", what, strings.Join(g, "\n"), strings.Join(want, "\n"))
	}
}

// openLCP plays a peer that takes a's LCP as it is and asks for nothing. It
// returns the frames of a that follow.
func (p *pair) openLCP() [][]byte {
	p.t.Helper()
	p.a.Up(p.now)
	ours, err := cp.Parse(p.a.Take()[0][4:])
	if err != nil {
		p.t.Fatal(err)
	}
	p.answered("Configure-Request", p.say(ppp.LCP, packet(cp.ConfigureRequest, 7, "")...), "ff 03 c0 21 02 07 00 04")
	ours.Code = cp.ConfigureAck
	return p.say(ppp.LCP, ours.Append(nil)...)
}

func packet(code cp.Code, id uint8, data string) []byte {
	return cp.Packet{Code: code, ID: id, Data: []byte(data)}.Append(nil)
}
