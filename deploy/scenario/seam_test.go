package scenario

import (
	"bytes"
	"net"
	"path/filepath"
	"sync"
	"testing"
)

// A seam is a port of the POP's between pac and a modem of the telephone network's,
// of which the test has both ends in its hands.
type seam struct {
	modem string // where the exchange has its end
	port  string // where pac has its
	t     *testing.T

	mu    sync.Mutex
	conns []net.Conn
	hold  []byte // what the modem says from here on is kept
	until []byte // until pac says that
	held  []byte
	heard chan struct{} // closed when something is kept
}

// newSeam makes one; the exchange's end must be open when pac opens its own.
func newSeam(t *testing.T) *seam {
	t.Helper()
	dir := t.TempDir()
	s := &seam{t: t, modem: filepath.Join(dir, "modem"), port: filepath.Join(dir, "port"), heard: make(chan struct{})}
	l, err := net.Listen("unix", s.port)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.join(near) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.cut()
		serving.Wait()
	})
	return s
}

// join carries octets between both ends until one is closed.
func (s *seam) join(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("unix", s.modem)
	if err != nil {
		return
	}
	defer far.Close()
	s.mu.Lock()
	s.conns = append(s.conns, near, far)
	s.mu.Unlock()
	var carrying sync.WaitGroup
	carry := func(from, to net.Conn, what func([]byte, net.Conn) []byte) {
		defer near.Close()
		defer far.Close()
		for b := make([]byte, 512); ; {
			n, err := from.Read(b)
			if err != nil {
				return
			}
			if _, err := to.Write(what(b[:n], near)); err != nil {
				return
			}
		}
	}
	carrying.Go(func() { carry(far, near, s.said) })
	carry(near, far, s.asked)
	carrying.Wait()
}

// said is what pac hears of what the modem says.
func (s *seam) said(b []byte, _ net.Conn) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hold == nil || s.held == nil && !bytes.Contains(b, s.hold) {
		return b
	}
	if s.held == nil {
		close(s.heard)
	}
	s.held = append(s.held, b...)
	return nil
}

// asked is what the modem hears of what pac says, and lets pac hear what was kept.
func (s *seam) asked(b []byte, pac net.Conn) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil && bytes.Contains(b, s.until) {
		s.hold = nil
		if _, err := pac.Write(s.held); err != nil {
			s.t.Errorf("what was kept: %v", err)
		}
	}
	return b
}

// keep keeps what the modem says, from a word on, until pac says another.
func (s *seam) keep(from, until string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold, s.until = []byte(from), []byte(until)
}

// cut unplugs it.
func (s *seam) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
	s.conns = nil
}
