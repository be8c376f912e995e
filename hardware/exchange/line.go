package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// A Port joins a modem with whoever uses it, its DTE. Close must free a Read
// and a Write that are under way. *netport.Port and net.Conn are ports.
type Port interface {
	io.ReadWriteCloser
}

// handOver is how long a DTE waits for the one before it to be gone: one that
// opens its port again comes before we see that it closed it.
const handOver = time.Second

// ErrPlugged says that a modem's port is in use.
var ErrPlugged = errors.New("somebody is on this port")

// A Line is one subscriber's line and the modem on it. Its methods may be
// called from any goroutine.
type Line struct {
	exchange *Exchange
	log      *slog.Logger
	number   string
	hunt     string
	name     string
	chip     Chip
	jack     jack          // nil: only Plug
	socket   chan struct{} // filled while a DTE is plugged in
	pokes    waker         // something changed for the modem
	stored   profile       // AT&W; touched by the modem only

	// guarded by Exchange.mu
	conditions Conditions
	call       *call
	attached   bool // a DTE is on the port
	off        bool // its modem is off hook without a call
}

func newLine(x *Exchange, s Subscriber) (*Line, error) {
	l := &Line{exchange: x, number: digits(s.Number), hunt: digits(s.Hunt), name: s.Name, chip: s.Chip, conditions: s.Conditions,
		pokes: make(waker, 1), socket: make(chan struct{}, 1), stored: factory()}
	l.log = x.log.With("line", l.number)
	for _, n := range []string{s.Number, s.Hunt} {
		if n != digits(n) || s.Number == "" {
			return nil, fmt.Errorf("%q is not a telephone number: use digits, * and #", n)
		}
	}
	if err := errors.Join(s.Conditions.check(), s.Chip.check()); err != nil {
		return nil, err
	}
	var err error
	l.jack, err = openJack(s, x.options.Timing.Redial, l.log)
	return l, err
}

// Number is what is dialled to reach the line.
func (l *Line) Number() string { return l.number }

// URL is where a DTE reaches the modem: what a listening port really bound,
// the path of a pty, or the address that the exchange connects to.
func (l *Line) URL() string {
	if l.jack == nil {
		return ""
	}
	return l.jack.URL()
}

// Plug joins a port to the line's modem, which is then in its stored profile
// as if switched on, and returns when ctx ends or the port is closed from
// either end. Losing the port hangs up. The port is closed in the end. While
// another DTE stays on the modem it returns ErrPlugged.
func (l *Line) Plug(ctx context.Context, p Port) error {
	patience, cancel := context.WithTimeout(ctx, handOver)
	defer cancel()
	select {
	case l.socket <- struct{}{}:
	case <-patience.Done():
		giveUp := time.AfterFunc(handOver, func() { _ = p.Close() })
		_, err := p.Write([]byte("\r\nBUSY\r\n"))
		giveUp.Stop()
		return errors.Join(ErrPlugged, err, p.Close())
	}
	l.exchange.attach(l, true)
	err := newModem(l).run(ctx, p)
	l.exchange.attach(l, false)
	<-l.socket
	return err
}

// Drop takes the carrier off the line's call and says whether there was one.
func (l *Line) Drop() bool { return l.exchange.drop(l) }

// SetNoise makes the line, and its present call, spoil each bit with this
// probability in both directions.
func (l *Line) SetNoise(perBit float64) { l.exchange.setNoise(l, max(0, min(1, perBit))) }

// has says whether a call to number may come to this line.
func (l *Line) has(number string) bool {
	return number != "" && (number == l.number || number == l.hunt)
}

// serve plugs the ports that the jack brings.
func (l *Line) serve(ctx context.Context) {
	if l.jack == nil {
		return
	}
	l.jack.serve(ctx, func(ctx context.Context, p Port) {
		l.log.Info("port open", "at", l.URL())
		if err := l.Plug(ctx, p); err != nil {
			l.log.Warn("port lost", "at", l.URL(), "error", err)
			return
		}
		l.log.Info("port closed", "at", l.URL())
	})
}

// digits keeps of a dial string what the telephone network sees.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '*' || r == '#' {
			return r
		}
		return -1
	}, s)
}
