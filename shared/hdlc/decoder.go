package hdlc

import "bytes"

// A Decoder finds the frames in the octets received. Its memory is one frame
// at most, whatever arrives. The zero value is ready.
//
// An octet 7D on the line is always a Control Escape, also behind another one:
// a sender must escape it, so there it can only be line noise.
type Decoder struct {
	// MaxFrame is the longest frame to accept, in octets without FCS; 0 means
	// DefaultMaxFrame. It may be changed between frames.
	MaxFrame int
	// ACCM is the receive map: a control character in it that arrives
	// unescaped was put there by the line and is dropped (RFC 1662 §4.2). 0
	// keeps all.
	ACCM uint32

	partial []byte // unescaped octets of the frame that has begun
	escape  bool   // the last octet was Control Escape
	giant   bool   // the frame was too long and was reported: skip to the flag
}

// Push takes octets in pieces of any size and calls f for each frame that they
// complete, without its FCS, valid only during f; or with a nil frame and
// ErrFCS, ErrAbort, ErrRunt or ErrGiant for octets between two flags that are
// none. After an error decoding goes on. Two flags with nothing between them,
// as well as one flag that ends a frame and begins the next, are right and
// silent. The first frame needs no opening flag: what precedes the first flag
// is judged like a frame. Push must not be called concurrently or by f.
func (d *Decoder) Push(b []byte, f func(frame []byte, err error)) {
	for len(b) > 0 {
		n := bytes.IndexByte(b, flag)
		if n < 0 {
			d.collect(b, f)
			return
		}
		if d.plain(b[:n]) {
			judge(b[:n], f)
		} else {
			d.collect(b[:n], f)
			d.finish(f)
		}
		b = b[n+1:]
	}
}

// Reset forgets a frame that has begun; the options stay.
func (d *Decoder) Reset() { d.partial, d.escape, d.giant = d.partial[:0], false, false }

// plain says that b is all between two flags and needs no change: it is
// judged where it lies.
func (d *Decoder) plain(b []byte) bool {
	return len(d.partial) == 0 && !d.escape && !d.giant && d.ACCM == 0 &&
		len(b) <= d.limit() && bytes.IndexByte(b, escape) < 0
}

func (d *Decoder) limit() int {
	if d.MaxFrame <= 0 {
		return DefaultMaxFrame + fcsOctets
	}
	return d.MaxFrame + fcsOctets
}

// collect unescapes b, which holds no flag, onto the partial frame.
func (d *Decoder) collect(b []byte, f func([]byte, error)) {
	for len(b) > 0 && !d.giant {
		n := bytes.IndexByte(b, escape)
		if n < 0 {
			n = len(b)
		}
		d.take(b[:n])
		if b = b[n:]; len(b) > 0 {
			d.escape = true
			b = b[1:]
		}
		if len(d.partial) > d.limit() {
			d.giant = true
			f(nil, ErrGiant)
		}
	}
}

// take appends a run without escapes; only its first octet can be one that was
// escaped. It stores one octet more than the limit at most.
func (d *Decoder) take(b []byte) {
	room := max(0, d.limit()+1-len(d.partial))
	if d.ACCM == 0 && !d.escape {
		d.partial = append(d.partial, b[:min(room, len(b))]...)
		return
	}
	for _, c := range b {
		if room == 0 {
			return
		}
		if c < 0x20 && d.ACCM>>c&1 != 0 {
			continue
		}
		if d.escape {
			c ^= flip
			d.escape = false
		}
		d.partial = append(d.partial, c)
		room--
	}
}

// finish is the flag after the partial frame.
func (d *Decoder) finish(f func([]byte, error)) {
	frame, aborted, giant := d.partial, d.escape, d.giant
	d.Reset()
	switch {
	case giant: // reported already
	case aborted:
		f(nil, ErrAbort)
	default:
		judge(frame, f)
	}
}

// judge hands over what stood between two flags, unescaped.
func judge(frame []byte, f func([]byte, error)) {
	switch n := len(frame) - fcsOctets; {
	case len(frame) == 0:
	case n < 2:
		f(nil, ErrRunt)
	case fcs16(initFCS, frame) != goodFCS:
		f(nil, ErrFCS)
	default:
		f(frame[:n:n], nil)
	}
}
