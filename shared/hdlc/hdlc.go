// Package hdlc frames PPP on asynchronous lines: the octet-stuffed form of
// RFC 1662 §4, with the 16-bit FCS. It does no I/O.
package hdlc

import "errors"

// What stands between frames and before an escaped octet (RFC 1662 §4.1,
// §4.2). An escaped octet is exclusive-or'd with flip.
const (
	flag   = 0x7E
	escape = 0x7D
	flip   = 0x20
)

// AllControl is the ACCM (RFC 1662 §7.1) with every control character in it:
// what is sent until LCP agrees on less. Bit n stands for octet n.
const AllControl = 0xFFFFFFFF

// DefaultMaxFrame holds a frame with an information field of ppp.DefaultMRU
// octets and room for the headers of multilink and encryption.
const DefaultMaxFrame = 1600

// Why the octets between two flags are no frame.
var (
	ErrFCS   = errors.New("wrong FCS")
	ErrAbort = errors.New("frame aborted")   // its last octet is Control Escape (RFC 1662 §4.3)
	ErrRunt  = errors.New("frame too short") // under four octets with its FCS (RFC 1662 §4.3)
	ErrGiant = errors.New("frame too long")  // over Decoder.MaxFrame
)
