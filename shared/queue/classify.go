package queue

import (
	"encoding/binary"
	"math/bits"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// Flows that are known by their protocol, not by their addresses. Hashes of
// addresses are larger.
const (
	control uint32 = iota // no flow: it goes before all of them
	opaque                // what depends on the order of all before it, or cannot be read
	vj                    // Van Jacobson's compression of TCP (RFC 1144 §3.2)
	firstHash
)

// Protocols that have ports.
const protocolTCP, protocolUDP = 6, 17

// Encryption Control (RFC 1968), which is not in package ppp's list.
const (
	ecp     ppp.Protocol = 0x8053
	linkECP ppp.Protocol = 0x8055
)

// A classifier tells the flows of a call apart by their frames, and learns from
// these what may overtake what. The zero value is one at the begin of a call.
type classifier struct {
	ordered bool // a compression history or a cipher is in use: all data in its order
	vj      bool // Van Jacobson's compression is: all TCP in its order
}

// classify is the flow of a frame, or control.
func (c *classifier) classify(frame []byte) uint32 {
	p, info, err := ppp.Split(frame)
	switch {
	case err != nil:
		return opaque
	case p == ppp.IPv4:
		if c.ordered {
			return opaque
		}
		return c.ipv4(info)
	case p == ppp.IPv6:
		if c.ordered {
			return opaque
		}
		return ipv6(info)
	case p == ppp.VJCompressed || p == ppp.VJUncompressed:
		c.vj = true
		if c.ordered {
			return opaque
		}
		return vj
	case p == ppp.LCP:
		if code(info) == cp.ConfigureRequest { // it all begins anew
			*c = classifier{}
		}
		return control
	case codes(p):
		// The one that takes what the receiver asked for is the last before the
		// history begins, and a Reset-Ack must not overtake what it resets (RFC
		// 1962 §3). Native frames too may be part of the history (RFC 1979 §2).
		if code(info) == cp.ConfigureAck {
			c.ordered = true
		}
		return opaque
	case p >= 0x8000:
		return control
	}
	return opaque // other networks, multilink, what is compressed or encrypted
}

// codes tells the protocols that agree on how data are coded.
func codes(p ppp.Protocol) bool {
	return p == ppp.CCP || p == ppp.LinkCCP || p == ecp || p == linkECP
}

// coding tells a frame of theirs.
func coding(frame []byte) bool {
	p, _, err := ppp.Split(frame)
	return err == nil && codes(p)
}

// code is that of a control protocol's packet, 0 when it has none.
func code(info []byte) cp.Code {
	if len(info) == 0 {
		return 0
	}
	return cp.Code(info[0])
}

// ipv4 is the flow of a packet by protocol, addresses and, where each packet
// has them, ports. What is no IPv4 packet is a flow with its likes.
func (c *classifier) ipv4(b []byte) uint32 {
	if len(b) < 20 || b[0]>>4 != 4 {
		return opaque
	}
	protocol := b[9]
	if protocol == protocolTCP && c.vj {
		return vj
	}
	key := binary.BigEndian.Uint64(b[12:]) // source and destination
	header := int(b[0]&0x0F) * 4
	fragment := binary.BigEndian.Uint16(b[6:])&0x3FFF != 0 // More Fragments, or an offset
	ports := uint64(0)
	if (protocol == protocolTCP || protocol == protocolUDP) && !fragment && header >= 20 && len(b) >= header+4 {
		ports = uint64(binary.BigEndian.Uint32(b[header:]))
	}
	return max(hash(key, ports<<8|uint64(protocol)), firstHash)
}

// ipv6 is as ipv4. Of fragments and behind other extension headers ports are not
// looked for.
func ipv6(b []byte) uint32 {
	if len(b) < 40 || b[0]>>4 != 6 {
		return opaque
	}
	word := func(at, turn int) uint64 { return bits.RotateLeft64(binary.BigEndian.Uint64(b[at:]), turn) }
	key := word(8, 0) ^ word(16, 17) ^ word(24, 31) ^ word(32, 47) // source and destination
	next, ports := b[6], uint64(0)
	if (next == protocolTCP || next == protocolUDP) && len(b) >= 44 {
		ports = uint64(binary.BigEndian.Uint32(b[40:]))
	}
	return max(hash(key, ports<<8|uint64(next)), firstHash)
}

// hash mixes both words well enough that flows seldom share one; who wants them
// to share one harms only itself.
func hash(a, b uint64) uint32 {
	h := (a ^ 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9
	h = (h ^ h>>29 ^ b) * 0x94D049BB133111EB
	h = (h ^ h>>32) * 0xD6E8FEB86659FD93
	return uint32(h >> 32)
}
