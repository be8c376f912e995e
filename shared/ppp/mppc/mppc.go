// Package mppc is Microsoft Point-To-Point Compression (RFC 2118): the history
// of 8 KiB and the code of its packets, for one direction each.
//
// It leaves to package mppe what MPPC and MPPE share, and what goes around the
// coded octets: CCP's option 18, the header of two octets with its coherency
// count, and encryption. So it departs from how other compressors look here:
// it gives and takes that header's Flags, and every packet that has the header
// passes through it, coded or not. It is not told of packets that got lost: the
// coherency count knows, and they are followed by one that is Flushed.
//
// Nothing here allocates, but for dst where it is too small. A Compressor takes
// 16 KiB, a Decompressor 8. The zero value of each begins a history.
package mppc

import "errors"

// HistorySize is how many octets of what went before both ends keep (RFC 2118
// §1). A packet must be shorter to be compressed.
const HistorySize = 8192

// Flags are the bits of the header that tell of the history, where they stand in
// its first octet (RFC 2118 §3.1).
type Flags uint8

// The bits A, B and C.
const (
	Flushed    Flags = 0x80 // the sender's history was empty before this packet
	AtFront    Flags = 0x40 // this packet stands at the front of the history
	Compressed Flags = 0x20 // the octets are coded; otherwise they are the packet
)

// What can be wrong with a packet received. After each of these the history is
// lost: until a packet that is Flushed every other gets ErrLost. The owner sends
// a CCP Reset-Request.
var (
	ErrLost   = errors.New("mppc: the history is lost, and this packet is not flushed")
	ErrCode   = errors.New("mppc: not a length of match")
	ErrShort  = errors.New("mppc: the packet ends within a code")
	ErrOffset = errors.New("mppc: a copy from where the history holds nothing")
	ErrLong   = errors.New("mppc: the packet is longer than the MRU, or than what is left of the history")
)
