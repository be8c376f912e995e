package netport

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"carrier/hardware/netport/telnet"
)

const (
	// maxPending bounds what waits to be sent besides data: answers to a far end
	// that asks and asks.
	maxPending = 4 << 10
	// chunk is how many octets of data are encoded at a time.
	chunk = 1 << 10
)

var errFlood = errors.New("the far end sends Telnet commands without end")

// A session is a connection that speaks Telnet, or may do so. One goroutine
// reads; answers are sent by it if that can be done at once, or else by the
// next writer.
type session struct {
	net.Conn
	sub func(telnet.Option, []byte) // called under mu

	// The reader's.
	early []byte // data for which no Read had room
	one   [2]byte

	writing sync.Mutex // held while something is sent

	mu      sync.Mutex
	codec   *telnet.Codec
	pending []byte // goes before data: answers, the second half of a pair
	gate    gate
}

func newSession(c net.Conn, codec *telnet.Codec) *session {
	urgentInline(c)
	s := &session{Conn: c, codec: codec, pending: codec.Replies(nil)}
	s.sub = func(telnet.Option, []byte) {}
	return s
}

// Read passes data on and keeps Telnet back.
func (s *session) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for len(s.early) == 0 {
		// An octet held back may come out before the first of the next: there is
		// one more of room.
		if len(b) > 1 {
			data, err := s.receive(b[:0], b[1:])
			if len(data) > 0 || err != nil {
				return len(data), err
			}
			continue
		}
		data, err := s.receive(s.one[:0], s.one[1:])
		if err != nil {
			return 0, err
		}
		s.early = data
	}
	n := copy(b, s.early)
	s.early = s.early[n:]
	return n, nil
}

// receive reads once into a buffer and appends to dst the data in it, which may
// be none.
func (s *session) receive(dst, buffer []byte) ([]byte, error) {
	n, err := s.Conn.Read(buffer)
	if n == 0 {
		return dst, err
	}
	return s.decode(dst, buffer[:n])
}

// decode takes what was received.
func (s *session) decode(dst, received []byte) ([]byte, error) {
	s.mu.Lock()
	dst = s.codec.Decode(dst, received, s.sub)
	s.pending = s.codec.Replies(s.pending)
	waiting := len(s.pending)
	s.mu.Unlock()
	if waiting > maxPending {
		return dst, errors.Join(errFlood, s.Close())
	}
	s.flush()
	return dst, nil
}

// post sends something besides data, now or before the next data.
func (s *session) post(b []byte) {
	s.mu.Lock()
	s.pending = append(s.pending, b...)
	s.mu.Unlock()
	s.flush()
}

// flush sends what is pending, as far as that goes without waiting.
func (s *session) flush() {
	for s.waiting() && s.writing.TryLock() {
		err := s.sendPending(tryWrite)
		s.writing.Unlock()
		if err != nil {
			return // the next Write has the same error, or more time
		}
	}
}

func (s *session) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending) > 0
}

// errFull is tryWrite's error when the kernel takes no more.
var errFull = errors.New("no room")

// sendPending sends what is pending; the caller holds writing.
func (s *session) sendPending(write func(net.Conn, []byte) (int, error)) error {
	s.mu.Lock()
	b := s.pending
	s.pending = nil
	s.mu.Unlock()
	if len(b) == 0 {
		return nil
	}
	n, err := write(s.Conn, b)
	if n < len(b) {
		s.mu.Lock()
		s.pending = append(b[n:], s.pending...)
		s.mu.Unlock()
	}
	return err
}

// Write returns when the kernel has taken all of b, or how much of it at the
// deadline. It waits while the far end wants no data.
func (s *session) Write(b []byte) (n int, err error) {
	s.writing.Lock()
	for err == nil && n < len(b) {
		var m int
		m, err = s.writeChunk(b[n:min(n+chunk, len(b))])
		n += m
	}
	s.writing.Unlock()
	s.flush() // answers that came meanwhile
	return n, err
}

// encoded holds data as they are sent, while they are: an idle session has none.
var encoded = sync.Pool{New: func() any { return new([]byte) }}

func (s *session) writeChunk(b []byte) (int, error) {
	if err := s.pass(); err != nil {
		return 0, err
	}
	if err := s.sendPending(net.Conn.Write); err != nil {
		return 0, err
	}
	s.mu.Lock()
	e := s.codec.Encoding()
	s.mu.Unlock()
	out := encoded.Get().(*[]byte)
	defer encoded.Put(out)
	*out = e.Append((*out)[:0], b)
	n, err := s.Conn.Write(*out)
	if n == len(*out) {
		return len(b), err
	}
	n, rest := e.Taken(b, n)
	s.mu.Lock()
	s.pending = append(rest, s.pending...)
	s.mu.Unlock()
	return n, err
}

// SetDeadline sets both.
func (s *session) SetDeadline(t time.Time) error {
	return errors.Join(s.SetReadDeadline(t), s.SetWriteDeadline(t))
}

// SetWriteDeadline bounds waiting for the far end too.
func (s *session) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	s.gate.until = t
	s.gate.change()
	s.mu.Unlock()
	return s.Conn.SetWriteDeadline(t)
}

// Close frees a writer that waits for the far end too.
func (s *session) Close() error {
	s.mu.Lock()
	s.gate.closed = true
	s.gate.change()
	s.mu.Unlock()
	return s.Conn.Close()
}

// A gate is whether the far end wants data (RFC 2217, FLOWCONTROL-SUSPEND and
// -RESUME). It stands under its session's lock.
type gate struct {
	shut, closed bool
	until        time.Time     // the write deadline
	changed      chan struct{} // closed at the next change; nil while nobody waits
}

func (g *gate) change() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// pass returns when data may be sent.
func (s *session) pass() error {
	for {
		s.mu.Lock()
		g := &s.gate
		if g.closed || !g.shut {
			closed := g.closed
			s.mu.Unlock()
			if closed { // though the connection may be open yet
				return net.ErrClosed
			}
			return nil
		}
		if g.changed == nil {
			g.changed = make(chan struct{})
		}
		changed, until := g.changed, g.until
		s.mu.Unlock()
		if err := wait(changed, until); err != nil {
			return err
		}
	}
}

// wait returns at a change, or with an error at a time that is not zero.
func wait(changed <-chan struct{}, until time.Time) error {
	if until.IsZero() {
		<-changed
		return nil
	}
	t := time.NewTimer(time.Until(until))
	defer t.Stop()
	select {
	case <-changed:
		return nil
	case <-t.C:
		return os.ErrDeadlineExceeded
	}
}
