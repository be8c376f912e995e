package line

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"carrier/hardware/netport"
)

// A Listener makes direct lines that share one address. Each connection is a
// ringing call on one of those that wait in Ring, as Hunt says. When all of them have calls,
// connections wait, three seconds each, then they are sent the word BUSY and
// closed.
type Listener struct {
	log *slog.Logger

	closing context.Context // ends with Close, cause ErrClosed
	close   context.CancelCauseFunc

	mu   sync.Mutex
	url  string            // as bound
	port *netport.Listener // nil while suspended
	hunt Hunt
	idle []*Direct // that wait in Ring, since the longest time first
	last int       // the place of the line that had the last call
	held []*held   // connections that wait for a line
	told time.Time // when the log heard last that all are busy
}

// Listen binds a netport URL. What goes wrong later is logged.
func Listen(url string, hunt Hunt, log *slog.Logger) (*Listener, error) {
	l := &Listener{url: url, log: log, hunt: hunt, last: -1}
	l.closing, l.close = context.WithCancelCause(context.Background())
	if err := l.Resume(); err != nil {
		return nil, err
	}
	return l, nil
}

// URL is what a caller opens.
func (l *Listener) URL() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.url
}

// Suspend gives up the address until Resume; lines that wait go on waiting.
// Neither must be called beside the other, or beside Close.
func (l *Listener) Suspend() error {
	l.mu.Lock()
	p := l.port
	l.port = nil
	l.mu.Unlock()
	if p == nil {
		return nil
	}
	return p.Close()
}

// Resume listens again, if it does not.
func (l *Listener) Resume() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.port != nil {
		return nil
	}
	p, err := netport.Listen(l.url)
	if err != nil {
		return err
	}
	l.port, l.url = p, p.URL()
	go l.accept(p)
	return nil
}

// Hunt has other lines take the calls that come from now on.
func (l *Listener) Hunt(h Hunt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hunt = h
}

// Line makes a line; place is where it stands among those of the listener.
func (l *Listener) Line(name string, place int) *Direct {
	return &Direct{name: name, place: place, from: l, since: time.Now(), state: Idle, given: make(chan *netport.Port, 1), closing: make(chan struct{})}
}

// enter lets a line wait for a call, which comes in its given.
func (l *Listener) enter(d *Direct) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle = append(l.idle, d)
	l.serve()
}

// leave ends a line's wait. A call that was given to it meanwhile goes to
// another one.
func (l *Listener) leave(d *Direct) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.idle, d); i >= 0 {
		l.idle = slices.Delete(l.idle, i, i+1)
		return
	}
	l.take(<-d.given)
}

// give gives a call to the line that hunting finds, of those that wait; mu is
// held.
func (l *Listener) give(p *netport.Port) {
	var places []int
	for _, d := range l.idle {
		places = append(places, d.place)
	}
	l.last = l.hunt.choose(places, l.last)
	i := slices.Index(places, l.last)
	l.idle[i].given <- p
	l.idle = slices.Delete(l.idle, i, i+1)
}

// Close stops listening. Its lines finish the calls they have and ring no
// more.
func (l *Listener) Close() error {
	l.close(ErrClosed)
	l.drop()
	return l.Suspend()
}

// accept takes the calls that come to p until it is closed.
func (l *Listener) accept(p *netport.Listener) {
	for {
		c, err := p.Accept()
		switch {
		case err == nil:
			c.Detect()
			l.offer(c)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			// Mostly the program is out of descriptors: calls that end give some
			// back.
			l.log.Warn("cannot accept a call", "at", p.URL(), "error", err)
			select {
			case <-time.After(time.Second):
			case <-l.closing.Done():
			}
		}
	}
}
