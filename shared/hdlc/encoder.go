package hdlc

// An Encoder frames what is sent to the peer.
type Encoder struct {
	// ACCM is the transmit map: the control characters that the peer wants
	// escaped (RFC 1662 §7.1). Flag and Control Escape always are.
	ACCM uint32
}

// Append appends a frame, given without its FCS, as it goes on the line: flag,
// the frame and its FCS with escapes, flag. The line takes it without any
// opening flag of its own, also after a pause (RFC 1662 §4.4.2).
func (e *Encoder) Append(dst, frame []byte) []byte { return appendFrame(dst, frame, e.ACCM) }

// AppendFull is Append with every control character escaped, whatever was
// agreed: LCP packets are sent in this form (RFC 1661 §5).
func AppendFull(dst, frame []byte) []byte { return appendFrame(dst, frame, AllControl) }

func appendFrame(dst, frame []byte, accm uint32) []byte {
	fcs := ^fcs16(initFCS, frame)
	dst = append(dst, flag)
	dst = appendEscaped(dst, frame, accm)
	dst = appendEscaped(dst, []byte{byte(fcs), byte(fcs >> 8)}, accm)
	return append(dst, flag)
}

// appendEscaped copies run by run: what needs no escape, then what does.
func appendEscaped(dst, b []byte, accm uint32) []byte {
	for len(b) > 0 {
		n := 0
		for n < len(b) && !escaped(b[n], accm) {
			n++
		}
		dst = append(dst, b[:n]...)
		for b = b[n:]; len(b) > 0 && escaped(b[0], accm); b = b[1:] {
			dst = append(dst, escape, b[0]^flip)
		}
	}
	return dst
}

func escaped(c byte, accm uint32) bool {
	return c < 0x20 && accm>>c&1 != 0 || c == flag || c == escape
}
