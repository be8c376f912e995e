package mppc

import "encoding/binary"

// protocolSize is what a packet's Protocol field takes beside the MRU (RFC 1661
// §2).
const protocolSize = 2

// A Decompressor is the receiver's history. Its zero value begins one; it must
// be given the packets in their order, and after one that is missing only one that
// is Flushed.
type Decompressor struct {
	history [HistorySize]byte // zeros from filled on
	at      int               // where the next packet goes
	filled  int               // what is below was put there since the history began
	lost    bool
}

// Decompress appends to dst the packet whose header has these flags and is
// followed by coded: at most mru octets, and the Protocol field. After an error dst
// is what it was, and the history is lost. Nothing is allocated where dst has
// room for the packet; coded may not overlap it.
func (d *Decompressor) Decompress(dst, coded []byte, f Flags, mru int) ([]byte, error) {
	if f&Flushed != 0 {
		clear(d.history[:d.filled])
		d.at, d.filled, d.lost = 0, 0, false
	}
	packet, err := d.packet(coded, f, mru+protocolSize)
	if err != nil {
		d.lost = true
		return dst, err
	}
	return append(dst, packet...), nil
}

// packet returns the packet, at most so many octets; it is coded itself, or part
// of the history.
func (d *Decompressor) packet(coded []byte, f Flags, most int) ([]byte, error) {
	switch {
	case d.lost:
		return nil, ErrLost
	case f&Compressed == 0 && len(coded) > most:
		return nil, ErrLong
	case f&Compressed == 0:
		return coded, nil
	case f&AtFront != 0:
		d.at = 0
	}
	begin := d.at
	end, err := d.decode(coded, min(begin+most, HistorySize))
	d.at, d.filled = end, max(d.filled, end)
	return d.history[begin:end], err
}

// decode puts a packet into the history, up to stop at most, and returns its
// end.
func (d *Decompressor) decode(coded []byte, stop int) (end int, err error) {
	at := d.at
	r := reader{from: coded}
	for r.fill(); r.bits >= 8; r.fill() { // fewer fill up the last octet
		switch {
		case r.next&(0x80808080<<32) == 0 && r.bits >= 32 && at+4 <= stop: // text
			binary.BigEndian.PutUint32(d.history[at:], uint32(r.next>>32))
			at += 4
			r.skip(32)
		case at >= stop:
			return at, ErrLong
		case r.next>>63 == 0:
			d.history[at] = byte(r.next >> 56)
			at++
			r.skip(8)
		case r.next>>62 == 0b10:
			d.history[at] = byte(r.next>>55) | 0x80
			at++
			r.skip(9)
		default:
			offset, n := r.offset(), r.length()
			switch {
			case n == 0:
				return at, ErrCode
			case r.bits < 0:
				return at, ErrShort
			case n > stop-at:
				return at, ErrLong
			case offset == 0, offset >= HistorySize:
				return at, ErrOffset
			}
			from := (at - offset) & (HistorySize - 1)
			if from >= max(at, d.filled) {
				return at, ErrOffset
			}
			d.copy(at, from, n)
			at += n
		}
	}
	if r.bits < 0 {
		return at, ErrShort
	}
	return at, nil
}

// copy copies n octets within the history, one after the other: some may be the
// copy of some before. They may go on at the front of the history, and over
// zeros where nothing was put yet: no coder should begin there (RFC 2118 §3.1),
// but some run into them.
func (d *Decompressor) copy(to, from, n int) {
	if from+n <= HistorySize && (from+n <= to || from > to) {
		copy(d.history[to:to+n], d.history[from:])
		return
	}
	for ; n > 0; n-- {
		d.history[to] = d.history[from]
		to, from = to+1, (from+1)&(HistorySize-1)
	}
}
