package eaptls

import (
	"encoding/binary"
	"errors"
	"fmt"

	"carrier/shared/wire"
)

// Flags of an EAP-TLS packet (RFC 5216 §3.1). The others are reserved.
const (
	lengthIncluded = 0x80
	moreFragments  = 0x40
	start          = 0x20
)

// maxMessage is how many octets of TLS the other side may send in one piece:
// RFC 5216 §2.1.5 lets a message have as much as 64 KiB.
const maxMessage = 1 << 16

// overhead is what EAP and EAP-TLS put before the first octets of a message:
// RFC 3748's header with its Type, the flags, the length.
const overhead = 4 + 1 + 1 + 4

// Why what the other side sends is no EAP-TLS message.
var (
	errEmpty  = errors.New("EAP-TLS: an empty fragment that says more follows")
	errBeyond = errors.New("EAP-TLS: fragments beyond the length announced")
	errShort  = errors.New("EAP-TLS: fragments short of the length announced")
	errAck    = errors.New("EAP-TLS: data where a fragment was to be acknowledged")
)

// An assembler puts the fragments of one message together. It never holds more
// than maxMessage octets.
type assembler struct {
	message   []byte
	total     int // as announced
	began     bool
	announced bool
}

// add takes an EAP-TLS packet's Type-Data. It returns the message when it is
// whole, and then keeps nothing: an acknowledgement is an empty message.
func (a *assembler) add(data []byte) (message []byte, flags byte, whole bool, err error) {
	r := wire.NewReader(data)
	flags = r.Uint8("Flags")
	var announced uint32
	if flags&lengthIncluded != 0 {
		announced = r.Uint32("TLS Message Length")
	}
	fragment := r.Rest()
	if r.Err() != nil {
		return nil, flags, false, r.Err()
	}
	if flags&lengthIncluded != 0 {
		total := int(min(announced, maxMessage))
		switch {
		case announced > maxMessage:
			return nil, flags, false, fmt.Errorf("EAP-TLS: a message of %d octets is announced, %d is the most", announced, maxMessage)
		case a.began && (!a.announced || total != a.total):
			return nil, flags, false, errBeyond
		}
		a.total, a.announced = total, true
	}
	limit := maxMessage
	if a.announced {
		limit = a.total
	}
	switch {
	case len(fragment) == 0 && flags&moreFragments != 0:
		return nil, flags, false, errEmpty
	case len(a.message)+len(fragment) > limit:
		return nil, flags, false, errBeyond
	}
	a.began = true
	a.message = append(a.message, fragment...)
	if flags&moreFragments != 0 {
		return nil, flags, false, nil
	}
	message = a.message
	if a.announced && len(message) != a.total {
		err = errShort
	}
	*a = assembler{}
	return message, flags, true, err
}

// A splitter gives one message out in fragments, each when the one before was
// acknowledged.
type splitter struct {
	rest  []byte
	size  int // of a fragment
	first bool
}

// split makes a splitter for packets of mru octets.
func split(message []byte, mru int) splitter {
	return splitter{rest: message, size: mru - overhead, first: true}
}

// next is the Type-Data of the next packet; after the last it is that of an
// acknowledgement.
func (s *splitter) next() []byte {
	n := min(s.size, len(s.rest))
	flags, fragment := byte(0), s.rest[:n]
	total := len(s.rest)
	s.rest = s.rest[n:]
	if len(s.rest) > 0 {
		flags |= moreFragments
	}
	// RFC 9190 §2.1.9: the length is in the first fragment of several only.
	data := make([]byte, 0, 5+n)
	if s.first && len(s.rest) > 0 {
		data = binary.BigEndian.AppendUint32(append(data, flags|lengthIncluded), uint32(total))
	} else {
		data = append(data, flags)
	}
	s.first = false
	return append(data, fragment...)
}

// more tells whether fragments are left.
func (s *splitter) more() bool { return len(s.rest) > 0 }
