package vj

import (
	"bytes"
	"encoding/binary"

	"carrier/shared/ppp"
)

// A Compressor is the sending end. It remembers the headers of the connections
// used last: 125 octets for each slot, allocated when the first TCP packet
// comes, so 2 KB for 16 slots and 32 KB for 256. It is not safe for concurrent
// use.
type Compressor struct {
	conf  Slots
	slots []slot
	order []uint8 // all slots' numbers, the one used last first; those never used at the end
	last  int     // number of the slot that the peer takes to be implied; -1: none
}

// NewCompressor makes the sending end; s is at most what the peer asked for. It
// fails where Count is out of range.
func NewCompressor(s Slots) (*Compressor, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &Compressor{conf: s, last: -1}, nil
}

// Compress appends the information field that carries an IPv4 packet, and says
// under which protocol it goes: VJCompressed, VJUncompressed (the packet with a
// slot's number in it), or IPv4 with the packet as it is. Appended is never more
// than the packet, which is not changed and must not overlap dst. The fields must
// be sent in this order.
//
// What the peer would not restore to the bit goes as IPv4: fragments, the
// begin and the end of connections, wrong checksums and lengths of IP.
func (c *Compressor) Compress(dst, packet []byte) ([]byte, ppp.Protocol) {
	ip, all, total, ok := measure(packet)
	if !ok || total != len(packet) || !compressible(packet, ip) {
		return append(dst, packet...), ppp.IPv4
	}
	id, known := c.find(packet, ip)
	s := &c.slots[id]
	if known {
		mask, encoded, n, ok := s.changes(packet, ip, all)
		if ok {
			s.save(packet[:all], total-all)
			dst = c.appendMask(dst, mask, id)
			dst = append(dst, packet[ip+atTCPChecksum], packet[ip+atTCPChecksum+1])
			dst = append(dst, encoded[:n]...)
			return append(dst, packet[all:]...), ppp.VJCompressed
		}
	}
	s.save(packet[:all], total-all)
	c.last = int(id)
	at := len(dst) + atProtocol
	dst = append(dst, packet...)
	dst[at] = id
	return dst, ppp.VJUncompressed
}

// compressible tells a packet in the middle of a connection (RFC 1144 §3.2.3).
func compressible(packet []byte, ip int) bool {
	return packet[atProtocol] == tcp &&
		get16(packet, atFragment)&fragment == 0 &&
		packet[ip+atFlags]&(syn|fin|rst|ack) == ack &&
		get16(packet, atChecksum) == checksum(packet[:ip])
}

// find returns the slot of a packet's connection and whether it was in it;
// otherwise it is the one unused for longest. Either is now the one used last.
func (c *Compressor) find(packet []byte, ip int) (id uint8, known bool) {
	if c.slots == nil {
		c.slots = make([]slot, c.conf.Count)
		c.order = make([]uint8, c.conf.Count)
		for i := range c.order { // slot 0 is the first that is taken
			c.order[i] = uint8(c.conf.Count - 1 - i)
		}
	}
	hosts, ports := binary.BigEndian.Uint64(packet[atSource:]), get32(packet, ip)
	at := len(c.order) - 1
	for i, n := range c.order {
		h := &c.slots[n].header
		if c.slots[n].length == 0 {
			break // so are all after it
		}
		if binary.BigEndian.Uint64(h[atSource:]) == hosts && get32(h[:], int(h[0]&0x0F)*4) == ports {
			at, known = i, true
			break
		}
	}
	id = c.order[at]
	copy(c.order[1:at+1], c.order[:at])
	c.order[0] = id
	return id, known
}

// appendMask appends the change mask, and the slot's number where it is due.
func (c *Compressor) appendMask(dst []byte, mask, id uint8) []byte {
	if c.conf.Implied && c.last == int(id) {
		return append(dst, mask)
	}
	c.last = int(id)
	return append(dst, mask|newSlot, id)
}

// changes encodes in what a packet differs from the last one of its connection:
// n octets. It is not ok where only the whole header can say it, and where the
// peer may have missed a packet: then it needs it (RFC 1144 §3.2.3).
func (s *slot) changes(packet []byte, ip, all int) (mask uint8, encoded [longestNumbers]byte, n int, ok bool) {
	old, h := s.header[:s.length], packet[:all]
	if !alike(old, h, ip) {
		return 0, encoded, 0, false
	}
	was, is := old[ip:], h[ip:]
	put := encoded[:0]
	if is[atFlags]&urg != 0 {
		mask, put = newU, appendNumber(put, get16(is, atUrgent))
	} else if get16(is, atUrgent) != get16(was, atUrgent) {
		return 0, encoded, 0, false
	}
	window := get16(is, atWindow) - get16(was, atWindow)
	acked := get32(is, atAcknowledged) - get32(was, atAcknowledged)
	sent := get32(is, atSequence) - get32(was, atSequence)
	if acked > 0xFFFF || sent > 0xFFFF { // forth too far, or back
		return 0, encoded, 0, false
	}
	if window != 0 {
		mask, put = mask|newW, appendNumber(put, window)
	}
	if acked != 0 {
		mask, put = mask|newA, appendNumber(put, uint16(acked))
	}
	if sent != 0 {
		mask, put = mask|newS, appendNumber(put, uint16(sent))
	}
	switch mask {
	case 0: // data after an acknowledgement; anything else is sent for a second time
		if s.data != 0 || int(get16(h, atTotal)) == all {
			return 0, encoded, 0, false
		}
	case echoed, following: // they mean something else
		return 0, encoded, 0, false
	case newS | newA:
		if sent == acked && s.fits(sent, was) {
			mask, put = echoed, put[:0]
		}
	case newS:
		if s.fits(sent, was) {
			mask, put = following, put[:0]
		}
	}
	if d := get16(h, atID) - get16(old, atID); d != 1 {
		mask, put = mask|newI, appendNumber(put, d)
	}
	if is[atFlags]&psh != 0 {
		mask |= pushed
	}
	return mask, encoded, len(put), true
}

// fits tells that the sequence number grew by the data of the packet before,
// and that the short way to say so is understood: RFC 1144's own decompressor
// leaves URG as it was there.
func (s *slot) fits(sent uint32, was []byte) bool {
	return sent == uint32(s.data) && was[atFlags]&urg == 0
}

// alike compares what a compressed header cannot change: all but the numbers,
// PSH, URG, IP's length and the checksums.
func alike(old, h []byte, ip int) bool {
	if len(old) != len(h) {
		return false
	}
	was, is := old[ip:], h[ip:]
	return get16(old, 0) == get16(h, 0) && // Version, IHL, Type of Service
		get16(old, atFragment) == get16(h, atFragment) &&
		old[8] == h[8] && // Time to Live
		bytes.Equal(old[minIP:ip], h[minIP:ip]) &&
		was[atOffset] == is[atOffset] &&
		(was[atFlags]^is[atFlags])&^(psh|urg) == 0 &&
		bytes.Equal(was[minTCP:], is[minTCP:])
}

// appendNumber appends a number in one octet or, where that cannot hold it, in
// three of which the first is zero.
func appendNumber(dst []byte, n uint16) []byte {
	if n == 0 || n > 0xFF {
		return append(dst, 0, byte(n>>8), byte(n))
	}
	return append(dst, byte(n))
}
