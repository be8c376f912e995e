package mppe

import "encoding/binary"

// An Encrypter makes the Compressed Datagrams of one direction, with MPPE, MPPC
// or both, as was agreed. Copies share one state; it is not for concurrent use.
// Its key shows itself to no verb of fmt. The zero Encrypter seals nothing: it
// panics, where otherwise it would send in clear.
//
// It has not the methods of the other compressors: what MPPC makes of a packet
// goes in as octets and Flags, because both share the header's coherency count,
// and MPPC comes before MPPE (RFC 3078 §3.1).
type Encrypter struct{ sealed sealed[encrypter] }

type encrypter struct {
	way
	count uint16 // of the next packet
	flush bool   // a Reset-Request came
}

// NewEncrypter makes the Encrypter of the direction in which we send. What the
// peer asked for and we acknowledged is agreed. The error is ErrBits, or
// ErrNoKey when keys lack one of the agreed length.
func NewEncrypter(agreed Bits, keys Keys) (Encrypter, error) {
	w, err := newWay(agreed, keys.open().send)
	if err != nil {
		return Encrypter{}, err
	}
	return Encrypter{seal(&encrypter{way: w})}, nil
}

// Flushing tells whether the next packet will carry FLUSHED: MPPC, where it was
// agreed, must begin a new history with it. That is so with each packet in
// stateless mode, after a Reset-Request, and with the packets that change the
// key: their tables, too, were just initialised, and Linux expects it.
func (e Encrypter) Flushing() bool { return e.sealed.open().flushing() }

func (e *encrypter) flushing() bool {
	return e.flush || e.stateless() || e.changes(e.count-1, 1) > 0
}

// Seal appends the information field of the Compressed Datagram that carries
// data: a packet from its Protocol field on, or what MPPC made of that. flags
// are MPPC's, which may begin a history by itself (Flushed) when Flushing does
// not demand it. data is valid during the call; it may lie where it will come
// to lie encrypted, HeaderLength beyond dst's end, but not overlap that
// otherwise. Nothing is allocated if dst has room for HeaderLength more octets
// than data has.
func (e Encrypter) Seal(dst []byte, flags Flags, data []byte) []byte {
	return e.sealed.open().seal(dst, flags, data)
}

func (e *encrypter) seal(dst []byte, flags Flags, data []byte) []byte {
	flags &= e.carries()
	if e.flushing() {
		flags |= Flushed
	}
	if e.session != nil {
		flags |= encrypted
	}
	changes := e.changes(e.count-1, 1)
	dst = binary.BigEndian.AppendUint16(dst, uint16(flags)<<8|e.count)
	e.count, e.flush = (e.count+1)%space, false
	return e.crypt(dst, data, changes, flags&Flushed != 0)
}

// Reset is the peer's Reset-Request: the next packet carries FLUSHED (RFC 3078
// §8.2). That alone puts the peer right, but the owner sends a Reset-Ack without
// data as well: RFC 1962 §3.1 demands one, and Linux, once it has asked, opens
// nothing before it came, not even in stateless mode. In stateful mode Linux
// also changes its key with each FLUSHED, against §8.2, so that a loss ends its
// understanding of us; FreeBSD reads §8.2 as we do. Linux asks us for stateless
// mode; what it sends itself Reopen reads.
func (e Encrypter) Reset() { e.sealed.open().flush = true }
