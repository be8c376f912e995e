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

// Add adds what a session has counted since before, and makes before what it
// has counted now: to be called once a batch, not once a packet.
func (c *Counters) Add(now Counts, before *Counts) {
	for d := range now.Received {
		grow(&c.Received[d], now.Received[d], before.Received[d])
	}
	grow(&c.Lost, now.Lost, before.Lost)
	grow(&c.Sent, now.Sent, before.Sent)
	grow(&c.SentAcks, now.SentAcks, before.SentAcks)
	grow(&c.TimeOuts, now.TimeOuts, before.TimeOuts)
	*before = now
}

func grow(c *atomic.Uint64, now, before uint64) {
	if now != before {
		c.Add(now - before)
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
