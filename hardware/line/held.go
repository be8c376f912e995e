package line

import (
	"slices"
	"time"

	"carrier/hardware/netport"
)

const (
	// patience is how long a connection waits for a line to become free. It
	// bridges the moment between two calls of a line.
	patience = 3 * time.Second
	// mostHeld is how many may wait at a time.
	mostHeld = 64
)

// A held is a connection that waits for a line.
type held struct {
	port  *netport.Port
	timer *time.Timer // tells it that there is none
}

// offer gives a connection to a line, or lets it wait for one.
func (l *Listener) offer(p *netport.Port) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take(p)
}

// take is offer; mu is held.
func (l *Listener) take(p *netport.Port) {
	switch {
	case l.closing.Err() != nil:
		_ = p.Close()
	case len(l.held) == mostHeld:
		go l.refuse(p)
	default:
		h := &held{port: p}
		h.timer = time.AfterFunc(patience, func() { l.giveUp(h) })
		l.held = append(l.held, h)
		l.serve()
	}
}

// serve gives connections that wait to lines that do, in their order. One whose
// far end has gone meanwhile is nobody's call. mu is held.
func (l *Listener) serve() {
	for len(l.held) > 0 && len(l.idle) > 0 {
		h := l.held[0]
		l.held = slices.Delete(l.held, 0, 1)
		h.timer.Stop()
		if h.port.Gone() {
			_ = h.port.Close()
			continue
		}
		l.give(h.port)
	}
}

// giveUp ends the wait of one that no line came for.
func (l *Listener) giveUp(h *held) {
	l.mu.Lock()
	i := slices.Index(l.held, h)
	if i >= 0 {
		l.held = slices.Delete(l.held, i, i+1)
	}
	l.mu.Unlock()
	if i >= 0 {
		l.refuse(h.port)
	}
}

// refuse says that all lines are busy; the log hears of it once in a while,
// however many come.
func (l *Listener) refuse(p *netport.Port) {
	if !p.Gone() {
		if l.tells() {
			l.log.Info("all lines are busy", "at", l.URL(), "from", p.String())
		}
		_ = p.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = p.Write([]byte("\r\nBUSY\r\n"))
	}
	_ = p.Close()
}

func (l *Listener) tells() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.told) >= patience {
		l.told = now
		return true
	}
	return false
}

// drop closes the connections that wait.
func (l *Listener) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.held {
		h.timer.Stop()
		_ = h.port.Close()
	}
	l.held = nil
}
