package gre

import (
	"math"
	"math/bits"
	"time"
)

// minRemembered packets are remembered even where the window is smaller, so
// that an acknowledgement after the time-out still tells the round trip, and no
// more where few are ever on their way.
const minRemembered = 8

// never is a deadline that does not come.
const never = time.Duration(math.MaxInt64)

// The gains of RFC 2637 §4.4.1 and §4.4.2. Alpha and beta are fractions: the
// RFC's 1/8 and 1/4.
const (
	alphaDivisor = 8
	betaDivisor  = 4
	chi          = 4
	delta        = 2
)

// A sender numbers packets and keeps the window that the peer's
// acknowledgements open (RFC 2637 §4.2) and the adaptive time-out (§4.4).
type sender struct {
	windowing bool
	next      uint32          // the Sequence Number of the next packet
	oldest    uint32          // the oldest under way; next when none is
	unheard   uint32          // the oldest not acknowledged, which may have timed out
	window    int             // how many may be under way now
	past      int             // sent while it was closed, since it last moved
	maxWindow int             // what the peer advertised
	acked     uint64          // packets, in all
	digested  int             // acknowledged since the window last changed
	sentAt    []time.Duration // of the last packets, at Sequence Number modulo length, a power of two

	rtt, dev, timeOut      time.Duration
	minTimeOut, maxTimeOut time.Duration
}

func newSender(o Options) sender {
	s := sender{
		windowing:  o.Windowing,
		maxWindow:  min(max(o.SendWindow, 1), MaxWindow),
		minTimeOut: orDefault(o.MinTimeOut, defaultMinTimeOut),
		maxTimeOut: orDefault(o.MaxTimeOut, defaultMaxTimeOut),
	}
	if !s.windowing {
		return s
	}
	s.window = half(s.maxWindow) // §4.2.1
	s.sentAt = make([]time.Duration, minRemembered)
	s.rtt = min(o.PeerDelay, s.maxTimeOut)
	s.adapt()
	return s
}

func (s *sender) underWay() int { return int(s.next - s.oldest) }

func (s *sender) ready() bool { return !s.windowing || s.underWay() < s.window }

// spare is how many packets may be sent past a closed window before it moves.
const spare = 4

// number takes the Sequence Number of a packet that is sent now.
func (s *sender) number(now time.Duration) uint32 {
	n := s.next
	if !s.ready() {
		s.past++
	}
	s.next++
	if !s.windowing {
		s.oldest = s.next
		return n
	}
	if int(s.next-s.unheard) > len(s.sentAt) {
		s.remember()
	}
	if s.underWay() > len(s.sentAt) { // sent past a closed window
		s.oldest++
	}
	s.sentAt[s.slot(n)] = now
	return n
}

// remember makes room for twice as many packets, as long as the peer's window is
// larger. The last one has no place yet.
func (s *sender) remember() {
	old := s.sentAt
	if len(old) >= s.maxWindow {
		return
	}
	s.sentAt = make([]time.Duration, 2*len(old))
	for i := range uint32(len(old)) {
		n := s.next - 2 - i
		s.sentAt[s.slot(n)] = old[n&uint32(len(old)-1)]
	}
}

func (s *sender) slot(n uint32) uint32 { return n & uint32(len(s.sentAt)-1) }

// acknowledge takes an Acknowledgment Number: all packets up to it have
// arrived (§4.2.5), and the last of them tells the round trip. It tells it even
// if it comes after the time-out: nothing is ever sent twice, and a time-out
// that is too short would else never learn it. The result is false for the
// number of a packet that was never sent, which is ignored.
func (s *sender) acknowledge(now time.Duration, n uint32) bool {
	if int32(n-s.next) >= 0 {
		return false
	}
	if int32(n-s.unheard) < 0 { // said before
		return true
	}
	s.acked += uint64(n + 1 - s.unheard)
	s.unheard = n + 1
	if !s.windowing {
		return true
	}
	if int(s.next-n) <= len(s.sentAt) {
		s.sample(now - s.sentAt[s.slot(n)])
	}
	if int32(n-s.oldest) < 0 { // it is not under way any more
		return true
	}
	s.digested += int(n - s.oldest + 1)
	s.oldest, s.past = n+1, 0
	if s.digested >= s.window { // §4.2.3
		s.digested = 0
		s.window = min(s.window+1, s.maxWindow)
	}
	return true
}

// sample is §4.4.1.
func (s *sender) sample(sample time.Duration) {
	diff := sample - s.rtt
	s.dev += (diff.Abs() - s.dev) / betaDivisor
	s.rtt += diff / alphaDivisor
	s.adapt()
}

func (s *sender) adapt() {
	s.timeOut = max(s.minTimeOut, min(s.rtt+chi*s.dev, s.maxTimeOut))
}

func (s *sender) deadline() time.Duration {
	if !s.windowing || s.underWay() == 0 {
		return never
	}
	return s.sentAt[s.slot(s.oldest)] + s.timeOut
}

// expire is a time-out: nothing is sent again, the window is halved and counts
// from here (§4.2.2, §4.4.2). What was under way no longer fills it: otherwise
// each packet of a lost burst would halve it once more.
func (s *sender) expire(now time.Duration) bool {
	if now < s.deadline() {
		return false
	}
	s.oldest, s.past = s.next, 0
	s.window = half(s.window)
	s.digested = 0
	// RTT is bounded like the time-out, so that a long silence is forgotten as
	// fast as it may last.
	s.rtt = min(delta*s.rtt, s.maxTimeOut)
	s.adapt()
	return true
}

// half rounds up: one stays one (§4.2.2).
func half(n int) int { return (n + 1) / 2 }

// powerOfTwo is the smallest that is at least n; counters that wrap at 2³² can
// then be taken modulo it.
func powerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

func orDefault(d, def time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return def
}
