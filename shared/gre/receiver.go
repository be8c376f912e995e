package gre

import (
	"math"
	"time"
)

// far is the distance ahead, in packets, from which a Sequence Number is not
// believed alone: a peer that lost so many at once goes on with the next, a
// stray or forged packet does not.
const far = 1024

// seldom is the number of packets that are acknowledged at once where none are:
// only data and time bring acknowledgements.
const seldom = math.MaxInt32

// A receiver brings packets back into order, within bounds (RFC 2637 §4.3),
// and says what may be acknowledged.
type receiver struct {
	started bool
	next    uint32 // the Sequence Number that is due
	seen    uint64 // bit i: next-1-i was received
	order   holder
	aside   *held // one that was too far ahead; nil: none yet

	// What may be acknowledged is next-1 less what is not consumed yet. After
	// a loss that is not the number of a consumed packet, but it leaves the
	// sender exactly as many under way as we still hold.
	unconsumed int
	acked      uint32 // the last Acknowledgment Number told
	ackedAny   bool   // there is one
	delayAck   bool
	ackDelay   time.Duration // from the first packet not acknowledged
	ackEvery   int           // so many not acknowledged do not wait: from ackLeast to ackMost
	ackLeast   int
	ackMost    int           // half the window that we advertised
	ackAt      time.Duration // when an acknowledgement alone is due, or never
}

func newReceiver(o Options) receiver {
	least := min(max(o.RecvWindow/4, 1), firstAckEvery)
	most := least
	if !o.DelayAck {
		most = max(o.RecvWindow/2, least)
	}
	return receiver{
		order:    newHolder(o),
		delayAck: o.DelayAck,
		ackDelay: orDefault(o.AckDelay, defaultAckDelay),
		ackEvery: least,
		ackLeast: least,
		ackMost:  most,
		ackAt:    never,
	}
}

// receive places one data packet.
func (r *receiver) receive(now time.Duration, seq uint32, payload []byte, deliver func([]byte), st *Counts) Disposition {
	if !r.started {
		r.started = true
		r.next, r.acked = seq, seq-1
	}
	ahead := int(int32(seq - r.next)) // signed: the numbers wrap (§4.1 has 32 bits)
	switch {
	case ahead < 0:
		if ahead >= -64 && r.seen>>(-ahead-1)&1 == 1 {
			return Duplicate
		}
		return Late
	case ahead >= far:
		return r.tooFar(now, seq, payload, deliver, st)
	}
	if r.aside != nil {
		r.aside.used = false
	}
	if ahead > r.order.reach {
		r.giveUp(seq-uint32(r.order.reach), deliver, st)
	}
	d := InOrder
	if seq == r.next {
		r.take(payload, deliver)
		r.drain(deliver)
	} else if !r.order.hold(now, seq, payload) {
		d = Duplicate
	} else {
		d = Held
	}
	r.progress(now)
	return d
}

// take delivers the packet that is due. A payload of no octets is no PPP
// frame: it only takes its place in the order.
func (r *receiver) take(payload []byte, deliver func([]byte)) {
	r.next++
	r.seen = r.seen<<1 | 1
	if len(payload) == 0 {
		return
	}
	if r.delayAck {
		r.unconsumed++
	}
	deliver(payload)
}

// drain delivers what was held for the packet just taken.
func (r *receiver) drain(deliver func([]byte)) {
	for {
		payload, ok := r.order.release(r.next)
		if !ok {
			return
		}
		r.take(payload, deliver)
	}
}

// giveUp moves on to seq: what is held before it is delivered, what is missing
// is lost.
func (r *receiver) giveUp(seq uint32, deliver func([]byte), st *Counts) {
	for r.next != seq {
		if payload, ok := r.order.release(r.next); ok {
			r.take(payload, deliver)
			continue
		}
		r.next++
		r.seen <<= 1
		st.Lost++
	}
	r.drain(deliver)
}

// tooFar sets a packet aside. When the next one follows it, both are believed
// and the order starts there.
func (r *receiver) tooFar(now time.Duration, seq uint32, payload []byte, deliver func([]byte), st *Counts) Disposition {
	if r.aside == nil {
		r.aside = new(held)
	}
	if !r.aside.used || seq != r.aside.seq+1 {
		if r.aside.used && seq == r.aside.seq {
			return Duplicate
		}
		*r.aside = held{used: true, seq: seq, payload: append(r.aside.payload[:0], payload...)}
		return TooFar
	}
	for r.order.n > 0 {
		r.giveUp(r.order.first(r.next), deliver, st)
	}
	r.next, r.seen, r.aside.used = r.aside.seq, 0, false
	first := r.aside.payload
	r.aside.payload = nil // another may be set aside before this one is used
	r.take(first, deliver)
	r.take(payload, deliver)
	r.progress(now)
	return Restarted
}

// expire delivers what has waited long enough for a missing packet, and all
// before it.
func (r *receiver) expire(now time.Duration, deliver func([]byte), st *Counts) {
	if seq, ok := r.order.overdue(now, r.next); ok {
		r.giveUp(seq, deliver, st)
		r.progress(now)
	}
}

func (r *receiver) deadline() time.Duration { return min(r.ackAt, r.order.deadline()) }

// release notes that n delivered packets were consumed.
func (r *receiver) release(now time.Duration, n int) {
	r.unconsumed = max(r.unconsumed-n, 0)
	r.progress(now)
}

// progress settles when an acknowledgement is due, after anything that moves
// what may be acknowledged.
func (r *receiver) progress(now time.Duration) {
	switch pending := r.pending(); {
	case pending >= r.ackEvery:
		r.ackAt = min(r.ackAt, now)
	case pending > 0 && r.ackAt == never:
		r.ackAt = now + r.ackDelay
	}
}

func (r *receiver) ackable() uint32 { return r.next - 1 - uint32(r.unconsumed) }

func (r *receiver) pending() int { return int(int32(r.ackable() - r.acked)) }

// ackDue tells whether an acknowledgement alone is due. One for which few
// packets waited is late: the peer's window may have become small.
func (r *receiver) ackDue(now time.Duration) bool {
	if r.ackAt > now {
		return false
	}
	if r.pending() < r.ackEvery {
		r.ackEvery = r.ackLeast
	}
	return true
}

// takeAck is the Acknowledgment Number for a packet that leaves now. The last
// one is told again on every data packet, in case it was lost. A peer that sent
// many without one has a window that lets it, and needs them less often; one that
// sent far more than our window allows does not wait for them.
func (r *receiver) takeAck() (uint32, bool) {
	if !r.ackedAny && (!r.started || r.pending() <= 0) {
		return 0, false
	}
	if pending := r.pending(); pending > 2*r.ackMost+2*spare && !r.delayAck {
		r.ackEvery = seldom
	} else {
		r.ackEvery = max(r.ackEvery, min(pending, r.ackMost))
	}
	r.acked, r.ackedAny, r.ackAt = r.ackable(), true, never
	return r.acked, true
}
