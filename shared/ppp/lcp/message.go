package lcp

import (
	"encoding/binary"
	"math"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/wire"
)

// A Message is what one end tells the people at the other: Identification or
// Time-Remaining (RFC 1570 §1). It is not answered and changes nothing.
type Message struct {
	Code      cp.Code       // Identification or TimeRemaining
	Text      string        // as it came, from outside: anything may be in it
	Remaining time.Duration // of TimeRemaining: in whole seconds until the session ends, or Forever
}

// Forever is the Remaining of a session without end.
const Forever time.Duration = math.MaxInt64

const forever = math.MaxUint32 // seconds

// Identify sends an Identification, in which text says who we are; it is cut to
// 1492 octets. It may be sent whenever the lower layer is up; a peer that
// rejects it gets no more.
func (l *LCP) Identify(text string, out *ppp.Outbox) {
	if s := l.State(); s <= cp.Stopped || l.unheard[Identification-firstMessage] {
		return
	}
	// Until LCP is Opened the Magic-Number is sent as zero.
	data := binary.BigEndian.AppendUint32(nil, l.Agreed().Ours.Magic)
	data = append(data, text[:min(len(text), ppp.DefaultMRU-cp.HeaderLength-len(data))]...)
	l.send(cp.Packet{Code: Identification, ID: l.machine.NextID(), Data: data}, out)
}

// TellRemaining sends a Time-Remaining if LCP is Opened: when the session will
// end, in whole seconds, and text, cut to the peer's MRU. A peer that rejects it
// gets no more.
func (l *LCP) TellRemaining(d time.Duration, text string, out *ppp.Outbox) {
	if l.State() != cp.Opened || l.unheard[TimeRemaining-firstMessage] {
		return
	}
	seconds := uint32(min(max(d/time.Second, 0), forever-1))
	if d == Forever {
		seconds = forever
	}
	data := binary.BigEndian.AppendUint32(l.magic(), seconds)
	data = append(data, text[:min(len(text), int(l.neg.theirs.MRU)-cp.HeaderLength-len(data))]...)
	l.send(cp.Packet{Code: TimeRemaining, ID: l.machine.NextID(), Data: data}, out)
}

// firstMessage is the code from which on LCP.unheard counts.
const firstMessage = Identification

// message takes the peer's. What is too short, or comes when it may not, is
// silently discarded; our own coming back tells of a loop.
func (l *LCP) message(now time.Time, p cp.Packet, out *ppp.Outbox) Notice {
	opened := l.State() == cp.Opened
	r := wire.NewReader(p.Data)
	magic := r.Uint32("Magic-Number")
	m := &Message{Code: p.Code}
	if p.Code == TimeRemaining {
		m.Remaining = Forever
		if s := r.Uint32("Seconds-Remaining"); s != forever {
			m.Remaining = time.Duration(s) * time.Second
		}
	}
	if r.Err() != nil || p.Code == TimeRemaining && !opened {
		return Notice{}
	}
	m.Text = string(r.Rest())
	n := l.did(now, l.machine.Event(now, cp.RXR, out))
	if own := l.Agreed().Ours.Magic; own != 0 && magic == own {
		l.echo.looped = true
		return n
	}
	n.Heard = m
	return n
}
