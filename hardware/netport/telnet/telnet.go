// Package telnet is the Telnet protocol (RFC 854) of a port that carries eight
// bits both ways: options are agreed as RFC 1143 says, so that no exchange of
// them goes round for ever. It does no I/O.
package telnet

import "bytes"

// An Option is a Telnet option.
type Option uint8

// The options that are known here; all others are refused.
const (
	Binary          Option = 0  // RFC 856
	Echo            Option = 1  // RFC 857
	SuppressGoAhead Option = 3  // RFC 858
	ComPort         Option = 44 // RFC 2217
)

// Telnet's commands (RFC 854). Those between are of no use on a port and only
// taken out of the data.
const (
	se   = 240
	sb   = 250
	will = 251
	wont = 252
	do   = 253
	dont = 254
	iac  = 255
)

// flag begins a frame of PPP: from the first on, what was not Telnet is data for
// ever.
const flag = 0x7E

// maxSub bounds what is kept of a subnegotiation, octets; longer ones are
// passed over.
const maxSub = 64

// A mode is what the octets of a connection are.
type mode uint8

const (
	spoken mode = iota
	undecided
	raw
)

// A state is where in a command the next octet stands.
type state uint8

const (
	inData state = iota
	inCommand
	inOption
	inSubOption
	inSub
	inSubCommand
)

// A Codec is one connection's Telnet. Its methods must not be called
// concurrently.
type Codec struct {
	mode    mode
	state   state
	command byte // in inOption
	cr      bool // the last octet of data was CR
	ours    agreements
	theirs  agreements
	answers bool // we are the end that was connected to
	option  Option
	sub     []byte
	tooLong bool
	replies []byte
}

// Dialled is the Codec of a connection that we opened, to a terminal server:
// eight bits both ways are offered, and with comPort the Com Port Control of
// RFC 2217.
func Dialled(comPort bool) *Codec {
	c := &Codec{}
	c.offer()
	if comPort {
		c.ask(&c.ours, will, ComPort)
	}
	return c
}

// Accepted is the Codec of a connection that was opened to us.
func Accepted() *Codec {
	c := &Codec{answers: true}
	c.offer()
	return c
}

// Undecided is the Codec of a connection that was opened to us by somebody who
// may speak Telnet or not. A first WILL, WONT, DO, DONT or SB decides for
// Telnet; a flag of PPP, or IAC before anything else, for raw octets.
func Undecided() *Codec { return &Codec{mode: undecided, answers: true} }

// offer asks for eight bits both ways. Whoever connects to us gets characters
// as she types them, and sees them because our login shows them.
func (c *Codec) offer() {
	if c.answers {
		c.ask(&c.ours, will, Echo)
	}
	for _, o := range []Option{SuppressGoAhead, Binary} {
		c.ask(&c.ours, will, o)
		c.ask(&c.theirs, do, o)
	}
}

// Decode appends to dst the data in b, which may end anywhere in a command. dst
// may be the beginning of the array of which b is a part, one octet ahead of b.
// sub gets each subnegotiation of an option that is agreed, valid during the
// call.
func (c *Codec) Decode(dst, b []byte, sub func(Option, []byte)) []byte {
	for len(b) > 0 {
		if c.mode == raw {
			return append(dst, b...)
		}
		if n := c.run(b); n > 0 {
			dst = append(dst, b[:n]...)
			c.cr = b[n-1] == '\r'
			b = b[n:]
			continue
		}
		dst = c.octet(dst, b[0], sub)
		b = b[1:]
	}
	return dst
}

// run is how many octets at the front of b are data and nothing else.
func (c *Codec) run(b []byte) int {
	if c.state != inData {
		return 0
	}
	special := ""
	switch {
	case c.mode == undecided:
		special = "\xFF\x7E"
	case c.theirs.of(Binary) == refused:
		special = "\xFF\x00"
	default:
		if i := bytes.IndexByte(b, iac); i >= 0 {
			return i
		}
		return len(b)
	}
	for i, o := range b {
		if o == special[0] || o == special[1] {
			return i
		}
	}
	return len(b)
}

func (c *Codec) octet(dst []byte, o byte, sub func(Option, []byte)) []byte {
	switch c.state {
	case inData:
		return c.data(dst, o)
	case inCommand:
		return c.afterIAC(dst, o)
	case inOption:
		c.state = inData
		c.negotiate(c.command, Option(o))
	case inSubOption:
		c.option, c.sub, c.tooLong, c.state = Option(o), c.sub[:0], false, inSub
	case inSub:
		if o == iac {
			c.state = inSubCommand
		} else {
			c.keep(o)
		}
	case inSubCommand:
		switch o {
		case iac:
			c.keep(o)
			c.state = inSub
		case se:
			c.state = inData
			if !c.tooLong && (c.ours.of(c.option) == agreed || c.theirs.of(c.option) == agreed) {
				sub(c.option, c.sub)
			}
		default: // the end of it was lost
			return c.afterIAC(dst, o)
		}
	}
	return dst
}

// data takes an octet that may not be data alone.
func (c *Codec) data(dst []byte, o byte) []byte {
	switch {
	case o == iac:
		c.state = inCommand
		return dst
	case o == 0 && c.cr: // a network virtual terminal's CR, in seven bits
		c.cr = false
		return dst
	case o == flag:
		c.mode = raw
	}
	c.cr = false
	return append(dst, o)
}

// afterIAC takes the octet behind IAC.
func (c *Codec) afterIAC(dst []byte, o byte) []byte {
	c.state = inData
	if c.mode == undecided {
		if o < sb || o == iac {
			c.mode = raw
			return append(dst, iac, o)
		}
		c.mode = spoken
		c.offer()
	}
	switch o {
	case iac:
		c.cr = false
		return append(dst, iac)
	case will, wont, do, dont:
		c.command, c.state = o, inOption
	case sb:
		c.state = inSubOption
	}
	return dst
}

func (c *Codec) keep(o byte) {
	if len(c.sub) >= maxSub {
		c.tooLong = true
		return
	}
	c.sub = append(c.sub, o)
}

// Replies appends to dst what must be sent, at once and in this order, and
// forgets it.
func (c *Codec) Replies(dst []byte) []byte {
	dst = append(dst, c.replies...)
	c.replies = c.replies[:0]
	return dst
}
