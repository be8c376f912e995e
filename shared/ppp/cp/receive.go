package cp

import (
	"bytes"
	"slices"
	"time"

	"carrier/shared/ppp"
)

// Receive takes a packet, which is not kept. What does not parse, carries a
// wrong Identifier or answers nothing is silently discarded (RFC 1661 §5). A
// code that is unknown is rejected; a protocol with more codes than the common
// seven handles those before.
func (m *Machine) Receive(now time.Time, p Packet, out *ppp.Outbox) Action {
	if s := m.State(); s == Initial || s == Starting {
		return 0 // no lower layer, no packets
	}
	switch p.Code {
	case ConfigureRequest:
		return m.configureRequest(now, p, out)
	case ConfigureAck:
		m.answeredTwice(p.ID)
		if p.ID != m.reqID || m.answered || !bytes.Equal(p.Data, m.request) {
			return 0
		}
		m.took(now)
		m.acked = true
		m.neg.Acked()
		return m.step(now, RCA, p, nil, out)
	case ConfigureNak, ConfigureReject:
		return m.refused(now, p, out)
	case TerminateRequest:
		m.peerText, m.peerDone = string(p.Data), true
		return m.step(now, RTR, p, nil, out)
	case TerminateAck:
		return m.step(now, RTA, p, nil, out)
	case CodeReject:
		return m.codeReject(now, p, out)
	}
	return m.step(now, RUC, p, nil, out)
}

func (m *Machine) configureRequest(now time.Time, p Packet, out *ppp.Outbox) Action {
	opts, err := ParseOptions(p.Data)
	if err != nil {
		return 0
	}
	switch s := m.State(); {
	case s == Opened && m.repeated(p, out):
		return 0
	case s == Stopped || s == Opened && !m.keepsOwn(s):
		m.begin()
	case s == Closed || s == Closing || s == Stopping:
		return m.step(now, RCRPlus, p, nil, out) // the options do not matter
	}
	answer, err := m.neg.Judge(opts)
	if err != nil {
		return m.giveUp(now, err, out)
	}
	reply := Packet{Code: ConfigureReject, ID: p.ID}
	switch {
	case len(answer.Reject) > 0:
		reply.Data = AppendOptions(nil, answer.Reject)
	case len(answer.Nak) > 0 && m.naks < m.limits.failure:
		m.naks++
		reply.Code, reply.Data = ConfigureNak, AppendOptions(nil, once(answer.Nak))
	case len(answer.Nak) > 0: // Max-Failure: Nak becomes Reject, what we miss is let be
		reply.Data = AppendOptions(nil, named(opts, answer.Nak))
	}
	if len(reply.Data) == 0 {
		return m.step(now, RCRPlus, p, nil, out)
	}
	if m.sent++; m.sent > m.limits.rounds {
		return m.stop(now, out)
	}
	return m.step(now, RCRMinus, p, &reply, out)
}

// once returns the first option of each type: what the peer has asked for again and
// again is told once what we would take (RFC 1661 §6), or the answer to a packet full of
// short options would fit in none.
func once(opts []Option) []Option {
	var found []Option
	for _, o := range opts {
		if !slices.ContainsFunc(found, func(f Option) bool { return f.Type == o.Type }) {
			found = append(found, o)
		}
	}
	return found
}

// named returns the options of request whose types are in nak.
func named(request, nak []Option) []Option {
	var found []Option
	for _, o := range request {
		if slices.ContainsFunc(nak, func(n Option) bool { return n.Type == o.Type }) {
			found = append(found, o)
		}
	}
	return found
}

// refused takes a Configure-Nak or Configure-Reject.
func (m *Machine) refused(now time.Time, p Packet, out *ppp.Outbox) Action {
	m.answeredTwice(p.ID)
	opts, err := ParseOptions(p.Data)
	if err != nil || p.ID != m.reqID || m.answered || len(opts) == 0 {
		return 0
	}
	ours, _ := ParseOptions(m.request)
	var nak, reject []Option
	for _, o := range opts {
		mine := slices.ContainsFunc(ours, o.Equal)
		switch {
		case mine: // also in a Nak: whoever suggests our own value does not want the option
			reject = append(reject, o)
		case p.Code == ConfigureReject:
			return 0 // not what we sent
		default:
			nak = append(nak, o)
		}
	}
	m.took(now)
	if m.received++; m.received > m.limits.rounds {
		return m.stop(now, out)
	}
	if len(nak) > 0 {
		err = m.neg.Naked(nak)
	}
	if err == nil && len(reject) > 0 {
		err = m.neg.Rejected(reject)
	}
	if err != nil {
		return m.giveUp(now, err, out)
	}
	return m.step(now, RCN, p, nil, out)
}

// codeReject takes a Code-Reject of one of our packets. The common seven codes
// cannot be done without (RFC 1661 §5.6).
func (m *Machine) codeReject(now time.Time, p Packet, out *ppp.Outbox) Action {
	if len(p.Data) == 0 {
		return 0
	}
	if c := Code(p.Data[0]); c >= ConfigureRequest && c <= CodeReject {
		return m.step(now, RXJMinus, p, nil, out)
	}
	return m.step(now, RXJPlus, p, nil, out)
}

// giveUp closes because the Negotiator sees no way.
func (m *Machine) giveUp(now time.Time, err error, out *ppp.Outbox) Action {
	m.err = err
	return m.Close(now, err.Error(), out)
}

// stop ends a negotiation that does not converge, as if its last timeout had
// come.
func (m *Machine) stop(now time.Time, out *ppp.Outbox) Action {
	if !m.State().Negotiating() {
		return 0
	}
	return m.step(now, TOMinus, Packet{}, nil, out)
}
