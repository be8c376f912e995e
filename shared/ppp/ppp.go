// Package ppp holds what every PPP protocol shares: the frame's protocol
// field, protocol numbers, and the box in which a protocol leaves what it
// wants sent.
package ppp

import (
	"errors"
	"fmt"

	"carrier/shared/wire"
)

// DefaultMRU is the Maximum-Receive-Unit that holds until LCP agrees on
// another, in octets of the information field (RFC 1661 §6.1).
const DefaultMRU = 1500

// Address and Control begin a frame unless LCP agreed to leave them out (RFC
// 1662 §3.1).
const (
	Address = 0xFF
	Control = 0x03
)

// ErrProtocol is a protocol field whose last octet is even or whose first is
// odd (RFC 1661 §2).
var ErrProtocol = errors.New("not a PPP protocol number")

// Split parts a frame, without its FCS, into protocol and information field.
// Address and Control, and the protocol's leading zero octet, may be there or
// not (RFC 1661 §6.5, §6.6), whatever was negotiated. The information aliases
// the frame.
func Split(frame []byte) (Protocol, []byte, error) {
	r := wire.NewReader(Strip(frame))
	p := Protocol(r.Uint8("Protocol"))
	if r.Err() == nil && p&1 == 0 {
		p = p<<8 | Protocol(r.Uint8("Protocol"))
		if r.Err() == nil && p&1 == 0 {
			return 0, nil, fmt.Errorf("protocol %#04x: %w", uint16(p), ErrProtocol)
		}
	}
	if err := r.Err(); err != nil {
		return 0, nil, err
	}
	return p, r.Rest(), nil
}

// Append appends a whole frame without FCS: Address, Control, the protocol in
// two octets, the information field. This form is legal whatever LCP agreed.
func Append(dst []byte, p Protocol, info []byte) []byte {
	return append(append(dst, Address, Control, byte(p>>8), byte(p)), info...)
}

// Strip is a frame without its Address and Control, if it has them.
func Strip(frame []byte) []byte {
	if len(frame) >= 2 && frame[0] == Address && frame[1] == Control {
		return frame[2:]
	}
	return frame
}

// Compression says which header octets the peer agreed to receive left out.
type Compression struct {
	Address  bool // ACFC, RFC 1661 §6.6
	Protocol bool // PFC, RFC 1661 §6.5
}

// Append is like the function Append but leaves out what may be left out for
// protocol p; LCP is never shortened.
func (c Compression) Append(dst []byte, p Protocol, info []byte) []byte {
	if !c.Address || p == LCP {
		dst = append(dst, Address, Control)
	}
	if !c.Protocol || p > 0xFF {
		dst = append(dst, byte(p>>8))
	}
	return append(append(dst, byte(p)), info...)
}

// An Outbox collects the frames that a protocol wants sent, in their order.
// Protocols do no I/O: whoever drives them empties the box.
type Outbox struct {
	frames [][]byte
}

// Send adds a frame of protocol p in its uncompressed form; info is copied.
func (o *Outbox) Send(p Protocol, info []byte) {
	o.frames = append(o.frames, Append(make([]byte, 0, 4+len(info)), p, info))
}

// Take returns the frames collected and empties the box. The frames belong to
// the caller.
func (o *Outbox) Take() [][]byte {
	f := o.frames
	o.frames = nil
	return f
}
