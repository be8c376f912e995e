package cp

import (
	"bytes"
	"hash/crc32"
	"time"

	"carrier/shared/ppp"
)

// step moves the automaton, then does what it says. in is the packet received,
// if one was; reply the options of the Nak or Reject that scn sends.
func (m *Machine) step(now time.Time, e Event, in Packet, reply *Packet, out *ppp.Outbox) Action {
	before := m.auto.State()
	do := m.auto.Step(e)
	if do == Illegal {
		return do
	}
	kept := do.Has(SCR) && m.keepsOwn(before)
	if do.Has(SCR) && !kept && !before.Negotiating() && e != RCRPlus && e != RCRMinus {
		m.begin()
	}
	m.perform(now, do, in, reply, kept, out)
	if kept { // as if the peer had acknowledged our request once more
		again := m.auto.Step(RCA) &^ IRC
		m.perform(now, again, Packet{}, nil, false, out)
		do |= again
	}
	return do
}

// keepsOwn tells that our direction stands as it was acknowledged, where it
// would be negotiated anew from state s.
func (m *Machine) keepsOwn(s State) bool {
	return m.onlyAck && m.acked && (s == Opened || s.Negotiating())
}

// begin starts a negotiation from nothing.
func (m *Machine) begin() {
	m.neg.Reset()
	m.acked, m.theirs = false, theirs{}
	m.naks, m.sent, m.received = 0, 0, 0
	m.text, m.err = nil, nil
	m.peerText, m.peerDone = "", false
}

// perform does the actions that are the Machine's own, in the order in which
// the table prints them. With kept no Configure-Request goes out, but it counts.
func (m *Machine) perform(now time.Time, do Action, in Packet, reply *Packet, kept bool, out *ppp.Outbox) {
	if do.Has(TLU) {
		m.peerText, m.peerDone = "", false
	}
	switch {
	case do.Has(IRC) && do.Has(STR):
		m.restarts = m.limits.terminate
		m.termID = m.nextID()
	case do.Has(IRC):
		m.restarts = m.limits.configure
	case do.Has(ZRC):
		m.restarts = 0
	}
	if do.Has(SCR) {
		m.restarts--
		if !kept {
			m.sendRequest(now, out)
		}
	}
	if do.Has(SCA) {
		m.naks = 0
		m.theirs = theirs{id: in.ID, sum: crc32.ChecksumIEEE(in.Data), left: maxRepeats}
		m.send(Packet{ConfigureAck, in.ID, in.Data}, out)
	}
	if do.Has(SCN) {
		m.send(*reply, out)
	}
	if do.Has(STR) {
		m.restarts--
		m.send(Packet{TerminateRequest, m.termID, m.text}, out)
	}
	if do.Has(STA) {
		m.send(Packet{TerminateAck, in.ID, nil}, out)
	}
	if do.Has(SCJ) {
		rejected := in.Append(nil)
		m.send(Packet{CodeReject, m.nextID(), rejected[:min(len(rejected), m.mru-HeaderLength)]}, out)
	}
	switch {
	case !m.auto.TimerRuns():
		m.deadline = time.Time{}
	case do.Has(SCR):
		m.deadline = now.Add(m.limits.restart + m.asked.slow)
	case do.Has(STR | ZRC):
		m.deadline = now.Add(m.limits.restart)
	}
}

// sendRequest sends our Configure-Request. Its Identifier changes with its
// content and after a valid answer (RFC 1661 §5.1): an answer that comes late
// to a request sent twice is then still good.
func (m *Machine) sendRequest(now time.Time, out *ppp.Outbox) {
	opts := AppendOptions(nil, m.neg.Request())
	if m.answered || !bytes.Equal(opts, m.request) {
		m.reqID, m.asked.since = m.nextID(), now
	}
	m.request, m.answered = opts, false
	m.send(Packet{ConfigureRequest, m.reqID, opts}, out)
}

func (m *Machine) send(p Packet, out *ppp.Outbox) { out.Send(m.protocol, p.Append(nil)) }

// NextID draws a fresh Identifier, for packets that the owner adds.
func (m *Machine) NextID() uint8 { return m.nextID() }

func (m *Machine) nextID() uint8 {
	m.id++
	return m.id
}
