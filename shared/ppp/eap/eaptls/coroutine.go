package eaptls

import (
	"crypto/tls"
	"io"
	"iter"
	"net"
	"time"
)

// A session runs crypto/tls, which wants to block in Read, as a coroutine: feed
// gives it octets and returns when it wants more of them or has ended. So it
// runs only while its owner waits for it, and never beside. It holds what was
// fed and not yet read, and what is to be sent; end frees it.
type session struct {
	conn    *tls.Conn
	in, out []byte
	wait    func(struct{}) bool // of the coroutine: until more is fed; false: end was called
	resume  func() (struct{}, bool)
	stop    func()
	done    bool
	err     error // why run ended
}

// begin makes a session whose conn is made by role, and which runs run on it.
// Nothing runs before the first feed.
func begin(role func(net.Conn) *tls.Conn, run func(*tls.Conn) error) *session {
	s := new(session)
	s.conn = role(pipe{s})
	s.resume, s.stop = iter.Pull(func(yield func(struct{}) bool) {
		s.wait = yield
		s.err = run(s.conn)
	})
	return s
}

// feed gives octets from the other side, which are copied, and returns those
// for it, which belong to the caller.
func (s *session) feed(octets []byte) []byte {
	s.in = append(s.in, octets...)
	if !s.done {
		_, more := s.resume()
		s.done = !more
	}
	return s.take()
}

// take returns what TLS wants sent.
func (s *session) take() []byte {
	out := s.out
	s.out = nil
	return out
}

// end unwinds the coroutine wherever it waits. It may be called twice.
func (s *session) end() {
	s.stop()
	if !s.done {
		s.done, s.err = true, net.ErrClosed
	}
	s.in, s.out = nil, nil
}

// A pipe is the session as crypto/tls sees it. Its deadlines are the owner's
// business.
type pipe struct{ s *session }

func (p pipe) Read(b []byte) (int, error) {
	for len(p.s.in) == 0 {
		if !p.s.wait(struct{}{}) {
			return 0, io.ErrClosedPipe
		}
	}
	n := copy(b, p.s.in)
	p.s.in = p.s.in[n:]
	return n, nil
}

func (p pipe) Write(b []byte) (int, error) {
	p.s.out = append(p.s.out, b...)
	return len(b), nil
}

func (pipe) Close() error                     { return nil }
func (pipe) LocalAddr() net.Addr              { return address{} }
func (pipe) RemoteAddr() net.Addr             { return address{} }
func (pipe) SetDeadline(time.Time) error      { return nil }
func (pipe) SetReadDeadline(time.Time) error  { return nil }
func (pipe) SetWriteDeadline(time.Time) error { return nil }

type address struct{}

func (address) Network() string { return "eap" }
func (address) String() string  { return "eap" }
