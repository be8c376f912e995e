package relay

import (
	"time"

	"carrier/shared/capture"
	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// Receive takes GRE packets from the tunnel; with Wake it makes a Relay a
// peer.Receiver.
func (r *Relay) Receive(packets [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.enter()
	defer r.leave()
	now := time.Now()
	r.now = now
	r.gre.ReceiveBatch(now, packets, r.deliver)
	r.arrived(now)
}

// Wake is called when the time comes that was asked of the tunnel's WakeAt.
func (r *Relay) Wake(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.enter()
	defer r.leave()
	r.now = now
	r.gre.Expire(now, r.deliver)
	if frame := r.lcp.replayDue(now); frame != nil {
		r.push(frame)
	}
	r.arrived(now)
}

// fromTunnel queues one frame of the PNS's for the line. A PNS that ignores
// the window meets the queue's bound and its early drop.
func (r *Relay) fromTunnel(frame []byte) {
	if info := lcpPacket(frame); info != nil {
		if text, ok := terminateText(info); ok {
			r.cleared = text
		}
	}
	r.down.Push(r.now, frame)
}

// arrived settles what came from the tunnel.
func (r *Relay) arrived(now time.Time) {
	if lost := r.countLost(&r.down, &r.lost); lost > 0 {
		r.gre.Release(now, lost)
	}
	r.wakeLine()
	r.settle(now)
}

// Terminate tells the caller in an LCP Terminate-Request that the call ends,
// and why: she would only see her carrier go. It is for ends of which the PNS
// knows nothing; Flush says when the line has taken it.
func (r *Relay) Terminate(text string) {
	p := cp.Packet{Code: cp.TerminateRequest, Data: []byte(text[:min(len(text), maxText)])}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.down.Push(time.Now(), ppp.Append(nil, ppp.LCP, p.Append(nil)))
		r.wakeLine()
	}
}

// toLine appends one frame as it goes on the line. LCP goes as if nothing had
// been agreed (RFC 1661 §5), and Address and Control, which the tunnel may
// lack, are there unless the caller agreed to go without.
func (r *Relay) toLine(buf, frame []byte, b *buffer) []byte {
	full := len(ppp.Strip(frame)) < len(frame)
	info := lcpPacket(frame)
	if !full && (info != nil || !r.lcp.bare) {
		b.frame = append(append(b.frame[:0], ppp.Address, ppp.Control), frame...)
		frame = b.frame
	}
	r.tap.PPP(r.call, capture.Sent, frame)
	r.counters.Down(len(frame))
	if info != nil {
		r.lcp.down(info)
		return hdlc.AppendFull(buf, frame)
	}
	e := hdlc.Encoder{ACCM: r.lcp.transmit}
	return e.Append(buf, frame)
}
