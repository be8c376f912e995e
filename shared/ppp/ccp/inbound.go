package ccp

import (
	"time"

	"carrier/shared/ppp/cp"
)

// again is how long a Reset-Request waits for its answer, while Compressed
// Datagrams come that are of no use, until it is sent again.
const again = time.Second

// An Inbound is the receiving half of a link's method.
type Inbound struct {
	d       Decompressor
	waiting bool // for the peer to reset
	id      uint8
	asked   time.Time // when the last Reset-Request was made

	Lost   uint64 // times that the history was lost
	Resets uint64 // Reset-Requests made
}

// NewInbound makes it of what was agreed; nil: nothing was.
func NewInbound(c Choice, mru int) (*Inbound, error) {
	if c.Method == nil {
		return nil, nil
	}
	d, err := c.Method.Decompressor(c.Value, mru)
	if err != nil {
		return nil, err
	}
	return &Inbound{d: d}, nil
}

// Receive appends to dst the packet, from its Protocol field on, that info, the
// information field of a Compressed Datagram, carries. With an error dst is
// returned as it was; ResetRequest then tells whether the peer must be told.
func (in *Inbound) Receive(dst, info []byte) ([]byte, error) {
	out, err := in.d.Decompress(dst, info)
	switch {
	case err == nil:
		in.waiting = false // where there is no Reset-Ack, it shows thus
		return out, nil
	case in.d.Lost() && !in.waiting:
		in.waiting, in.asked = true, time.Time{}
		in.id++
		in.Lost++
	}
	return dst, err
}

// ResetRequest is the packet to send now, after Receive has failed; false:
// there is none. A request that stays without an answer is made again a second
// later, with the same Identifier (RFC 1962 §3.1).
func (in *Inbound) ResetRequest(now time.Time) (p cp.Packet, ok bool) {
	if !in.waiting || !in.asked.IsZero() && now.Sub(in.asked) < again {
		return cp.Packet{}, false
	}
	in.asked = now
	in.Resets++
	return cp.Packet{Code: ResetRequest, ID: in.id, Data: in.d.Request()}, true
}

// ResetAck takes the peer's. One that answers no request of ours is ignored;
// each that answers the last one counts, for the peer has reset as often (RFC
// 1962 §3.1).
func (in *Inbound) ResetAck(p cp.Packet) {
	if p.ID == in.id && !in.asked.IsZero() {
		in.waiting = false
		in.d.Reset(p.Data)
	}
}

// Uncompressed tells of a packet, from its Protocol field on, that came as it
// is.
func (in *Inbound) Uncompressed(packet []byte) { in.d.Uncompressed(packet) }
