// Package wire reads binary messages downwards, field by field. The first
// field that does not fit is remembered by name, every later read yields zero,
// and Err says what was missing: a parser needs one error check at its end.
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrShort is what every error of a Reader matches with errors.Is: the message
// ended before the field did.
var ErrShort = errors.New("short message")

// A ShortError names the field that did not fit, in octets.
type ShortError struct {
	Field          string
	Need, At, Have int // Have is what was left at offset At
}

func (e *ShortError) Error() string {
	return fmt.Sprintf("%s: short message: need %d bytes at %d, have %d", e.Field, e.Need, e.At, e.Have)
}

// Is makes errors.Is(err, ErrShort) true.
func (e *ShortError) Is(target error) bool { return target == ErrShort }

// A Reader is a cursor over one message. It never writes to the message, and
// the slices it returns alias it.
type Reader struct {
	b   []byte
	at  int
	err error
}

// NewReader starts at the first octet of b, which the caller keeps.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Uint8 reads one octet.
func (r *Reader) Uint8(field string) uint8 {
	if b := r.take(field, 1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 reads two octets in network order.
func (r *Reader) Uint16(field string) uint16 {
	if b := r.take(field, 2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// Uint32 reads four octets in network order.
func (r *Reader) Uint32(field string) uint32 {
	if b := r.take(field, 4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Bytes returns the next n octets, which alias the message. A negative n is a
// length field that lies: it fails like a short message.
func (r *Reader) Bytes(field string, n int) []byte { return r.take(field, n) }

// Skip passes over n octets, usually a reserved field.
func (r *Reader) Skip(field string, n int) { r.take(field, n) }

// Text reads a fixed field of n octets that holds text up to the first NUL; a
// missing NUL is tolerated.
func (r *Reader) Text(field string, n int) string {
	b := r.take(field, n)
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// Rest returns all that is left, possibly nothing; it aliases the message.
func (r *Reader) Rest() []byte {
	if r.err != nil {
		return nil
	}
	b := r.b[r.at:]
	r.at = len(r.b)
	return b
}

// Len is the number of octets not read yet; 0 after an error.
func (r *Reader) Len() int {
	if r.err != nil {
		return 0
	}
	return len(r.b) - r.at
}

// Err is nil, or a *ShortError about the first field that did not fit.
func (r *Reader) Err() error { return r.err }

func (r *Reader) take(field string, n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.b)-r.at {
		r.err = &ShortError{Field: field, Need: n, At: r.at, Have: len(r.b) - r.at}
		return nil
	}
	b := r.b[r.at : r.at+n : r.at+n]
	r.at += n
	return b
}
