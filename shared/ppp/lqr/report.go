// Package lqr is PPP's Link Quality Monitoring: RFC 1989. Each end reports what
// it sent and what it received, so that both know what was lost in either
// direction. What to make of that is the owner's.
package lqr

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

// A Report is a Link-Quality-Report (RFC 1989 §2.6). All fields but the first
// count from the opening of LCP, and wrap. The names are the receiver's: what is
// Peer is the sender's, and Last is what the sender last heard.
type Report struct {
	Magic uint32 // Magic-Number, zero without

	LastOutLQRs, LastOutPackets, LastOutOctets uint32 // copies of the receiver's last PeerOut fields

	// The sender's counts when that report came. Without one PeerInLQRs is zero
	// and the Last fields mean nothing.
	PeerInLQRs, PeerInPackets, PeerInDiscards, PeerInErrors, PeerInOctets uint32

	PeerOutLQRs, PeerOutPackets, PeerOutOctets uint32 // with this report
}

// Length is that of a Report, in octets.
const Length = 48

// Parse reads a report from the information field of a frame. What is behind it,
// room for the receiver's own counts with some, is ignored. An error matches
// wire.ErrShort.
func Parse(b []byte) (Report, error) {
	r := wire.NewReader(b)
	p := Report{
		Magic:          r.Uint32("Magic-Number"),
		LastOutLQRs:    r.Uint32("LastOutLQRs"),
		LastOutPackets: r.Uint32("LastOutPackets"),
		LastOutOctets:  r.Uint32("LastOutOctets"),
		PeerInLQRs:     r.Uint32("PeerInLQRs"),
		PeerInPackets:  r.Uint32("PeerInPackets"),
		PeerInDiscards: r.Uint32("PeerInDiscards"),
		PeerInErrors:   r.Uint32("PeerInErrors"),
		PeerInOctets:   r.Uint32("PeerInOctets"),
		PeerOutLQRs:    r.Uint32("PeerOutLQRs"),
		PeerOutPackets: r.Uint32("PeerOutPackets"),
		PeerOutOctets:  r.Uint32("PeerOutOctets"),
	}
	if err := r.Err(); err != nil {
		return Report{}, fmt.Errorf("Link-Quality-Report: %w", err)
	}
	return p, nil
}

// Append appends the report as the information field of a frame.
func (p Report) Append(dst []byte) []byte {
	for _, v := range [...]uint32{p.Magic, p.LastOutLQRs, p.LastOutPackets, p.LastOutOctets,
		p.PeerInLQRs, p.PeerInPackets, p.PeerInDiscards, p.PeerInErrors, p.PeerInOctets,
		p.PeerOutLQRs, p.PeerOutPackets, p.PeerOutOctets} {
		dst = binary.BigEndian.AppendUint32(dst, v)
	}
	return dst
}

// Stamp corrects what a report says was sent, when it leaves: info is its
// information field, c is with it. Between Monitor's making it and that other
// frames may have gone. What is too short is left as it is.
func Stamp(info []byte, c Counts) {
	if len(info) < Length {
		return
	}
	binary.BigEndian.PutUint32(info[Length-8:], c.OutPackets)
	binary.BigEndian.PutUint32(info[Length-4:], c.OutOctets)
}

// An Option is the value of LCP's Quality-Protocol option for this protocol (RFC
// 1989 §2.5): who sends it wants reports.
type Option struct {
	// Period is the longest time between two reports, in hundredths of a second.
	// Zero wants one for each that the sender of the option sends itself, so it
	// must have a timer.
	Period time.Duration
}

// ErrOption is a Quality-Protocol option of another protocol, or of a wrong
// length.
var ErrOption = errors.New("not Link-Quality-Report's option")

const hundredth = 10 * time.Millisecond

// Append appends the option's value; Period is cut to whole hundredths, of which
// there are at most 2^32-1.
func (o Option) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(ppp.LQR))
	return binary.BigEndian.AppendUint32(dst, uint32(min(max(o.Period/hundredth, 0), 1<<32-1)))
}

// ParseOption reads the option's value. Errors match ErrOption or wire.ErrShort.
func ParseOption(b []byte) (Option, error) {
	r := wire.NewReader(b)
	protocol := ppp.Protocol(r.Uint16("Quality-Protocol"))
	if r.Err() == nil && protocol != ppp.LQR {
		return Option{}, fmt.Errorf("Quality-Protocol %#04x: %w", uint16(protocol), ErrOption)
	}
	o := Option{Period: time.Duration(r.Uint32("Reporting-Period")) * hundredth}
	if err := r.Err(); err != nil {
		return Option{}, err
	}
	if n := r.Len(); n > 0 {
		return Option{}, fmt.Errorf("%d octets after Reporting-Period: %w", n, ErrOption)
	}
	return o, nil
}
