package cp

import (
	"hash/crc32"
	"time"

	"carrier/shared/ppp"
)

// On a way that takes longer than the Restart timer each end has sent its request
// again before the answer comes, and who is Opened by then would begin anew: both
// ends of RFC 1661's automaton go on so for ever. A way is so slow where a frame of
// data is on a line of 2,400 bit/s, or a machine is overloaded.

// maxRepeats is how many requests of a peer may be on their way for nothing. One more
// is from a peer that has begun anew, and asks for the same as before.
const maxRepeats = 3

// theirs is the peer's request that was acknowledged last.
type theirs struct {
	sum  uint32 // of its options: CRC-32 tells apart what differs in a Magic-Number
	id   uint8
	left uint8 // how many repeats of it are still taken for that
}

// repeated acknowledges once more, in Opened, a request that was acknowledged already:
// a new one would have another Identifier (RFC 1661 §5.1). False: it is another.
func (m *Machine) repeated(p Packet, out *ppp.Outbox) bool {
	t := &m.theirs
	if t.left == 0 || p.ID != t.id || crc32.ChecksumIEEE(p.Data) != t.sum {
		return false
	}
	t.left--
	m.send(Packet{ConfigureAck, p.ID, p.Data}, out)
	return true
}

// asked is how long our own requests wait for their answers.
type asked struct {
	since    time.Time     // when the last request was sent first
	spent    time.Duration // from there to its answer, of the last that had one
	answered uint8         // its Identifier
	slow     time.Duration // what the Restart timer is longer by
}

// took notes that our request has its answer: the Restart timer then waits for half
// as long again, but at most twice as long as usual (RFC 1661 §4.6 wants it to go by
// the speed of the link). Which of several sendings was answered, nobody knows.
func (m *Machine) took(now time.Time) {
	a := &m.asked
	a.spent, a.answered = now.Sub(a.since), m.reqID
	if a.spent < m.limits.restart+a.slow {
		a.follow(m.limits.restart)
	}
	m.answered = true
}

// answeredTwice takes another answer to what had one: it was sent again for nothing.
func (m *Machine) answeredTwice(id uint8) {
	if a := &m.asked; id == a.answered && (m.answered || id != m.reqID) {
		a.follow(m.limits.restart)
	}
}

func (a *asked) follow(restart time.Duration) {
	a.slow = min(max(a.spent*3/2-restart, 0), restart)
}
