package gre

import "sync/atomic"

// Counters are the sums over the sessions of a program. Any goroutine may read
// them; the zero value is ready.
type Counters struct {
	Received       [Dispositions]atomic.Uint64
	Lost           atomic.Uint64 // Sequence Numbers given up
	Sent, SentAcks atomic.Uint64
	TimeOuts       atomic.Uint64 // acknowledgements that did not come in time
}

// told is what Counters were told of a session so far: of each count the low
// bits, for it grows by less than 2^32 from one time to the next.
type told struct {
	received                       [Dispositions]uint32
	lost, sent, sentAcks, timeOuts uint32
}

// Tell adds to c what the session has counted since the last time: to be called
// once a batch, not once a packet, and always with the same c.
func (s *Session) Tell(c *Counters) {
	now, before := &s.counts, &s.told
	for d := range now.Received {
		grow(&c.Received[d], now.Received[d], &before.received[d])
	}
	grow(&c.Lost, now.Lost, &before.lost)
	grow(&c.Sent, now.Sent, &before.sent)
	grow(&c.SentAcks, now.SentAcks, &before.sentAcks)
	grow(&c.TimeOuts, now.TimeOuts, &before.timeOuts)
}

func grow(c *atomic.Uint64, now uint64, before *uint32) {
	if n := uint32(now) - *before; n != 0 {
		c.Add(uint64(n))
		*before = uint32(now)
	}
}

// Packets calls f for each direction and disposition but Probe and Malformed:
// such packets do not come as far as a session, whoever owns the socket counts
// them.
func (c *Counters) Packets(f func(direction, disposition string, n uint64)) {
	for d := range Probe {
		f("received", d.String(), c.Received[d].Load())
	}
	f("sent", "data", c.Sent.Load())
	f("sent", AckOnly.String(), c.SentAcks.Load())
}
