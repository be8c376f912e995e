package relay

import (
	"context"
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
	now := time.Now()
	r.now = now
	for _, p := range packets {
		// What is wrong with a malformed packet concerns nobody; it is counted.
		_, _ = r.gre.Receive(now, p, r.deliver)
	}
	r.settle(now)
}

// Wake is called when the time comes that was asked of the tunnel's WakeAt.
func (r *Relay) Wake(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.wake, r.now = time.Time{}, now
	r.gre.Expire(now, r.deliver)
	if frame := r.lcp.replayDue(now); frame != nil {
		r.push(frame)
	}
	r.settle(now)
}

// fromTunnel queues one frame of the PNS's for the line. A PNS that ignores
// the window meets the bound of the queue.
func (r *Relay) fromTunnel(frame []byte) {
	var queued bool
	if info := lcpPacket(frame); info != nil {
		if text, ok := terminateText(info); ok {
			r.cleared = text
		}
		queued = r.down.PushUrgent(frame)
	} else {
		queued = r.down.Push(frame)
	}
	if !queued {
		r.o.Counters.Dropped.Add(1)
		r.gre.Release(r.now, 1)
		return
	}
	r.wakeLine()
}

// wakeLine tells writeLine that something waits.
func (r *Relay) wakeLine() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// Terminate tells the caller in an LCP Terminate-Request that the call ends,
// and why: she would only see her carrier go. It is for ends of which the PNS
// knows nothing; Flush says when the line has taken it.
func (r *Relay) Terminate(text string) {
	p := cp.Packet{Code: cp.TerminateRequest, Data: []byte(text[:min(len(text), maxText)])}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended && r.down.PushUrgent(ppp.Append(nil, ppp.LCP, p.Append(nil))) {
		r.wakeLine()
	}
}

// writeLine writes what waits for the line, at most one frame or 100 ms at
// once, until the line fails or ctx ends.
func (r *Relay) writeLine(ctx context.Context) error {
	var buf []byte
	for {
		var frames int
		buf, frames = r.take(buf[:0])
		if frames == 0 {
			select {
			case <-r.kick:
				continue
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if _, err := r.o.Line.Write(buf); err != nil {
			return &LineError{Op: "write", Err: err}
		}
		r.taken()
	}
}

// take frames what goes to the line next.
func (r *Relay) take(buf []byte) ([]byte, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	burst := burstUnknown
	if r.o.Rate > 0 {
		burst = r.o.Rate / 80 // octets in 100 ms
	}
	r.leaving = r.leaving[:0]
	for len(r.leaving) == 0 || len(buf)+r.down.HeadLen() <= burst {
		frame := r.down.Pop()
		if frame == nil {
			break
		}
		r.leaving = append(r.leaving, frame)
		buf = r.toLine(buf, frame)
	}
	return buf, len(r.leaving)
}

// toLine appends one frame as it goes on the line. LCP goes as if nothing had
// been agreed (RFC 1661 §5), and Address and Control, which the tunnel may
// lack, are there unless the caller agreed to go without.
func (r *Relay) toLine(buf, frame []byte) []byte {
	full := len(frame) >= 2 && frame[0] == ppp.Address && frame[1] == ppp.Control
	info := lcpPacket(frame)
	if !full && (info != nil || !r.lcp.bare) {
		r.whole = append(append(r.whole[:0], ppp.Address, ppp.Control), frame...)
		frame = r.whole
	}
	r.o.Tap.PPP(r.o.Call, capture.Sent, frame)
	r.o.Counters.Down(len(frame))
	if info != nil {
		r.lcp.down(info)
		return hdlc.AppendFull(buf, frame)
	}
	e := hdlc.Encoder{ACCM: r.lcp.transmit}
	return e.Append(buf, frame)
}

// taken says that the line has taken what take returned: now it may be
// acknowledged.
func (r *Relay) taken() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	now := time.Now()
	for _, frame := range r.leaving {
		r.down.Free(frame)
	}
	r.gre.Release(now, len(r.leaving))
	r.wakeFlushed()
	r.settle(now)
}
