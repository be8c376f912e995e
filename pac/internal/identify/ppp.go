package identify

import (
	"bytes"
	"context"
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

// startPPP begins PPP with the caller.
func (d *dialogue) startPPP(now time.Time) {
	d.link = link.New(link.Options{
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
	listening := d.link == nil && d.caller == nil
	d.decoder.Push(b, d.frame)
	if !listening || d.link != nil || d.o.Text.Off {
		return
	}
	for _, c := range b {
		if d.typist.octet(c) {
			d.typedLogin(now)
		}
	}
	if d.typist.state != waiting {
		d.prompt = time.Time{}
	}
}

// typedLogin checks who has typed her name and password.
func (d *dialogue) typedLogin(now time.Time) {
	t := &d.typist
	d.silent = now.Add(d.o.Silence)
	if d.o.Verify != nil {
		if v := d.o.Verify(auth.Typed(t.name, t.password)); !v.OK {
			if !t.refuse(v.Message) {
				d.end = &EndError{Cause: link.AuthRefused, Text: v.Message}
			}
			return
		}
	}
	t.accept()
	d.known(t.name, "login")
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
	d.out = append(d.out[:0], d.typist.out...)
	d.typist.out = d.typist.out[:0]
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
