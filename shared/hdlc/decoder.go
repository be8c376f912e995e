package hdlc

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
)

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

	partial []byte  // unescaped octets of the frame that has begun, in held
	held    *[]byte // from spare; nil between two frames
	mask    byte    // flip when the last octet was Control Escape: for the next one
	giant   bool    // the frame was too long and was reported: skip to the flag
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
func (d *Decoder) Reset() { d.partial, d.mask, d.giant = d.partial[:0], 0, false }

// plain says that b is all between two flags and needs no change: it is
// judged where it lies.
func (d *Decoder) plain(b []byte) bool {
	return len(d.partial) == 0 && d.mask == 0 && !d.giant &&
		len(b) <= d.limit() && bytes.IndexByte(b, escape) < 0 && d.wanted(b) == len(b)
}

func (d *Decoder) limit() int {
	if d.MaxFrame <= 0 {
		return DefaultMaxFrame + fcsOctets
	}
	return d.MaxFrame + fcsOctets
}

// collect unescapes b, which holds no flag, onto the partial frame, without
// what the line has put in.
func (d *Decoder) collect(b []byte, f func([]byte, error)) {
	for len(b) > 0 && !d.giant {
		n := d.wanted(b)
		d.unescape(b[:n])
		if len(d.partial) > d.limit() {
			d.giant = true
			f(nil, ErrGiant)
		}
		b = b[min(n+1, len(b)):]
	}
}

// wanted counts the octets before the first one to drop.
func (d *Decoder) wanted(b []byte) (n int) {
	if d.ACCM == 0 {
		return len(b)
	}
	for n < len(b) {
		for n+8 <= len(b) && below(binary.LittleEndian.Uint64(b[n:]), 0x20) == 0 {
			n += 8
		}
		for _, c := range b[n:min(n+8, len(b))] {
			if c < 0x20 && d.ACCM>>c&1 != 0 {
				return n
			}
			n++
		}
	}
	return n
}

// unescape appends what b stands for, until that is too long.
func (d *Decoder) unescape(b []byte) {
	if d.held == nil {
		d.held = spare.Get().(*[]byte)
		d.partial = (*d.held)[:0]
	}
	n, limit := len(d.partial), d.limit()
	longest := limit + cluster
	to := slices.Grow(d.partial, max(0, min(len(b), longest-n)))
	to = to[:min(cap(to), longest)]
	for len(b) > 0 && n <= limit {
		k := cluster
		if d.mask == 0 {
			run := bytes.IndexByte(b, escape)
			if run < 0 {
				run = len(b)
			}
			n += copy(to[n:], b[:run])
			b = b[run:]
			k = near(run)
		}
		k = min(k, len(b))
		n, d.mask = each(to, n, b[:k], d.mask)
		b = b[k:]
	}
	d.partial = to[:n]
}

// each unescapes b octet by octet to to[n:] and returns where it ends. It has no
// branches that depend on b, for they could not be foreseen: an octet is always
// written, and stays unless it was Control Escape.
func each(to []byte, n int, b []byte, mask byte) (int, byte) {
	at := uint(n)
	for _, c := range b {
		if at >= uint(len(to)) {
			break // it is too long already
		}
		to[at] = c ^ mask
		mask = masks[c]
		at += kept[c]
	}
	return int(at), mask
}

// What an octet received means: 1 for all that are kept, and the mask of the
// octet behind it.
var (
	kept  = makeKept()
	masks = [256]byte{escape: flip}
)

func makeKept() (t [256]uint) {
	for c := range t {
		t[c] = 1
	}
	t[escape] = 0
	return t
}

// spare holds what decoders had partial frames in: most calls are between two
// frames most of the time.
var spare = sync.Pool{New: func() any { return new([]byte) }}

// finish is the flag after the partial frame.
func (d *Decoder) finish(f func([]byte, error)) {
	frame, aborted, giant := d.partial, d.mask != 0, d.giant
	d.Reset()
	if b := d.held; b != nil {
		d.partial, d.held = nil, nil
		defer func() {
			*b = frame[:0]
			spare.Put(b)
		}()
	}
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
	case FCS16(InitFCS, frame) != GoodFCS:
		f(nil, ErrFCS)
	default:
		f(frame[:n:n], nil)
	}
}
