package modem

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

var _ line.Line = (*Modem)(nil)

// A peer plays a modem, step by step, on the other end of the port.
type peer struct {
	t     *testing.T
	ports chan net.Conn // as the line opens them
	conn  net.Conn      // the present one

	mu     sync.Mutex
	opened []time.Time
	refuse error // what Open fails with
}

// newPeer makes a line and the modem on it.
func newPeer(t *testing.T, o Options) (*Modem, *peer) {
	p := &peer{t: t, ports: make(chan net.Conn, 1)}
	o.Name, o.Open = "test", p.open
	m := New(o)
	t.Cleanup(func() {
		_ = m.Close()
		if p.conn != nil {
			_ = p.conn.Close()
		}
	})
	return m, p
}

func (p *peer) open(context.Context) (Port, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened = append(p.opened, time.Now())
	if p.refuse != nil {
		return nil, p.refuse
	}
	ours, theirs := net.Pipe()
	p.ports <- theirs
	return ours, nil
}

// want waits for exactly these octets. It fails after a minute.
func (p *peer) want(s string) {
	p.t.Helper()
	if p.conn == nil {
		p.conn = <-p.ports
	}
	b := make([]byte, len(s))
	_ = p.conn.SetReadDeadline(time.Now().Add(time.Minute))
	if n, err := io.ReadFull(p.conn, b); string(b) != s {
		p.t.Fatalf("got %q, want %q (%v)", b[:n], s, err)
	}
}

// wantNothing fails if the line says anything for d.
func (p *peer) wantNothing(d time.Duration) {
	p.t.Helper()
	b := make([]byte, 100)
	_ = p.conn.SetReadDeadline(time.Now().Add(d))
	if n, err := p.conn.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatalf("got %q, want silence (%v)", b[:n], err)
	}
}

// say may be called from any goroutine.
func (p *peer) say(s string) {
	p.t.Helper()
	if p.conn == nil {
		p.conn = <-p.ports
	}
	_ = p.conn.SetWriteDeadline(time.Now().Add(time.Minute))
	if _, err := p.conn.Write([]byte(s)); err != nil {
		p.t.Errorf("saying %q: %v", s, err)
	}
}

// becomeReady answers a reset with the default Init.
func (p *peer) becomeReady() {
	p.t.Helper()
	for _, command := range []string{form, "ATZ", "AT+VCID=1", form} {
		p.want(command + "\r")
		p.say("\r\nOK\r\n")
	}
}

// A future is the result of a call in another goroutine.
type future[T any] chan struct {
	value T
	err   error
}

func start[T any](f func(context.Context) (T, error), ctx context.Context) future[T] {
	c := make(future[T], 1)
	go func() {
		v, err := f(ctx)
		c <- struct {
			value T
			err   error
		}{v, err}
	}()
	return c
}

func (f future[T]) get() (T, error) { r := <-f; return r.value, r.err }

// connect brings a line into a call; the modem answers ATA with these pieces.
func (p *peer) connect(m *Modem, pieces ...string) line.Connect {
	p.t.Helper()
	ready := m.ready
	r := start(m.Ring, p.t.Context())
	if !ready {
		p.becomeReady()
	}
	p.say("\r\nRING\r\n")
	p.say("\r\nRING\r\n")
	if _, err := r.get(); err != nil {
		p.t.Fatal(err)
	}
	a := start(m.Answer, p.t.Context())
	p.want("ATA\r")
	go func() {
		for _, s := range pieces {
			p.say(s)
		}
	}()
	c, err := a.get()
	if err != nil {
		p.t.Fatal(err)
	}
	if m.State() != line.Connected {
		p.t.Errorf("state %v in a call", m.State())
	}
	return c
}

// bubble runs a test on a fake clock.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// hangUp is HangUp as start wants it.
func hangUp(m *Modem) func(context.Context) (struct{}, error) {
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, m.HangUp(ctx) }
}
