package gre

import "time"

// Options are what the call set-up settled for a Session. Zero values take the
// defaults named.
type Options struct {
	PeerCallID uint16 // the Call ID that the peer gave: it is on every packet we send

	// Windowing holds packets back while the peer's window is full (RFC 2637
	// §4.2). Without it Ready is always true, and what we receive is
	// acknowledged all the same.
	Windowing  bool
	SendWindow int           // the peer's Packet Recv. Window Size; 0 means 1, more than MaxWindow means MaxWindow
	PeerDelay  time.Duration // the peer's Packet Processing Delay, the first estimate of the round trip (§4.4)
	MinTimeOut time.Duration // of an acknowledgement (§4.4.1); 500 ms
	MaxTimeOut time.Duration // 15 s: two full packets at 1,200 bit/s take 20

	RecvWindow int           // the window that we advertised: a quarter of it, but at most 8, unacknowledged makes an acknowledgement due at once, and half of it where the peer sends so many; 1
	DelayAck   bool          // towards a modem: a payload may be acknowledged only after Release
	AckDelay   time.Duration // how long an acknowledgement may wait for data to ride on, while the window lets some go; 50 ms

	Reorder     int           // how far, in packets, one may run ahead of a missing one; 32, none if negative
	ReorderTime time.Duration // how long the missing one is waited for; 50 ms
}

// MaxWindow bounds the send window, whatever the peer advertises.
const MaxWindow = 128

// The defaults of Options.
const (
	defaultMinTimeOut  = 500 * time.Millisecond
	defaultMaxTimeOut  = 15 * time.Second
	defaultAckDelay    = 50 * time.Millisecond
	firstAckEvery      = 8 // packets: the peer's window may be far smaller than what we allow it
	defaultReorder     = 32
	defaultReorderTime = 50 * time.Millisecond
	maxReorder         = 256
)

// A Session is the enhanced GRE of one call, both directions. It is a value
// guarded by its owner's lock; in steady state nothing in it allocates.
type Session struct {
	epoch  time.Time // all times inside count from here
	recv   receiver
	send   sender
	counts Counts
	told   told
	peer   uint16
}

// NewSession begins a session at now. Its own Sequence Numbers start at zero
// (§4.1); the peer's may start anywhere.
func NewSession(o Options, now time.Time) Session {
	return Session{epoch: now, peer: o.PeerCallID, recv: newReceiver(o), send: newSender(o)}
}

// ReceiveBatch is Receive for packets that came together. The payloads stay as
// they are for as long as the packets do, or until the next call of it, of
// Receive or of Expire. What is wrong with a malformed packet is only counted.
func (s *Session) ReceiveBatch(now time.Time, packets [][]byte, deliver func(payload []byte)) {
	s.recv.order.reuse()
	for _, p := range packets {
		_, _ = s.receive(now, p, deliver)
	}
}

// Receive takes one packet, from its GRE header on, as it came. Payloads that
// are due now, in their order, go to deliver, which gets them for the time of
// the call only. The error of a Malformed packet says what is wrong with it;
// other dispositions come without error. The packet is not kept.
func (s *Session) Receive(now time.Time, packet []byte, deliver func(payload []byte)) (Disposition, error) {
	s.recv.order.reuse()
	return s.receive(now, packet, deliver)
}

func (s *Session) receive(now time.Time, packet []byte, deliver func(payload []byte)) (Disposition, error) {
	h, payload, err := Parse(packet)
	if err != nil {
		s.counts.Received[Malformed]++
		return Malformed, err
	}
	at := now.Sub(s.epoch)
	if h.HasAck && !s.send.acknowledge(at, h.Ack) {
		s.counts.AcksIgnored++
	}
	d := Probe
	switch {
	case h.HasSeq:
		d = s.recv.receive(at, h.Seq, payload, deliver, &s.counts)
	case h.HasAck:
		d = AckOnly
	}
	s.counts.Received[d]++
	return d, nil
}

// Release says that n more delivered payloads have been consumed, or dropped,
// and may be acknowledged. Only a session with DelayAck needs it.
func (s *Session) Release(now time.Time, n int) {
	s.recv.release(now.Sub(s.epoch), n)
}

// Ready reports whether the window lets one more packet out.
func (s *Session) Ready() bool { return s.send.ready() }

// Spare reports whether one more packet may be sent although Ready is false. There are
// four such until the window moves, for what must not wait as long as it takes: where
// acknowledgements are lost, a quarter of a minute each time.
func (s *Session) Spare() bool { return s.send.past < spare }

// LastSlot reports whether the window, if it is wider than two packets, lets
// out one more and no second: whoever must not wait can be given it.
func (s *Session) LastSlot() bool {
	return s.send.windowing && s.send.window > 2 && s.send.underWay() == s.send.window-1
}

// Append appends a data packet to dst, with the acknowledgement riding on it.
// The owner asks Ready before. The payload must be shorter than 65536 octets.
func (s *Session) Append(now time.Time, dst, payload []byte) []byte {
	start := len(dst)
	dst = append(s.Begin(now, dst), payload...)
	Finish(dst[start:])
	return dst
}

// Begin is the first half of Append, for a payload that is best put together
// where it is sent from: it is appended behind the header, and then Finish is
// called.
func (s *Session) Begin(now time.Time, dst []byte) []byte {
	at := now.Sub(s.epoch)
	h := Header{CallID: s.peer, HasSeq: true, Seq: s.send.number(at)}
	h.Ack, h.HasAck = s.recv.takeAck()
	s.counts.Sent++
	return h.begin(dst)
}

// AppendAck appends an acknowledgement alone if one is due now, else it
// returns dst as it was. It is to be called after Receive, Release and Expire,
// once for a batch.
func (s *Session) AppendAck(now time.Time, dst []byte) []byte {
	rides := s.send.ready() // on the next data; else those wait for the peer, who may be waiting for this
	if !s.recv.ackDue(now.Sub(s.epoch)) && (rides || s.recv.pending() <= 0) {
		return dst
	}
	h := Header{CallID: s.peer}
	h.Ack, h.HasAck = s.recv.takeAck()
	s.counts.SentAcks++
	return h.Append(dst, nil)
}

// Deadline is when Expire wants to be called; zero when nothing is waited for.
func (s *Session) Deadline() time.Time {
	at := min(s.recv.deadline(), s.send.deadline())
	if at == never {
		return time.Time{}
	}
	return s.epoch.Add(at)
}

// Expire does what is due at now: a missing packet is given up and those
// behind it are delivered; a window whose acknowledgement did not come is
// halved and opened (§4.4.2). AppendAck then has an acknowledgement whose time
// has come. Called early it does nothing. The payloads delivered stay as they
// are until the next Receive, ReceiveBatch or Expire.
func (s *Session) Expire(now time.Time, deliver func(payload []byte)) {
	at := now.Sub(s.epoch)
	s.recv.order.reuse()
	s.recv.expire(at, deliver, &s.counts)
	if s.send.expire(at) {
		s.counts.TimeOuts++
	}
}
