package flow

import (
	"sync/atomic"
	"time"

	"carrier/shared/capture"
	"carrier/shared/ppp"
	"carrier/shared/queue"
)

// Receive takes GRE packets from the tunnel; with Wake it makes a Flow a
// peer.Receiver.
func (f *Flow) Receive(packets [][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.enter()
	defer f.leave()
	now := time.Now()
	f.now = now
	f.gre.ReceiveBatch(now, packets, f.deliver)
	f.toNetwork()
	f.settle(now)
}

// Wake is called when the time comes that was asked of the tunnel's WakeAt.
func (f *Flow) Wake(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.enter()
	defer f.leave()
	f.wake, f.now = time.Time{}, now
	f.gre.Expire(now, f.deliver)
	f.toNetwork()
	f.settle(now)
}

// fromTunnel takes one frame of the caller's, in its order.
func (f *Flow) fromTunnel(frame []byte) {
	f.o.Tap.PPP(f.o.Call, capture.Received, frame)
	f.o.Counters.Up(len(frame))
	p, info, err := ppp.Split(frame)
	switch {
	case err != nil:
		f.drop(&f.o.Stats.Malformed)
	case p == ppp.IPv4:
		f.toLAN(info)
	default: // data of other networks too: the session rejects their protocols
		f.toSession(frame)
	}
}

// toSession copies a control frame into a buffer that the session gives back.
func (f *Flow) toSession(frame []byte) {
	var b []byte
	select {
	case b = <-f.free:
	default:
	}
	b = append(b[:0], frame...)
	select {
	case f.frames <- b:
	default:
		f.Free(b)
		f.drop(&f.o.Stats.SessionBusy)
	}
}

// settle sends what may be sent after anything changed, and asks to be woken.
func (f *Flow) settle(now time.Time) {
	for f.gre.Ready() {
		frame := f.next(now)
		if frame == nil {
			break
		}
		f.send(now, frame.Octets)
		frame.Free()
	}
	f.countLost()
	out := &f.scratch.out
	out.Add(f.gre.AppendAck(now, out.Next()))
	if packets := out.Take(); len(packets) > 0 {
		if err := f.o.Tunnel.Send(packets...); err != nil {
			f.o.Stats.SendErrors.Add(1) // the session hears of a lost tunnel from its call
		}
	}
	// Called early, Wake does no harm: a deadline that moves away, as most do,
	// needs no new call.
	if d := f.gre.Deadline(); !d.IsZero() && (f.wake.IsZero() || d.Before(f.wake)) {
		f.wake = d
		f.o.Tunnel.WakeAt(d)
	}
	f.o.Stats.GRE.Add(f.gre.Stats(), &f.counted)
}

// next is the frame to send. What has much to send leaves the last place in the
// window to what has little: a packet that fills it is on the line for a long
// time, and the PAC has one of them to send meanwhile.
func (f *Flow) next(now time.Time) *queue.Frame {
	if f.gre.LastSlot() {
		return f.queue.PopSparse(now)
	}
	return f.queue.Pop(now)
}

// countLost counts what the queue dropped.
func (f *Flow) countLost() {
	now := f.queue.Stats()
	if now == f.lost {
		return
	}
	full, early := now.Full-f.lost.Full, now.Early-f.lost.Early
	f.lost = now
	f.o.Counters.Dropped.Add(full + early)
	f.o.Stats.QueueFull.Add(full)
	f.o.Stats.Early.Add(early)
}

// send puts one frame into the batch that settle sends.
func (f *Flow) send(now time.Time, frame []byte) {
	f.o.Tap.PPP(f.o.Call, capture.Sent, frame)
	f.o.Counters.Down(len(frame))
	out := &f.scratch.out
	out.Add(f.gre.Append(now, out.Next(), frame))
}

// drop counts a frame that goes no further.
func (f *Flow) drop(why *atomic.Uint64) {
	f.o.Counters.Dropped.Add(1)
	why.Add(1)
}
