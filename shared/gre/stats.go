package gre

import "time"

// A Disposition is what became of a packet that was received.
type Disposition uint8

// What becomes of packets.
const (
	InOrder      Disposition = iota // delivered
	Held                            // kept until the missing one before it comes or is given up
	Duplicate                       // its Sequence Number came before
	Late                            // it was given up before it came
	TooFar                          // too far ahead to be believed: set aside
	Restarted                       // follows the one set aside: both were delivered, and the order starts there
	AckOnly                         // carries no payload
	Probe                           // carries nothing
	Malformed                       // is no PPTP packet
	Dispositions                    // how many there are
)

var dispositionNames = [Dispositions]string{"in-order", "held", "duplicate", "late", "too-far", "restarted",
	"ack", "probe", "malformed"}

// String is the disposition's name in metrics.
func (d Disposition) String() string {
	if d < Dispositions {
		return dispositionNames[d]
	}
	return "unknown"
}

// Counts are what a session counted.
type Counts struct {
	Received    [Dispositions]uint64
	Lost        uint64 // Sequence Numbers given up
	AcksIgnored uint64 // Acknowledgment Numbers of packets never sent
	Sent        uint64 // data packets
	SentAcks    uint64 // acknowledgements alone
	TimeOuts    uint64 // acknowledgements that did not come in time
}

// Stats are what a session counted, and how its sender stands.
type Stats struct {
	Counts
	Acked uint64 // data packets of ours that were acknowledged

	Window    int // packets that may be under way now; 0 without windowing
	UnderWay  int // packets sent and not acknowledged
	RoundTrip time.Duration
	Deviation time.Duration
	TimeOut   time.Duration // the adaptive time-out of §4.4.1
}

// Stats reads the counters and the sender.
func (s *Session) Stats() Stats {
	st := Stats{Counts: s.counts, Acked: s.send.acked}
	if s.send.windowing {
		st.Window = s.send.window
		st.UnderWay = s.send.underWay()
		st.RoundTrip, st.Deviation, st.TimeOut = s.send.rtt, s.send.dev, s.send.timeOut
	}
	return st
}
