// Package vj is Van Jacobson's compression of TCP/IPv4 headers: RFC 1144, on
// PPP as in RFC 1332 §4. Forty octets and more become three to seven, as long
// as a connection's packets differ from each other only in the usual ways.
//
// It departs from the method set of the other compressors: a packet leaves
// under one of three protocol numbers, nobody asks for a reset (TCP's own
// retransmissions repair what was lost), and the receiver must hear of lost
// frames: Toss.
package vj

import (
	"encoding/binary"
	"errors"
	"fmt"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

// MaxSlots is the most that Max-Slot-Id can stand for.
const MaxSlots = 256

// original is what an option without slot fields stands for: what RFC 1144's
// own implementation has.
var original = Slots{Count: 16, Implied: true}

// Slots are the connections that a compressor and its decompressor remember,
// and the value of the IP-Compression-Protocol option for this compression (RFC
// 1332 §4.1), in which one end says what it can receive. The zero value is no
// compression.
type Slots struct {
	Count int // 1 to 256: Max-Slot-Id and one
	// Implied lets a packet for the same slot as the one before go without the
	// slot's number (Comp-Slot-Id). The link must tell the decompressor of every
	// frame that was lost.
	Implied bool
}

// ErrOption is an IP-Compression-Protocol option that is not this
// compression's, or not in one of its forms.
var ErrOption = errors.New("not Van Jacobson's compression")

// Append appends the option's value; Count must be in its range.
func (s Slots) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(ppp.VJCompressed))
	dst = append(dst, byte(s.Count-1), 0)
	if s.Implied {
		dst[len(dst)-1] = 1
	}
	return dst
}

// ParseSlots reads the option's value. The older form without slot fields (RFC
// 1172) stands for 16 slots, the number implied. Errors match ErrOption or
// wire.ErrShort.
func ParseSlots(b []byte) (Slots, error) {
	r := wire.NewReader(b)
	protocol := ppp.Protocol(r.Uint16("IP-Compression-Protocol"))
	if r.Err() == nil && protocol != ppp.VJCompressed {
		return Slots{}, fmt.Errorf("IP-Compression-Protocol %#04x: %w", uint16(protocol), ErrOption)
	}
	if r.Err() == nil && r.Len() == 0 {
		return original, nil
	}
	s := Slots{Count: int(r.Uint8("Max-Slot-Id")) + 1}
	implied := r.Uint8("Comp-Slot-Id")
	if err := r.Err(); err != nil {
		return Slots{}, err
	}
	if implied > 1 || r.Len() > 0 {
		return Slots{}, fmt.Errorf("Comp-Slot-Id %d and %d octets more: %w", implied, r.Len(), ErrOption)
	}
	s.Implied = implied == 1
	return s, nil
}

func (s Slots) check() error {
	if s.Count < 1 || s.Count > MaxSlots {
		return fmt.Errorf("%d slots, not 1 to %d", s.Count, MaxSlots)
	}
	return nil
}

// The bits of the change mask, with which a compressed header begins (RFC 1144
// §3.2.2). Those of the numbers in brackets: absolute, all others are
// differences.
const (
	newU    = 1 << iota // urgent pointer (absolute), and the flag URG
	newW                // window
	newA                // acknowledgement number
	newS                // sequence number
	pushed              // the flag PSH
	newI                // IP's identification; without the bit it grew by one
	newSlot             // the slot's number follows the mask

	numbers = newU | newW | newA | newS
	// Two masks that would mean unlikely changes stand for likely ones.
	echoed    = newS | newW | newU        // SPECIAL_I: both numbers grew by the data of the packet before
	following = newS | newA | newW | newU // SPECIAL_D: only the sequence number did
)

// Flags of TCP, and where things are in the headers.
const (
	fin, syn, rst, psh, ack, urg = 1, 2, 4, 8, 16, 32

	tcp        = 6
	atTotal    = 2
	atID       = 4
	atFragment = 6
	atProtocol = 9
	atChecksum = 10
	atSource   = 12 // and the destination behind it
	minIP      = 20

	atSequence     = 4 // in TCP's header, after the ports
	atAcknowledged = 8
	atOffset       = 12
	atFlags        = 13
	atWindow       = 14
	atTCPChecksum  = 16
	atUrgent       = 18
	minTCP         = 20

	fragment       = 0x3FFF // More Fragments, or an offset
	longest        = 120    // octets of both headers with all options
	shortest       = 3      // octets of a compressed header
	longestNumbers = 15     // octets of the five numbers
)

// A slot is the last packet of one connection, but for its data: 124 octets.
type slot struct {
	header [longest]byte
	data   uint16 // octets after the headers
	length uint8  // of header; 0: the slot is empty
}

// save notes a packet by its headers.
func (s *slot) save(headers []byte, data int) {
	s.length = uint8(copy(s.header[:], headers))
	s.data = uint16(data)
}

// measure finds the headers of a packet: ip octets of IPv4's and all of both.
// It trusts no length, and does not look at what kind of packet it is: total is
// the whole packet's length, at most that of b.
func measure(b []byte) (ip, all, total int, ok bool) {
	if len(b) < minIP+minTCP || b[0]>>4 != 4 {
		return 0, 0, 0, false
	}
	ip = int(b[0]&0x0F) * 4
	total = int(binary.BigEndian.Uint16(b[atTotal:]))
	if ip < minIP || total > len(b) || ip+minTCP > total {
		return 0, 0, 0, false
	}
	all = ip + int(b[ip+atOffset]>>4)*4
	return ip, all, total, all >= ip+minTCP && all <= total
}

// checksum is the right one of an IPv4 header (RFC 791 §3.1).
func checksum(header []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(header); i += 2 {
		if i != atChecksum {
			sum += uint32(binary.BigEndian.Uint16(header[i:]))
		}
	}
	sum = sum&0xFFFF + sum>>16
	return ^uint16(sum + sum>>16)
}

func get16(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }
func get32(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }
