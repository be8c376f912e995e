package lan

import "encoding/binary"

// Fragment hands packet, which Parse found valid as h, to f in pieces of at
// most mtu octets, which must be 68 or more (RFC 791 §3.2). What fits is handed
// over as it is; pieces are new and f's own. It fails with ErrDontFragment, and
// then f is not called.
func Fragment(packet []byte, h Header, mtu int, f func([]byte)) error {
	packet = packet[:h.Total]
	if h.Total <= mtu {
		f(packet)
		return nil
	}
	if h.DF {
		return ErrDontFragment
	}
	head := packet[:h.Len]
	for data, at := packet[h.Len:], h.Offset; ; head = laterHeader(packet[:h.Len]) {
		n := min(len(data), (mtu-len(head))&^7)
		last := n == len(data)
		flags := uint16(at / 8)
		if !last || h.MF {
			flags |= moreFollow
		}
		piece := append(append(make([]byte, 0, mtu), head...), data[:n]...)
		binary.BigEndian.PutUint16(piece[2:], uint16(len(piece)))
		binary.BigEndian.PutUint16(piece[6:], flags)
		SetChecksum(piece[:len(head)])
		f(piece)
		if last {
			return nil
		}
		data, at = data[n:], at+n
	}
}

// laterHeader is the header of all fragments but the first: of the options
// only those with the copied flag stay (RFC 791 §3.1).
func laterHeader(first []byte) []byte {
	head := append([]byte(nil), first[:headerLen]...)
	for o := first[headerLen:]; len(o) > 0 && o[0] != 0; { // 0 is End of Option List
		n := 1 // No Operation has no length
		if o[0] != 1 {
			if len(o) < 2 || o[1] < 2 || int(o[1]) > len(o) {
				break
			}
			n = int(o[1])
		}
		if o[0]&0x80 != 0 {
			head = append(head, o[:n]...)
		}
		o = o[n:]
	}
	for len(head)%4 != 0 {
		head = append(head, 0)
	}
	head[0] = 0x40 | byte(len(head)/4)
	return head
}
