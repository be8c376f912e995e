package identify

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

// A dialogue is the caller's peer until she is handed over or told why not:
// PPP over the port, or a text login before it.
type dialogue struct {
	port    Port
	o       Options
	decoder *hdlc.Decoder
	in, out []byte
	now     time.Time // of the octets that are decoded

	typist typist
	link   *link.Link // nil until she speaks PPP, and after a text login
	prompt time.Time  // when the prompt is shown unasked; zero: no more
	silent time.Time  // when she is given up; zero: she speaks PPP or is known
	limit  time.Time  // when she is given up however lively; zero: she is known

	lines   int     // what the typist counted, at the latest news from her
	heard   int     // octets, while it is not known whether she types or speaks PPP
	loss    loss    // of the carrier
	behind  []byte  // what came in one read with the end of her login
	caller  *Caller // once she is known
	refusal string  // why she is not served, once that is so
	end     error   // why it is over

	held [][]byte // LCP frames since a text login, oldest first
	last []byte   // her last Configure-Request among them
}

// holdFrames bounds what is kept of a caller who speaks PPP after a text login
// while nobody is there to answer. Of her Configure-Requests only the last
// counts.
const holdFrames = 16

// maxHeard is how many octets a caller may send before she says who she is, or a
// frame of LCP: more than anybody types, and nothing to work on for long.
const maxHeard = 64 << 10

// startPPP begins PPP with the caller. A prompt that she has not been shown yet
// would only stand before a frame.
func (d *dialogue) startPPP(now time.Time) {
	d.typist.out, d.typist.owed = d.typist.out[:0], false
	d.link = link.New(&link.Options{
		LCP:      lcp.Options{Magic: true},
		Ask:      d.o.Ask,
		NameOnly: true,
		Name:     d.o.Name,
		Restart:  d.o.Restart,
	})
	d.link.Up(now)
	d.silent, d.prompt = time.Time{}, time.Time{} // the link keeps the time
}

// octets takes what the caller sent. Until it is clear that she speaks PPP it
// is read both ways: a good LCP frame decides, whatever stands before it.
func (d *dialogue) octets(now time.Time, b []byte) {
	d.now = now
	if d.listening() {
		if d.heard += len(b); d.heard > maxHeard {
			d.end = ErrSilent
			return
		}
		b = d.listen(now, b)
	}
	d.decoder.Push(b, d.frame)
}

// listen takes octets until it is known what they are, and returns the others.
func (d *dialogue) listen(now time.Time, b []byte) (rest []byte) {
	for i := range b {
		d.decoder.Push(b[i:i+1], d.frame)
		if d.listening() && !d.o.Text.Off {
			d.key(now, b[i])
		}
		if !d.listening() {
			d.loss = loss{}
			d.behind = append(d.behind, b[i+1:]...)
			return b[i+1:]
		}
	}
	return nil
}

// listening is before it is known whether she types or speaks PPP.
func (d *dialogue) listening() bool { return d.link == nil && d.caller == nil && d.end == nil }

// typed goes on with a text login.
func (d *dialogue) typed(now time.Time, s step) {
	t := &d.typist
	switch s {
	case proved:
		d.typedLogin(now)
	case chosen:
		d.chosen()
	case left:
		d.end = ErrLeft
	case overlong:
		d.failed(tooLong)
	}
	if t.state != waiting {
		d.prompt = time.Time{}
	}
	if t.lines > d.lines && d.caller == nil {
		d.lines, d.silent = t.lines, now.Add(d.o.Silence)
	}
}

// typedLogin checks who has typed her name and password.
func (d *dialogue) typedLogin(now time.Time) {
	t := &d.typist
	if d.o.Verify != nil {
		if v := d.o.Verify(auth.Typed(t.name, t.password)); !v.OK {
			if !t.refuse(v.Message) {
				d.failed(v.Message)
			}
			return
		}
	}
	if t.accept() {
		d.known(t.name, "login")
	}
}

