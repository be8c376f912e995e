package lcp

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"io"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/wire"
)

// The codes that only LCP has: RFC 1661 §5.7 to §5.9, RFC 1570 §1.
const (
	ProtocolReject cp.Code = iota + cp.CodeReject + 1
	EchoRequest
	EchoReply
	DiscardRequest
	Identification
	TimeRemaining
)

// LCP is the Link Control Protocol of one link. It is not safe for concurrent
// use. What it wants sent goes to the Outbox it is given.
type LCP struct {
	machine     *cp.Machine
	neg         *negotiator
	echo        echo
	lastRequest []byte
	unheard     [2]bool // the peer rejects Identification, Time-Remaining
}

// A Notice is what the owner has to know after an event.
type Notice struct {
	Do       cp.Action    // TLU, TLD, TLS and TLF concern the owner: first TLD, then TLU
	Rejected ppp.Protocol // the peer's Protocol-Reject names it: stop sending it; 0: none came
	Dead     bool         // the peer left too many Echo-Requests unanswered
	Heard    *Message     // the peer told us something; nil: it did not
}

// New makes the LCP of one link, in state Initial. Many may share one Options,
// which nobody changes then. Magic-Numbers and the first
// Identifier are drawn from random; nil means crypto/rand.
func New(o *Options, a Authentication, c cp.Options, e Echo, random io.Reader) *LCP {
	if random == nil {
		random = rand.Reader
	}
	n := &negotiator{opt: o, auth: a, rand: random, ours: defaults(), theirs: defaults()}
	c.FirstID = uint8(n.newMagic())
	return &LCP{machine: cp.NewMachine(ppp.LCP, n, c), neg: n, echo: echo{opt: e.withDefaults()}}
}

// State is the automaton's state.
func (l *LCP) State() cp.State { return l.machine.State() }

// Err is why the negotiation was given up: ErrAuthRefused, ErrLoopback or nil.
func (l *LCP) Err() error { return l.machine.Err() }

// PeerTerminated tells whether the peer sent a Terminate-Request since LCP last
// opened or began to be negotiated, and its text as it came.
func (l *LCP) PeerTerminated() (text string, ok bool) { return l.machine.PeerTerminated() }

// Looped tells that in Opened a packet came back with our own Magic-Number.
func (l *LCP) Looped() bool { return l.echo.looped }

// LastRequest is the peer's last Configure-Request, the information field of
// its frame; nil: none came. It must not be changed.
func (l *LCP) LastRequest() []byte { return l.lastRequest }

// Agreed is what was agreed; the defaults while LCP is not Opened.
func (l *LCP) Agreed() Agreed {
	if l.State() != cp.Opened {
		return Agreed{Ours: defaults(), Theirs: defaults()}
	}
	return Agreed{Ours: l.neg.ours, Theirs: l.neg.theirs}
}

// Open and Up start LCP; Down says that the lower layer is gone.
func (l *LCP) Open(now time.Time, out *ppp.Outbox) Notice {
	return l.did(now, l.machine.Open(now, out))
}

// Up says that the lower layer can carry packets.
func (l *LCP) Up(now time.Time, out *ppp.Outbox) Notice { return l.did(now, l.machine.Up(now, out)) }

// Down says that the lower layer is gone.
func (l *LCP) Down(now time.Time, out *ppp.Outbox) Notice {
	return l.did(now, l.machine.Down(now, out))
}

// Close ends LCP; text tells the peer why.
func (l *LCP) Close(now time.Time, text string, out *ppp.Outbox) Notice {
	return l.did(now, l.machine.Close(now, text, out))
}

// Receive takes the information field of an LCP frame, which is not kept. What
// does not parse is silently discarded.
func (l *LCP) Receive(now time.Time, info []byte, out *ppp.Outbox) Notice {
	p, err := cp.Parse(info)
	if err != nil || l.State() <= cp.Starting {
		return Notice{}
	}
	switch p.Code {
	case cp.ConfigureRequest:
		if _, err := cp.ParseOptions(p.Data); err == nil {
			l.lastRequest = p.Append(nil)
		}
	case cp.CodeReject:
		l.codeRejected(p.Data)
	case ProtocolReject:
		return l.protocolReject(now, p, out)
	case EchoRequest:
		return l.echoRequest(now, p, out)
	case EchoReply:
		l.echo.reply(p.Data, l.Agreed().Ours.Magic)
		return l.did(now, l.machine.Event(now, cp.RXR, out))
	case Identification, TimeRemaining:
		return l.message(now, p, out)
	case DiscardRequest:
		return l.did(now, l.machine.Event(now, cp.RXR, out))
	}
	return l.did(now, l.machine.Receive(now, p, out))
}

