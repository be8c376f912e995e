package flow

import (
	"sync/atomic"
	"time"

	"carrier/shared/capture"
	"carrier/shared/gre"
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
	now := time.Now()
	f.enter(now)
	defer f.leave()
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
	f.enter(now)
	defer f.leave()
	f.gre.Expire(now, f.deliver)
	f.toNetwork()
	f.settle(now)
}

// fromTunnel takes one frame of the caller's, in its order.
func (f *Flow) fromTunnel(frame []byte) {
	f.tap.PPP(f.call, capture.Received, frame)
	f.counters.Up(len(frame))
	f.sort(frame)
}

// sort sends a frame where it belongs.
func (f *Flow) sort(frame []byte) {
	p, info, err := ppp.Split(frame)
	switch {
	case err != nil:
		f.drop(&f.stats.Malformed)
	case p.Network() && f.held.holding:
		f.hold(frame)
	case p == ppp.Multilink && f.bundle != nil && f.bundle.In != nil:
		f.join(info)
	case p == ppp.Compressed && f.coding.In != nil:
		f.decode(info)
	case p.Network() && (f.coding.Sealed || f.coding.Shut):
		f.drop(&f.stats.Unsealed)
	case p.Network():
		if f.coding.In != nil {
			f.coding.In.Uncompressed(f.whole(p, info))
		}
		f.fromCaller(p, info, frame)
	case p == ppp.CCP && f.reset(info):
	case p == ppp.LQR && f.quality != nil:
		f.report(info)
	default:
		f.toSession(p, info, frame)
	}
}

// fromCaller takes network data of the caller's, as frame has them.
func (f *Flow) fromCaller(p ppp.Protocol, info, frame []byte) {
	switch {
	case p == ppp.IPv4:
		f.toLAN(info, frame)
	case p == ppp.IPv6 && f.net6 != nil:
		f.toLAN6(info, frame)
	case (p == ppp.VJCompressed || p == ppp.VJUncompressed) && f.headers.in != nil:
		if packet, ok := f.expand(p, info); ok {
			f.toLAN(packet, frame) // TCP, which is never the session's
		}
	default: // the session rejects the protocol
		f.toSession(p, info, frame)
	}
}

// settle sends what may be sent after anything changed, and asks to be woken.
func (f *Flow) settle(now time.Time) {
	for frame := f.next(now); frame != nil; frame = f.next(now) {
		f.send(now, frame.Octets)
		frame.Free()
	}
	f.countLost()
	out := &f.scratch.out
	out.Add(f.gre.AppendAck(now, out.Next()))
	if packets := out.Take(); len(packets) > 0 {
		if err := f.tunnel.Send(packets...); err != nil {
			f.stats.SendErrors.Add(1) // the session hears of a lost tunnel from its call
		}
	}
	f.tunnel.WakeAt(f.gre.Deadline())
	f.gre.Tell(&f.stats.GRE)
}

// next is the frame to send; nil: there is none, or it must wait. What has much to
// send leaves the last place in the window to what has little: a packet that fills it
// is on the line for a long time, and the PAC has one of them to send meanwhile. A few
// frames of the session's do not wait for the window: who negotiates gives up soon.
func (f *Flow) next(now time.Time) *queue.Frame {
	switch {
	case !f.gre.Ready() && f.gre.Spare():
		return f.queue.PopControl()
	case !f.gre.Ready():
		return nil
	case f.gre.LastSlot():
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
	f.counters.Dropped.Add(full + early)
	f.stats.QueueFull.Add(full)
	f.stats.Early.Add(early)
}

// send puts one frame into the batch that settle sends.
func (f *Flow) send(now time.Time, frame []byte) {
	if f.encodes() {
		frame = f.encode(frame)
	}
	if f.wraps() {
		frame = f.wrap(frame)
	}
	if f.quality != nil {
		f.stamp(frame)
	}
	f.sent(frame)
	if f.strip {
		frame = ppp.Strip(frame)
	}
	out := &f.scratch.out
	out.Add(f.gre.Append(now, out.Next(), frame))
}

// sendAsItIs is send for a packet that nothing is done with: its frame is made
// where it is sent from.
func (f *Flow) sendAsItIs(now time.Time, p ppp.Protocol, packet []byte) {
	out := &f.scratch.out
	whole := f.gre.Begin(now, out.Next())
	header := len(whole)
	whole = f.form.Append(whole, p, packet)
	f.sent(whole[header:])
	gre.Finish(whole)
	out.Add(whole)
}

// encodes tells whether send changes what it is given.
func (f *Flow) encodes() bool {
	return f.strip || f.coding.Out != nil || f.headers.out != nil || f.wraps()
}

// sent shows and counts a frame.
func (f *Flow) sent(frame []byte) {
	f.tap.PPP(f.call, capture.Sent, frame)
	f.counters.Down(len(frame))
}

// drop counts a frame that goes no further.
func (f *Flow) drop(why *atomic.Uint64) {
	f.counters.Dropped.Add(1)
	why.Add(1)
}
