package lqr

import (
	"errors"
	"time"

	"carrier/shared/ppp"
)

// Counts are what one end has sent and received since LCP opened (RFC 1989
// §2.2); they may wrap. A frame counts where it crosses the line, reports among
// them; its octets are those of Octets.
type Counts struct {
	OutPackets, OutOctets uint32
	InPackets             uint32 // good ones, handed to a protocol
	InDiscards            uint32 // good ones that were dropped for want of room
	InErrors              uint32 // with a wrong FCS, too long, of an unknown protocol
	InOctets              uint32 // of good frames
}

// Octets is how many octets a frame counts as, of which n are from Address to
// the information field's last: its FCS and one flag too, but no escapes (RFC
// 1989 §2.3).
func Octets(n int) uint32 { return uint32(n) + 3 }

// Options are what LCP agreed on.
type Options struct {
	Magic, PeerMagic uint32 // zero: none
	// Period is how often we send reports: what the peer asked for. Zero is a
	// report for each of the peer's.
	Period time.Duration
}

// What makes a report one that does not count.
var (
	ErrLoop  = errors.New("Link-Quality-Report: our own Magic-Number")
	ErrMagic = errors.New("Link-Quality-Report: not the peer's Magic-Number")
)

// A Monitor is one end's reports, from LCP's opening until it leaves Opened. It
// is not safe for concurrent use.
type Monitor struct {
	opt      Options
	deadline time.Time // of our next report; zero: there is no timer

	outLQRs, inLQRs uint32
	last            Report // of the peer
	saved           Counts // ours when it came
}

// New makes a monitor when LCP opens. With a timer the first report is due at
// once.
func New(now time.Time, o Options) *Monitor {
	m := &Monitor{opt: o}
	if o.Period > 0 {
		m.deadline = now
	}
	return m
}

// Deadline is when Expire wants to be called; zero when it does not.
func (m *Monitor) Deadline() time.Time { return m.deadline }

// Expire sends the report that is due at now. c is without it.
func (m *Monitor) Expire(now time.Time, c Counts, out *ppp.Outbox) {
	if m.deadline.IsZero() || now.Before(m.deadline) {
		return
	}
	m.send(now, c, out)
}

// send sends a report of all that we know (RFC 1989 §2.6); the next is due a
// Period later.
func (m *Monitor) send(now time.Time, c Counts, out *ppp.Outbox) {
	if m.opt.Period > 0 {
		m.deadline = now.Add(m.opt.Period)
	}
	m.outLQRs++
	r := Report{
		Magic:          m.opt.Magic,
		LastOutLQRs:    m.last.PeerOutLQRs,
		LastOutPackets: m.last.PeerOutPackets,
		LastOutOctets:  m.last.PeerOutOctets,
		PeerInLQRs:     m.inLQRs,
		PeerInPackets:  m.saved.InPackets,
		PeerInDiscards: m.saved.InDiscards,
		PeerInErrors:   m.saved.InErrors,
		PeerInOctets:   m.saved.InOctets,
		PeerOutLQRs:    m.outLQRs,
		PeerOutPackets: c.OutPackets + 1,
		PeerOutOctets:  c.OutOctets + Octets(4+Length), // Address, Control, Protocol
	}
	out.Send(ppp.LQR, r.Append(nil))
}

// A Quality is what became of the frames between two reports (RFC 1989 §2.8).
type Quality struct {
	// Out is known where the peer has heard two of our reports; In with the
	// second of its own.
	Out, In Way
}

// A Way is one direction. What has not arrived is lost, or dropped by the
// receiver.
type Way struct {
	Known         bool
	Sent, Arrived Sum
	// Discards and Errors are what the receiver counted of frames that came.
	Discards, Errors uint32
}

// A Sum is of reports, all frames with them, and their octets.
type Sum struct {
	LQRs, Packets, Octets uint32
}

// Receive takes the information field of the peer's report; c is with it. It
// sends one in answer where we have no timer, and where the peer has heard none of
// ours since its last (RFC 1989 §2.7). Errors are ErrLoop, ErrMagic, or match wire.ErrShort: such
// a report does not count.
func (m *Monitor) Receive(now time.Time, info []byte, c Counts, out *ppp.Outbox) (Quality, error) {
	r, err := Parse(info)
	switch {
	case err != nil:
		return Quality{}, err
	case m.opt.Magic != 0 && r.Magic == m.opt.Magic:
		return Quality{}, ErrLoop
	case m.opt.PeerMagic != 0 && r.Magic != m.opt.PeerMagic:
		return Quality{}, ErrMagic
	}
	before, saved := m.last, m.saved
	m.inLQRs++
	m.last, m.saved = r, c
	var q Quality
	if m.inLQRs != 1 {
		q.In = Way{Known: true,
			Sent:     Sum{r.PeerOutLQRs - before.PeerOutLQRs, r.PeerOutPackets - before.PeerOutPackets, r.PeerOutOctets - before.PeerOutOctets},
			Arrived:  Sum{1, c.InPackets - saved.InPackets, c.InOctets - saved.InOctets},
			Discards: c.InDiscards - saved.InDiscards, Errors: c.InErrors - saved.InErrors}
	}
	if before.PeerInLQRs != 0 && r.PeerInLQRs != 0 {
		q.Out = Way{Known: true,
			Sent:     Sum{r.LastOutLQRs - before.LastOutLQRs, r.LastOutPackets - before.LastOutPackets, r.LastOutOctets - before.LastOutOctets},
			Arrived:  Sum{r.PeerInLQRs - before.PeerInLQRs, r.PeerInPackets - before.PeerInPackets, r.PeerInOctets - before.PeerInOctets},
			Discards: r.PeerInDiscards - before.PeerInDiscards, Errors: r.PeerInErrors - before.PeerInErrors}
	}
	if m.opt.Period <= 0 || before.PeerInLQRs != 0 && r.PeerInLQRs == before.PeerInLQRs {
		m.send(now, c, out)
	}
	return q, nil
}
