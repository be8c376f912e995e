package line

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"carrier/hardware/netport"
)

// patience is how long a connection waits for a line to become free. It
// bridges the moment between two calls of a line.
const patience = 3 * time.Second

// A Listener makes direct lines that share one address. Each connection is a
// ringing call on one of them. When all of them have calls, the next
// connection waits three seconds, then it is sent the word BUSY and closed;
// others that come meanwhile wait in the kernel.
type Listener struct {
	port  *netport.Listener
	log   *slog.Logger
	calls chan *netport.Port // to whichever line waits in Ring

	closing context.Context // ends with Close, cause ErrClosed
	close   context.CancelCauseFunc

	mu    sync.Mutex
	lines int // not closed yet
}

// Listen binds a netport URL. What goes wrong later is logged.
func Listen(url string, log *slog.Logger) (*Listener, error) {
	p, err := netport.Listen(url)
	if err != nil {
		return nil, err
	}
	l := &Listener{port: p, log: log, calls: make(chan *netport.Port)}
	l.closing, l.close = context.WithCancelCause(context.Background())
	go l.accept()
	return l, nil
}

// URL is what a caller opens.
func (l *Listener) URL() string { return l.port.URL() }

// Line makes one more line. When the last of them is closed, the listener is.
func (l *Listener) Line(name string) *Direct {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines++
	d := &Direct{name: name, from: l, state: Idle}
	d.closing, d.close = context.WithCancelCause(l.closing)
	return d
}

// leave counts a line that was closed.
func (l *Listener) leave() {
	l.mu.Lock()
	l.lines--
	last := l.lines == 0
	l.mu.Unlock()
	if last {
		_ = l.Close()
	}
}

// Close stops listening. Its lines finish the calls they have and ring no
// more.
func (l *Listener) Close() error {
	l.close(ErrClosed)
	return l.port.Close()
}

func (l *Listener) accept() {
	for l.closing.Err() == nil {
		p, err := l.port.Accept()
		switch {
		case err == nil:
			l.offer(p)
		case !errors.Is(err, net.ErrClosed):
			// Mostly the program is out of descriptors: calls that end give some
			// back.
			l.log.Warn("cannot accept a call", "at", l.URL(), "err", err)
			select {
			case <-time.After(time.Second):
			case <-l.closing.Done():
			}
		}
	}
}

func (l *Listener) offer(p *netport.Port) {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case l.calls <- p:
		return
	case <-l.closing.Done():
	case <-wait.C:
		l.log.Info("all lines are busy", "at", l.URL(), "from", p.String())
		_ = p.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = p.Write([]byte("\r\nBUSY\r\n"))
	}
	_ = p.Close()
}
