package capture

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// A packet is what goes from Hub to writer: a PPP frame, a GRE packet, or a
// segment of a control connection (no call).
type packet struct {
	at   time.Time
	call string
	dir  Direction
	gre  bool
	path
	seq, ack uint32 // of data's first octet, and the next one from the other side
	end      bool   // the connection ends
	data     []byte
}

// path is where a packet goes from and to.
type path struct{ from, to netip.AddrPort }

func (p path) back() path { return path{p.to, p.from} }

// A stream is one direction of a control connection.
type stream struct {
	next    uint32 // sequence number of the next segment
	partial []byte // octets of a message that is not whole yet
}

const (
	maxSegment = 1460
	cookie     = 0x1A2B3C4D // RFC 2637 §2
)

// segments cuts the octets that travel on p's path into one segment for each
// whole control message, as dissectors want them; the rest of a message is kept
// until it comes. What is not a control message goes on as it is.
func segments(all map[path]*stream, p packet, octets []byte) []packet {
	s, back := all[p.path], all[p.path.back()]
	if s == nil {
		if len(octets) == 0 {
			return nil // closed from the other side already
		}
		// both directions begin at 1, after their SYN
		s, back = &stream{next: 1}, &stream{next: 1}
		all[p.path], all[p.path.back()] = s, back
	}
	var out []packet
	cut := func(n int) {
		p.data, s.partial = s.partial[:n:n], s.partial[n:]
		p.seq, p.ack = s.next, back.next
		s.next += uint32(n)
		out = append(out, p)
	}
	s.partial = append(s.partial[:len(s.partial):len(s.partial)], octets...)
	for n := message(s.partial); n > 0; n = message(s.partial) {
		cut(n)
	}
	if len(octets) == 0 {
		if n := len(s.partial); n > 0 {
			cut(n)
		}
		p.end = true
		cut(0)
		delete(all, p.path)
		delete(all, p.path.back())
	}
	return out
}

// message is how many octets of b make the next segment, 0 if more must come.
func message(b []byte) int {
	if len(b) < 8 {
		return 0
	}
	n := int(binary.BigEndian.Uint16(b))
	if binary.BigEndian.Uint32(b[4:]) != cookie || n < 8 || n > maxSegment {
		return min(len(b), maxSegment)
	}
	if n > len(b) {
		return 0
	}
	return n
}
