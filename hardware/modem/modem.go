// Package modem is the AT dialogue of a Hayes modem (ITU-T V.250 and what
// modems made of it) over any port.
package modem

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"carrier/hardware/line"
	"carrier/shared/record"
)

// Options says what a modem is; Name and Open are needed.
type Options struct {
	Name string // the line's name
	Open Opener
	// Profile is one of ProfileNames; empty: hayes. With Auto the modem is asked
	// what it is whenever its port is opened.
	Profile string
	// Init are the commands that reset and set up the modem, each answered OK;
	// none means those of its profile. Afterwards the modem is asked for caller id, which it may
	// not have, unless a command of Init is about that; then it is told the
	// form of result codes that this package wants, and not to answer by itself.
	Init []string
	// LineRate is what the telephone line is assumed to do, bit/s, where CONNECT
	// tells the port's rate or none. ByProfile means 33,600, the most of a modem
	// that is not a digital one, but nothing for a profile without telephone line.
	// 0 assumes nothing.
	LineRate int
	// Rings is the RING at which Ring returns, if the caller's number has not
	// come before; 0 means 2, because it comes between the first two. With 1
	// nobody waits for it.
	Rings int
	// AnswerTimeout bounds the time from ATA or ATD to CONNECT; 0 means 90 s.
	AnswerTimeout time.Duration
	// Guard is the silence before and after the escape sequence +++, a little
	// longer than the modem's register S12; 0 means 1.2 s for its usual 1 s.
	Guard time.Duration
	Log   *slog.Logger // labelled with the line; nil means silence
}

// ByProfile as Options.LineRate leaves it to the modem's profile.
const ByProfile = -1

// usualRate is ByProfile's, of V.34.
const usualRate = 33_600

func (o Options) withDefaults() Options {
	if o.Rings == 0 {
		o.Rings = 2
	}
	if o.AnswerTimeout == 0 {
		o.AnswerTimeout = 90 * time.Second
	}
	if o.Guard == 0 {
		o.Guard = 1200 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// A Modem is a line.Line. Read and Write may also be under way in other
// goroutines than the owner's when it hangs up: that frees them.
type Modem struct {
	o       Options
	closing context.Context // ends with Close, cause line.ErrClosed
	close   context.CancelCauseFunc

	// The owner's.
	talk   *dialogue // nil while no port is open
	ready  bool      // reset and idle, as far as we know
	since  time.Time // when it became ready after a fault
	faults int       // in a row
	watch  *watch    // of a ring that Ring has returned
	trying bool      // ATA or ATD was sent and no result has come
	off    bool      // off hook without a call
	noID   bool      // it has no caller id, and that was logged
	bare   bool      // its port has no control lines, and that was logged
	vague  bool      // it does not tell the line's rate, and that was logged
	absent bool      // its device is not there, and that was logged
	chat   chatter   // what it says unasked

	profile Profile
	known   bool               // profile is that of the modem at the open port
	report  *record.LineReport // of the last call; nil: none was given

	mu     sync.Mutex
	health line.Health
	port   Port
	call   *call // the present one, or the last until HangUp
}

// New makes a line of a modem. Its port is opened by the first Ring or Dial.
func New(o Options) *Modem {
	m := &Modem{o: o.withDefaults()}
	m.closing, m.close = context.WithCancelCause(context.Background())
	return m
}

// Name is the line's name.
func (m *Modem) Name() string { return m.o.Name }

// Close closes the port, which ends a call too, and frees whoever waits.
func (m *Modem) Close() error {
	m.close(line.ErrClosed)
	m.mu.Lock()
	m.stateLocked(line.Down)
	p := m.port
	m.port = nil
	m.mu.Unlock()
	if p == nil {
		return nil
	}
	return p.Close()
}

// begin starts a doing of the owner: its context ends with ctx and with Close,
// and then frees waits on the port. The doing ends with the function, which
// returns when nothing of it can disturb the port's deadlines any more.
func (m *Modem) begin(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	closed := context.AfterFunc(m.closing, func() { cancel(line.ErrClosed) })
	freed := make(chan struct{})
	free := context.AfterFunc(ctx, func() {
		defer close(freed)
		m.free()
	})
	return ctx, func() {
		closed()
		if !free() {
			<-freed
			m.online().arm()
		}
		cancel(nil)
	}
}

// free makes reads and writes of the port return at once.
func (m *Modem) free() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.port != nil {
		// When these fail the port is lost, which the waiting one learns anyway.
		_ = m.port.SetReadDeadline(past)
		_ = m.port.SetWriteDeadline(past)
	}
}

// open opens the port.
func (m *Modem) open(ctx context.Context) error {
	p, err := m.o.Open(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing.Err() != nil {
		_ = p.Close()
		return line.ErrClosed
	}
	m.port, m.absent, m.known = p, false, false
	m.talk = &dialogue{port: p}
	if s, ok := p.(Signals); ok {
		m.talk.wires = &wires{Signals: s}
	} else if !m.bare {
		m.bare = true
		m.o.Log.Info("the port has no modem control lines: NO CARRIER and +++ do their work")
	}
	return nil
}

// drop closes the port, for which a device may take its time: nobody waits for
// that but the owner. The next Ring or Dial opens it afresh.
func (m *Modem) drop() {
	m.mu.Lock()
	p := m.port
	m.port = nil
	m.mu.Unlock()
	if p != nil {
		_ = p.Close()
	}
	m.talk, m.ready, m.trying = nil, false, false
}
