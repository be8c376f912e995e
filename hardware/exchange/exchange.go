// Package exchange is an emulated telephone network. Each subscriber has a
// line with a modem of the exchange's own on it, and that modem speaks AT
// commands (ITU-T V.250 and what Hayes modems made of it) to whoever is on its
// port: a RAS, an emulator, a virtual machine, a terminal. Lines can be slow,
// far away, noisy, and lose their carrier.
//
// When asked for caller id (AT+VCID=1 or AT#CID=1) a modem prints these lines
// between the first and the second RING, as modems with formatted caller id
// do, and then the number dialled, which lines of a hunt group need, in the
// words of isdn4linux:
//
//	DATE=0321
//	TIME=1405
//	NMBR=5550001
//	NAME=SARA N
//	CALLED NUMBER: 5551212
package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Options is a telephone network.
type Options struct {
	Subscribers []Subscriber
	Rules       []Rule // of calls; the first that fits counts
	Timing      Timing
	// Record, when not nil, is asked as each call connects where to write the
	// octets as they are delivered, spoiled ones included, in each direction;
	// nil writers record nothing. Each writer has one goroutine that calls it.
	// Its errors, and those of the writers, are logged and change nothing. It
	// must not call the Exchange.
	Record func(Call) (toCalled, toCaller io.Writer, err error)
	Seed   uint64       // of the noise; 0 means another one each time
	Log    *slog.Logger // nil means silence
}

// A Subscriber is one line and the modem on it.
type Subscriber struct {
	// Number is dialled with ATD; digits, * and #. Several lines with one
	// number are a hunt group: a call rings the first that is idle, those with
	// nobody on their port last.
	Number string
	// Hunt is a second number at which the line is reached, that of a group.
	Hunt string
	Name string // for caller id
	// At is where the modem's port is: tcp://host:port, unix:///path, pty, or
	// empty for none but Line.Plug.
	At string
	// Connect makes the exchange open At, and open it again with growing
	// delays when it is lost, instead of listening there.
	Connect bool
	Link    string // symbolic link to the pty
	Chip    Chip   // whose modem it is
	Conditions
}

// A Rule gives the calls between two numbers conditions of their own, in place
// of what their lines give. An empty number stands for all.
type Rule struct {
	From, To string
	Conditions
}

// Timing is how long things take. Zero values mean the usual ones.
type Timing struct {
	Setup     time.Duration // from dialling to the first ring or the busy tone; 1 s
	RingEvery time.Duration // from RING to RING; 6 s
	CallerID  time.Duration // from the first RING to the caller id; 3 s
	NoAnswer  time.Duration // how long the network rings; 60 s
	Train     time.Duration // from answering to CONNECT; 3 s
	Stall     time.Duration // for which a port may take nothing before its call ends; 60 s
	Redial    time.Duration // first delay before a lost port is opened again; 250 ms
}

// withDefaults fills in the usual times.
func (t Timing) withDefaults() Timing {
	or := func(d *time.Duration, usual time.Duration) { *d = cmp.Or(*d, usual) }
	or(&t.Setup, time.Second)
	or(&t.RingEvery, 6*time.Second)
	or(&t.CallerID, min(3*time.Second, t.RingEvery/2))
	or(&t.NoAnswer, time.Minute)
	or(&t.Train, 3*time.Second)
	or(&t.Stall, time.Minute)
	or(&t.Redial, 250*time.Millisecond)
	return t
}

// An Exchange is a running telephone network. Its methods may be called from
// any goroutine.
type Exchange struct {
	options Options
	log     *slog.Logger
	lines   []*Line

	mu     sync.Mutex // guards who is on the line with whom: Line.call, Line.attached, call's state
	random *rand.Rand // guarded by mu
}

// New checks the options and opens the ports that it listens on. Run serves
// them.
func New(o Options) (*Exchange, error) {
	o.Timing = o.Timing.withDefaults()
	seed := cmp.Or(o.Seed, rand.Uint64())
	x := &Exchange{options: o, log: o.Log, random: rand.New(rand.NewPCG(seed, seed))}
	if x.log == nil {
		x.log = slog.New(slog.DiscardHandler)
	}
	for _, s := range o.Subscribers {
		l, err := newLine(x, s)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("subscriber %s: %w", s.Number, err), x.close())
		}
		x.lines = append(x.lines, l)
	}
	return x, nil
}

// Run serves all ports until ctx ends, then closes them.
func (x *Exchange) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, l := range x.lines {
		wg.Go(func() { l.serve(ctx) })
	}
	<-ctx.Done()
	err := x.close()
	wg.Wait()
	return err
}

// close closes what New opened.
func (x *Exchange) close() error {
	var errs []error
	for _, l := range x.lines {
		if l.jack != nil {
			errs = append(errs, l.jack.Close())
		}
	}
	return errors.Join(errs...)
}

// Lines are the subscribers' lines in the order of Options.
func (x *Exchange) Lines() []*Line { return x.lines }

// Drop takes the carrier off every call of number, whether it called or was
// called, and says how many there were.
func (x *Exchange) Drop(number string) int {
	n := 0
	for _, l := range x.lines {
		if l.has(number) && l.Drop() {
			n++
		}
	}
	return n
}

// Noise makes the lines of number, and their present calls, spoil each bit
// with this probability in both directions.
func (x *Exchange) Noise(number string, perBit float64) {
	for _, l := range x.lines {
		if l.has(number) {
			l.SetNoise(perBit)
		}
	}
}
