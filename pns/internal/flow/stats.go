package flow

import (
	"sync/atomic"

	"carrier/shared/gre"
)

// Stats are the counters of all flows of a program; any goroutine may read
// them.
type Stats struct {
	// GRE packets.
	Received                   [gre.Dispositions]atomic.Uint64
	Sent, SentAcks, SentProbes atomic.Uint64
	SendErrors                 atomic.Uint64 // calls to Send that failed
	Lost                       atomic.Uint64 // Sequence Numbers that never came
	TimeOuts                   atomic.Uint64 // acknowledgements that did not come in time

	// Frames that went no further.
	Malformed   atomic.Uint64 // no PPP frame, or no IPv4 packet in it
	NotOpen     atomic.Uint64 // data while IPCP is not open
	Spoofed     atomic.Uint64 // from an address that is not the caller's
	TooLong     atomic.Uint64 // longer than the caller's MRU
	QueueFull   atomic.Uint64
	SessionBusy atomic.Uint64 // control frames that the session was too slow for
}

// add adds what is in now and was not in before.
func (s *Stats) add(now, before *gre.Stats) {
	for d := range now.Received {
		plus(&s.Received[d], now.Received[d], before.Received[d])
	}
	plus(&s.Sent, now.Sent, before.Sent)
	plus(&s.SentAcks, now.SentAcks, before.SentAcks)
	plus(&s.SentProbes, now.SentProbes, before.SentProbes)
	plus(&s.Lost, now.Lost, before.Lost)
	plus(&s.TimeOuts, now.TimeOuts, before.TimeOuts)
}

func plus(c *atomic.Uint64, now, before uint64) {
	if now != before {
		c.Add(now - before)
	}
}

// Packets calls f for each direction and disposition of GRE packets.
func (s *Stats) Packets(f func(direction, disposition string, n uint64)) {
	for d := range gre.Dispositions {
		f("received", d.String(), s.Received[d].Load())
	}
	f("sent", "data", s.Sent.Load())
	f("sent", gre.AckOnly.String(), s.SentAcks.Load())
	f("sent", gre.Probe.String(), s.SentProbes.Load())
	f("sent", "failed", s.SendErrors.Load())
}

// Dropped calls f for each reason why frames went no further.
func (s *Stats) Dropped(f func(reason string, n uint64)) {
	f("malformed", s.Malformed.Load())
	f("not-open", s.NotOpen.Load())
	f("spoofed", s.Spoofed.Load())
	f("too-long", s.TooLong.Load())
	f("queue-full", s.QueueFull.Load())
	f("session-busy", s.SessionBusy.Load())
}
