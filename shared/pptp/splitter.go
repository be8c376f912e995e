package pptp

import (
	"encoding/binary"
	"fmt"

	"carrier/shared/wire"
)

// A Splitter cuts the octets of a TCP stream, which come in any pieces, into
// messages. Its zero value is ready.
type Splitter struct {
	buf []byte // the message whose end has not come
	err error
}

// Push hands each message that b completes to f, whole and valid only during
// f. Length and Magic Cookie are tested as soon as their octets are there: on
// ErrLength or ErrCookie, or an error of f, which comes back as it is, nothing
// more can be read from this stream and every later Push gives the same error.
func (s *Splitter) Push(b []byte, f func(message []byte) error) error {
	for s.err == nil && len(b) > 0 {
		n := min(len(b), want(s.buf)-len(s.buf))
		s.buf, b = append(s.buf, b[:n]...), b[n:]
		s.err = checkStart(s.buf)
		if s.err == nil && len(s.buf) == want(s.buf) {
			s.err = f(s.buf)
			s.buf = s.buf[:0]
		}
	}
	return s.err
}

// want is how long a message that begins with b must become before more can be
// done with it: a header, then the whole.
func want(b []byte) int {
	if len(b) < headerLen {
		return headerLen
	}
	return int(binary.BigEndian.Uint16(b))
}

// checkStart tests as much of a message's header as is there.
func checkStart(b []byte) error {
	if len(b) >= headerLen {
		return readHeader(wire.NewReader(b)).check()
	}
	if len(b) >= 2 {
		if err := checkLength(binary.BigEndian.Uint16(b)); err != nil {
			return err
		}
	}
	cookie := binary.BigEndian.AppendUint32(nil, magicCookie)
	for i := 4; i < min(len(b), 8); i++ {
		if b[i] != cookie[i-4] {
			return fmt.Errorf("%w: octet %d is %#02x", ErrCookie, i-4, b[i])
		}
	}
	return nil
}
