package mppe

import (
	"encoding/binary"
	"errors"
)

// What is wrong with a packet that Open refuses. Only ErrLost is followed by a
// Reset-Request; the others leave the Decrypter as it was.
var (
	ErrShort      = errors.New("MPPE: no data after the header")
	ErrClear      = errors.New("MPPE: the packet is not encrypted")
	ErrEncrypted  = errors.New("MPPC: the packet is encrypted, and that was not agreed")
	ErrNotFlushed = errors.New("MPPE: FLUSHED is missing in stateless mode")
	ErrLate       = errors.New("MPPE: the packet is a late or repeated one")
	ErrLost       = errors.New("MPPE: packets were lost, and FLUSHED did not come yet")
)

// A Decrypter opens the Compressed Datagrams of one direction. Copies share one
// state; it is not for concurrent use. Its key shows itself to no verb of fmt.
type Decrypter struct{ sealed sealed[decrypter] }

type decrypter struct {
	way
	last uint16 // coherency count
	lost bool   // discarding until FLUSHED
}

// NewDecrypter makes the Decrypter of the direction in which we receive. What
// we asked for and the peer acknowledged is agreed. Its errors are those of
// NewEncrypter.
func NewDecrypter(agreed Bits, keys Keys) (Decrypter, error) {
	w, err := newWay(agreed, keys.open().receive)
	if err != nil {
		return Decrypter{}, err
	}
	return Decrypter{seal(&decrypter{way: w, last: space - 1})}, nil
}

// farthest is how far ahead of the last one a packet may be; what is farther is
// behind it.
const farthest = space / 2

// Open appends what info, the information field of a Compressed Datagram,
// carries, which is never more than info has. MPPC, where it was agreed, reads
// it by the flags; otherwise there are none but Flushed, and it is a packet
// from its Protocol field on, whose protocol the owner holds against Encrypts.
// info is valid during the call; the data may be appended right where they
// stand in it (dst is info[HeaderLength:HeaderLength]), but not overlap info
// otherwise. With an error dst comes back as it was.
//
// A gap in the counts makes a stateless Decrypter change its key once for each
// packet in it, at most 2,048 times (RFC 3078 §8.1), about a millisecond of
// work; a late packet is dropped. A stateful one changes it once for each
// "flag" packet in the gap, and discards what comes until FLUSHED (§8.2). When
// more than 2,047 were lost in a row the counts say too little: packets are then
// taken for late ones, and later, with the wrong key, opened to nonsense, which
// their protocols show. Only a new negotiation of CCP helps.
func (d Decrypter) Open(dst, info []byte) (Flags, []byte, error) {
	return d.sealed.open().open(dst, info)
}

func (d *decrypter) open(dst, info []byte) (Flags, []byte, error) {
	if len(info) <= HeaderLength {
		return 0, dst, ErrShort
	}
	header := binary.BigEndian.Uint16(info)
	flags, count := Flags(header>>8)&0xF0, header%space
	steps := int(count-d.last) & (space - 1)
	if err := d.refuses(flags, steps); err != nil {
		return 0, dst, err
	}
	changes := d.changes(d.last, steps)
	d.last = count
	if flags&Flushed == 0 && (d.lost || steps > 1) { // never so in stateless mode
		d.lost = true
		d.skip(changes)
		return 0, dst, ErrLost
	}
	d.lost = false
	return flags & d.carries(), d.crypt(dst, info[HeaderLength:], changes, flags&Flushed != 0), nil
}

// rekeys is how often a sender may have changed its key since we last knew it,
// beyond what counts tell, for Reopen.
const rekeys = 8

// Reopen opens once more the packet that Open has just opened, for a sender that
// changes its key with each Reset-Request besides (Linux does, against RFC 3078
// §8.2; what is agreed must be stateful, without MPPC): by one more change of
// the key after the other, eight at most, until right says of what comes out
// that it is a packet. When it never does, false, the Decrypter is as Open left
// it and dst comes back as it was; it must not overlap info.
func (d Decrypter) Reopen(dst, info []byte, right func(packet []byte) bool) ([]byte, bool) {
	p := d.sealed.open()
	session, cipher := *p.session, *p.cipher
	for range rekeys {
		if out := p.crypt(dst, info[HeaderLength:], 1, true); right(out[len(dst):]) {
			return out, true
		}
	}
	*p.session, *p.cipher = session, cipher
	return dst, false
}

// refuses tells why a packet so many steps after the last one is none for us.
func (d *decrypter) refuses(flags Flags, steps int) error {
	switch {
	case d.session != nil && flags&encrypted == 0:
		return ErrClear
	case d.session == nil && flags&encrypted != 0:
		return ErrEncrypted
	case steps == 0 || steps > farthest:
		return ErrLate
	case d.stateless() && flags&Flushed == 0:
		return ErrNotFlushed
	}
	return nil
}

// skip changes the key for packets that are not decrypted.
func (d *decrypter) skip(changes int) {
	for range changes {
		d.session.change(d.cipher)
	}
}

// NeedsReset tells whether packets are being discarded until FLUSHED comes: the
// owner sends a Reset-Request without data, and again, not too often, while it
// stays so.
func (d Decrypter) NeedsReset() bool { return d.sealed.open().lost }

// Discard says that MPPC could not read what Open gave: packets are discarded
// until FLUSHED comes. In stateless mode the next one brings it.
func (d Decrypter) Discard() {
	p := d.sealed.open()
	p.lost = !p.stateless()
}