// codeRejected stops what the peer does not know.
func (l *LCP) codeRejected(packet []byte) {
	if len(packet) == 0 {
		return
	}
	switch c := cp.Code(packet[0]); c {
	case EchoRequest:
		l.echo.stop()
	case Identification, TimeRemaining:
		l.unheard[c-firstMessage] = true
	}
}

// did starts and ends what goes with the Opened state.
func (l *LCP) did(now time.Time, do cp.Action) Notice {
	if do.Has(cp.TLD) {
		l.machine.SetMRU(ppp.DefaultMRU)
		l.echo.stop()
		l.unheard = [2]bool{} // it may be another peer that comes
	}
	if do.Has(cp.TLU) {
		l.machine.SetMRU(int(l.neg.theirs.MRU))
		l.echo.start(now)
	}
	return Notice{Do: do}
}

// Protocol-Rejects count only in Opened (RFC 1661 §5.7); that of LCP itself is
// the end.
func (l *LCP) protocolReject(now time.Time, p cp.Packet, out *ppp.Outbox) Notice {
	r := wire.NewReader(p.Data)
	rejected := ppp.Protocol(r.Uint16("Rejected-Protocol"))
	if r.Err() != nil || l.State() != cp.Opened {
		return Notice{}
	}
	if rejected == ppp.LCP {
		return l.did(now, l.machine.Event(now, cp.RXJMinus, out))
	}
	n := l.did(now, l.machine.Event(now, cp.RXJPlus, out))
	n.Rejected = rejected
	return n
}

// Reject sends a Protocol-Reject of a packet, cut to the peer's MRU, if LCP is
// Opened (RFC 1661 §5.7).
func (l *LCP) Reject(p ppp.Protocol, info []byte, out *ppp.Outbox) {
	if l.State() != cp.Opened {
		return
	}
	data := binary.BigEndian.AppendUint16(nil, uint16(p))
	data = append(data, info...)
	data = data[:min(len(data), int(l.neg.theirs.MRU)-cp.HeaderLength)]
	l.send(cp.Packet{Code: ProtocolReject, ID: l.machine.NextID(), Data: data}, out)
}

func (l *LCP) send(p cp.Packet, out *ppp.Outbox) { out.Send(ppp.LCP, p.Append(nil)) }

// Deadline is when Expire wants to be called; zero when it does not.
func (l *LCP) Deadline() time.Time {
	d, e := l.machine.Deadline(), l.echo.deadline
	if d.IsZero() || !e.IsZero() && e.Before(d) {
		return e
	}
	return d
}

// Expire does what is due at now: the Restart timer's, or the next
// Echo-Request.
func (l *LCP) Expire(now time.Time, out *ppp.Outbox) Notice {
	n := l.did(now, l.machine.Expire(now, out))
	if l.echo.deadline.IsZero() || now.Before(l.echo.deadline) {
		return n
	}
	if n.Dead = l.echo.dead(now); !n.Dead {
		l.send(cp.Packet{Code: EchoRequest, ID: l.machine.NextID(), Data: l.magic()}, out)
	}
	return n
}

// magic is the Magic-Number field of what we send: zero when we use none.
func (l *LCP) magic() []byte { return binary.BigEndian.AppendUint32(nil, l.neg.ours.Magic) }

// echoRequest answers in Opened only (RFC 1661 §5.8). Our own request coming
// back gets no answer: answering would look like life.
func (l *LCP) echoRequest(now time.Time, p cp.Packet, out *ppp.Outbox) Notice {
	if len(p.Data) < magicLength {
		return Notice{}
	}
	do := l.machine.Event(now, cp.RXR, out)
	if do.Has(cp.SER) {
		if l.neg.ours.Magic != 0 && bytes.Equal(p.Data[:magicLength], l.magic()) {
			l.echo.looped = true
			return Notice{}
		}
		data := append(l.magic(), p.Data[magicLength:]...)
		data = data[:min(len(data), int(l.neg.theirs.MRU)-cp.HeaderLength)]
		l.send(cp.Packet{Code: EchoReply, ID: p.ID, Data: data}, out)
	}
	return l.did(now, do)
}
