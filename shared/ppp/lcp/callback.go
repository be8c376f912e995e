package lcp

import (
	"bytes"
	"slices"

	"carrier/shared/phone"
)

// Callback is the wish to be called back (RFC 1570 §2.3).
type Callback struct {
	Operation Operation
	Message   []byte // at most 252 octets
}

// An Operation tells what the Message of a Callback is.
type Operation uint8

// The operations that we know. RFC 1570 has two more, a location identifier and a
// distinguished name, for which we have no directory.
const (
	ByUser     Operation = 0 // nothing: where the peer is, follows from who it is
	DialString Operation = 1 // what a modem is given to dial
	E164       Operation = 3 // a telephone number
	ByCBCP     Operation = 6 // nothing: it is negotiated after authentication (package cbcp)
)

// Number is the telephone number of an Operation that has one in its Message.
func (c *Callback) Number() string {
	if c.Operation == DialString || c.Operation == E164 {
		return string(c.Message)
	}
	return ""
}

func (c *Callback) append(b []byte) []byte { return append(append(b, byte(c.Operation)), c.Message...) }

// judgeCallback suggests ByUser, which needs nothing from the peer, for what is not
// known.
func (n *negotiator) judgeCallback(data []byte) (bool, []byte) {
	if !n.opt.CallsBack {
		return false, nil
	}
	if len(data) == 0 {
		return false, []byte{byte(ByUser)}
	}
	c := &Callback{Operation: Operation(data[0]), Message: bytes.Clone(data[1:])}
	switch c.Operation {
	case ByUser, ByCBCP:
		n.theirs.Callback = c
		return true, nil
	case DialString, E164:
		strange := slices.ContainsFunc(c.Message, func(o byte) bool { return o < ' ' || o > '~' })
		if len(c.Message) > 0 && len(c.Message) <= phone.Longest && !strange {
			n.theirs.Callback = c
			return true, nil
		}
	}
	return false, []byte{byte(ByUser)}
}
