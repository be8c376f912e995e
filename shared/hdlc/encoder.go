package hdlc

import "slices"

// An Encoder frames what is sent to the peer.
type Encoder struct {
	// ACCM is the transmit map: the control characters that the peer wants
	// escaped (RFC 1662 §7.1). Flag and Control Escape always are.
	ACCM uint32
}

// Append appends a frame, given without its FCS, as it goes on the line: flag,
// the frame and its FCS with escapes, flag. The line takes it without any
// opening flag of its own, also after a pause (RFC 1662 §4.4.2).
func (e *Encoder) Append(dst, frame []byte) []byte {
	switch e.ACCM {
	case 0:
		return appendFrame(dst, frame, 0, &noneEscaped)
	case AllControl:
		return AppendFull(dst, frame)
	}
	return appendUnder(dst, frame, e.ACCM)
}

// AppendFull is Append with every control character escaped, whatever was
// agreed: LCP packets are sent in this form (RFC 1661 §5).
func AppendFull(dst, frame []byte) []byte { return appendFrame(dst, frame, AllControl, &allEscaped) }

// appendUnder is for the other maps. It is apart so that only who uses such a
// one has the table on its stack.
//
//go:noinline
func appendUnder(dst, frame []byte, accm uint32) []byte {
	f := noneEscaped
	for c := range 0x20 {
		if accm>>c&1 != 0 {
			f[c] = allEscaped[c]
		}
	}
	return appendFrame(dst, frame, accm, &f)
}

func appendFrame(dst, frame []byte, accm uint32, f *forms) []byte {
	fcs := ^FCS16(InitFCS, frame)
	dst = slices.Grow(dst, 2*(len(frame)+fcsOctets)+2) // every octet may be escaped
	dst = append(dst, flag)
	for len(frame) > 0 {
		n := plainRun(frame, accm)
		dst = append(dst, frame[:n]...)
		frame = frame[n:]
		n = min(near(n), len(frame))
		dst = f.append(dst, frame[:n])
		frame = frame[n:]
	}
	dst = f.append(dst, []byte{byte(fcs), byte(fcs >> 8)})
	return append(dst, flag)
}

// forms tells how each octet goes on the line: the first octet, the second (in
// bits 8 to 15), and how many they are (from bit 16 on).
type forms [256]uint32

// What most calls agree on, and what all begin with.
var noneEscaped, allEscaped = makeForms(0), makeForms(AllControl)

func makeForms(accm uint32) (f forms) {
	for c := range uint32(len(f)) {
		f[c] = 1<<16 | c
		if c < 0x20 && accm>>c&1 != 0 || c == flag || c == escape {
			f[c] = 2<<16 | (c^flip)<<8 | escape
		}
	}
	return f
}

// append appends b as it goes on the line; dst has room. It has no branches
// that depend on b, for they could not be foreseen: two octets are always
// written, and the second is written over if it was not meant.
func (f *forms) append(dst, b []byte) []byte {
	n := uint(len(dst))
	to := dst[:cap(dst)]
	for _, c := range b {
		v := f[c]
		if n+1 >= uint(len(to)) {
			break // never, but now the compiler knows
		}
		to[n], to[n+1] = byte(v), byte(v>>8)
		n += uint(v >> 16)
	}
	return to[:n]
}