// failed ends a login after the last of its tries.
func (d *dialogue) failed(why string) {
	d.end = &LoginError{fmt.Sprintf("%s (tries: %d)", why, d.typist.tries)}
}

// chosen takes a choice from the menu. PPP without a login names the caller
// itself.
func (d *dialogue) chosen() {
	t := &d.typist
	switch c := t.choice; {
	case c.PPP && t.name == "":
		t.say(d.o.Text.Start + "\n")
	case c.PPP:
		d.known(t.name, "login")
	case t.name == "":
		d.known("", "menu")
		d.caller.Choice = c.Key
	default:
		d.known(t.name, "login")
		d.caller.Choice = c.Key
	}
}

// known is when the caller has a name. It stays, whatever she says later.
func (d *dialogue) known(name, method string) {
	if d.caller == nil {
		d.caller = &Caller{Name: name, Method: method}
		d.silent, d.limit = time.Time{}, time.Time{}
	}
}

func (d *dialogue) frame(frame []byte, err error) {
	if err != nil {
		if d.o.Spoiled != nil && (d.link != nil || d.caller != nil) {
			d.o.Spoiled(err)
		}
		return
	}
	if d.link == nil {
		p, info, err := ppp.Split(frame)
		if err != nil || p != ppp.LCP {
			return
		}
		packet, err := cp.Parse(info)
		if err != nil {
			return
		}
		if name := d.typist.named(); name != "" && d.caller == nil { // at the menu
			d.known(name, "login")
		}
		if d.caller != nil && d.refusal == "" {
			d.tap(false, frame)
			d.hold(packet.Code, frame)
			return
		}
		d.startPPP(d.now)
	}
	d.tap(false, frame)
	d.link.Receive(d.now, frame)
	d.decoder.ACCM = d.link.LCP().Ours.ACCM // holds for the octets behind her Ack
}

// hold keeps an LCP frame for the PNS.
func (d *dialogue) hold(c cp.Code, frame []byte) {
	frame = bytes.Clone(frame)
	if c == cp.ConfigureRequest {
		d.held = slices.DeleteFunc(d.held, func(f []byte) bool { return bytes.Equal(f, d.last) })
		d.last = frame
	}
	if len(d.held) >= holdFrames {
		d.held = d.held[1:]
	}
	d.held = append(d.held, frame)
}

func (d *dialogue) tap(toCaller bool, frame []byte) {
	if d.o.Tap != nil {
		d.o.Tap(toCaller, frame)
	}
}

// settle does what the link's events ask for, then sends what is to be sent.
func (d *dialogue) settle(ctx context.Context, now time.Time) error {
	d.out = d.typist.take(d.out[:0])
	if d.link == nil {
		return d.write(ctx, d.out)
	}
	for _, e := range d.link.Events() {
		switch e.Kind {
		case link.Claimed:
			d.claimed(now, e.Claim)
		case link.Finished:
			d.end = &EndError{Cause: e.Cause, Text: e.Text}
		}
	}
	agreed := d.link.LCP()
	for _, f := range d.link.Take() {
		d.tap(true, f)
		if p, _, err := ppp.Split(f); err == nil && p == ppp.LCP {
			d.out = hdlc.AppendFull(d.out, f)
			continue
		}
		e := hdlc.Encoder{ACCM: agreed.Theirs.ACCM}
		d.out = e.Append(d.out, f)
	}
	return d.write(ctx, d.out)
}

// claimed learns the name. The claim waits for an answer, which is never yes:
// the PNS authenticates her itself.
func (d *dialogue) claimed(now time.Time, c *auth.Claim) {
	if d.refusal != "" {
		d.link.Answer(now, auth.Refuse(c, d.refusal))
		return
	}
	if d.o.Verify != nil && d.caller == nil {
		if v := d.o.Verify(c); !v.OK {
			d.link.Answer(now, v)
			return
		}
	}
	d.known(c.Name, c.Method.String())
}
