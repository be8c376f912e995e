package vj

import (
	"encoding/binary"
	"errors"
)

// What can be wrong with a compressed packet. It is dropped, and so are those
// that follow until one names its slot (RFC 1144 §4.1).
var (
	ErrShort   = errors.New("compressed TCP: shorter than its change mask says")
	ErrSlot    = errors.New("compressed TCP: slot beyond the negotiated")
	ErrEmpty   = errors.New("compressed TCP: nothing is known of its slot")
	ErrImplied = errors.New("compressed TCP: no slot named, after a loss or where it must be")
	ErrLong    = errors.New("compressed TCP: longer than IP allows")
	ErrHeader  = errors.New("uncompressed TCP: no whole TCP/IPv4 header")
)

// A Decompressor is the receiving end. Its slots take 124 octets each, which are
// allocated when the first packet comes. It is not safe for concurrent use.
//
// After any error what has no slot named is dropped until a packet names one; a
// wrong packet changes no slot.
type Decompressor struct {
	conf  Slots
	slots []slot
	last  uint8 // number of the slot that is implied,
	toss  bool  // unless what implies it is to be dropped
}

// NewDecompressor makes the receiving end; s is what we asked for and the peer
// acknowledged. It fails where Count is out of range.
func NewDecompressor(s Slots) (*Decompressor, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return &Decompressor{conf: s, toss: true}, nil
}

// Toss says that a frame was lost or damaged. It may have named another slot, so
// what does not name one is dropped until one does (RFC 1144 §4.1). A packet
// with a name is taken even if the one before it for that slot was lost: it
// becomes one that TCP's checksum tells to be wrong, and TCP's retransmission
// comes uncompressed (§4.2).
func (d *Decompressor) Toss() { d.toss = true }

// Uncompressed appends the packet that a VJUncompressed frame's information
// field carries, without padding behind it.
func (d *Decompressor) Uncompressed(dst, info []byte) ([]byte, error) {
	ip, all, total, ok := measure(info)
	if !ok || get16(info, atFragment)&fragment != 0 {
		d.toss = true
		return dst, ErrHeader
	}
	id := info[atProtocol]
	if int(id) >= d.conf.Count {
		d.toss = true
		return dst, ErrSlot
	}
	at := len(dst)
	dst = append(dst, info[:total]...)
	packet := dst[at:]
	packet[atProtocol] = tcp
	// All ones is zero too; routers that update the sum write it (RFC 1624 §3).
	if sum, right := get16(packet, atChecksum), checksum(packet[:ip]); sum != right && (sum != 0xFFFF || right != 0) {
		d.toss = true
		return dst[:at], ErrHeader
	}
	if d.slots == nil {
		d.slots = make([]slot, d.conf.Count)
	}
	d.slots[id].save(packet[:all], total-all)
	d.last, d.toss = id, false
	return dst, nil
}

// Compressed appends the packet that a VJCompressed frame's information field
// carries: at most 117 octets more than that.
func (d *Decompressor) Compressed(dst, info []byte) ([]byte, error) {
	at := len(dst)
	dst, err := d.expand(dst, info)
	if err != nil {
		d.toss = true
		return dst[:at], err
	}
	return dst, nil
}

// expand does the work of Compressed. After an error the slot is as it was, but
// dst may have grown.
func (d *Decompressor) expand(dst, info []byte) ([]byte, error) {
	if len(info) < shortest {
		return dst, ErrShort
	}
	mask, id, rest := info[0], d.last, info[1:]
	switch {
	case mask&newSlot != 0:
		id, rest = rest[0], rest[1:]
	case d.toss || !d.conf.Implied:
		return dst, ErrImplied
	}
	if int(id) >= d.conf.Count {
		return dst, ErrSlot
	}
	if d.slots == nil || d.slots[id].length == 0 {
		return dst, ErrEmpty
	}
	if len(rest) < 2 {
		return dst, ErrShort
	}
	s, at := &d.slots[id], len(dst)
	dst = append(dst, s.header[:s.length]...)
	h := dst[at:]
	ip := int(h[0]&0x0F) * 4
	copy(h[ip+atTCPChecksum:], rest[:2])
	rest, ok := s.apply(h, ip, mask, rest[2:])
	if !ok {
		return dst, ErrShort
	}
	total := len(h) + len(rest)
	if total > 0xFFFF {
		return dst, ErrLong
	}
	binary.BigEndian.PutUint16(h[atTotal:], uint16(total))
	binary.BigEndian.PutUint16(h[atChecksum:], checksum(h[:ip]))
	s.save(h, len(rest))
	d.last, d.toss = id, false
	return append(dst, rest...), nil
}

// apply makes the headers of the slot's last packet those of this one, but for
// lengths and checksums, and returns what follows the numbers. It is not ok when
// they do not fit.
func (s *slot) apply(h []byte, ip int, mask uint8, rest []byte) (data []byte, ok bool) {
	t := h[ip:]
	t[atFlags] &^= psh | urg
	if mask&pushed != 0 {
		t[atFlags] |= psh
	}
	c := cursor{rest: rest}
	switch mask & numbers {
	case echoed:
		grow32(t[atAcknowledged:], s.data)
		grow32(t[atSequence:], s.data)
	case following:
		grow32(t[atSequence:], s.data)
	default:
		if mask&newU != 0 {
			t[atFlags] |= urg
			binary.BigEndian.PutUint16(t[atUrgent:], c.number())
		}
		if mask&newW != 0 {
			grow16(t[atWindow:], c.number())
		}
		if mask&newA != 0 {
			grow32(t[atAcknowledged:], c.number())
		}
		if mask&newS != 0 {
			grow32(t[atSequence:], c.number())
		}
	}
	id := uint16(1)
	if mask&newI != 0 {
		id = c.number()
	}
	grow16(h[atID:], id)
	return c.rest, !c.short
}

// A cursor reads numbers like a wire.Reader, but an attacker's short packets
// cost no allocation.
type cursor struct {
	rest  []byte
	short bool
}

// number is the next one in one octet, or in three of which the first is zero.
func (c *cursor) number() uint16 {
	switch b := c.rest; {
	case len(b) >= 1 && b[0] != 0:
		c.rest = b[1:]
		return uint16(b[0])
	case len(b) >= 3:
		c.rest = b[3:]
		return get16(b, 1)
	}
	c.rest, c.short = nil, true
	return 0
}

func grow16(b []byte, n uint16) { binary.BigEndian.PutUint16(b, get16(b, 0)+n) }
func grow32(b []byte, n uint16) { binary.BigEndian.PutUint32(b, get32(b, 0)+uint32(n)) }
