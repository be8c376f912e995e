// Package relay is the data half of a call at the PAC: PPP frames go between
// the line and the tunnel, unread but for LCP. A Relay sits behind one lock:
// the reader of the tunnel's socket, the reader of the line and the writer of
// the line go through it; the call's owner only asks and sets.
package relay

import (
	"context"
	"sync"
	"time"

	"carrier/hardware/line"
	"carrier/shared/capture"
	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/queue"
	"carrier/shared/record"
)

// A Line is what a relay needs of a line.Line during a call. The deadlines are
// the relay's while Run runs; afterwards they are cleared.
type Line interface {
	Read([]byte) (int, error)
	Write([]byte) (int, error)
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	Unsent() (octets int, known bool)
}

// A Tunnel takes GRE packets to the PNS; *peer.Call is one.
type Tunnel interface {
	Send(packets ...[]byte) error
	WakeAt(time.Time)
}

// A Tap is shown each PPP frame of the call; *capture.Hub is one.
type Tap interface {
	PPP(call string, dir capture.Direction, frame []byte)
}

// Options are what a relay works with.
type Options struct {
	Call   string // the call's name, for Tap
	Line   Line
	Tunnel Tunnel
	GRE    gre.Options // DelayAck is always on; a RecvWindow of 0 means Window(Rate)
	Rate   int         // of the line, bit/s, told or assumed; 0 when unknown: then the line is given what it takes
	Strip  bool        // leave out Address and Control, FF 03, of what goes into the tunnel
	// Async: each octet takes ten bits of the line, its start and stop bit
	// too, for no error correction runs. Else it takes eight.
	Async   bool
	Unpaced bool // give the line what it takes, whatever the rate
	// Hush is how long the line is left alone unless the caller says something:
	// a script may still be listening on it.
	Hush time.Duration

	// What identifying the caller left.
	Decoder     *hdlc.Decoder // of the line, with what it has of a frame; nil: a new one
	Held        [][]byte      // frames that the caller sent meanwhile: first into the tunnel, if they may go there
	LastRequest []byte        // the caller's last LCP Configure-Request, a frame; nil: nothing can be replayed

	Counters *record.Counters // of this call
	Errors   *LineErrors      // of the program
	Packets  *gre.Counters    // of the program
	Drops    *Drops           // of the program; nil: nobody asks
	Tap      Tap              // nil: none
}

// A Relay is the data half of one call.
type Relay struct {
	// As Options have them.
	call     string
	line     Line
	tunnel   Tunnel
	decoder  *hdlc.Decoder
	held     [][]byte
	hush     time.Duration
	counters *record.Counters
	spoilt   *LineErrors
	packets  *gre.Counters
	drops    *Drops
	tap      Tap

	mu      sync.Mutex
	gre     gre.Session
	deliver func([]byte)        // r.fromTunnel, bound once
	receive func([]byte, error) // r.fromLine, bound once
	out     *gre.Batch          // while a method of the data path runs
	up      queue.Queue         // for the window
	down    queue.Queue         // for the line
	lostUp  queue.Stats         // what is counted of up's
	lost    queue.Stats         // and of down's
	drain   drain
	heard   chan struct{} // closed by the caller's first octets; nil: nobody waits for them
	over    chan struct{} // closed when the relay ends
	failed  error         // of the writer
	writer  func()        // r.writeLine, bound once
	writers sync.WaitGroup
	timer   *time.Timer // the writer's; nil until the line had to be waited for
	lcp     watcher
	now     time.Time // of the chunk that receive is called for
	flushed chan struct{}
	errors  LineErrors
	refused uint64 // calls to Send that failed
	cleared string // text of the PNS's Terminate-Request

	leaving int // frames that the line is taking

	strip   bool // as Options have it
	begun   bool
	hushed  bool // the line is not left alone any more
	writing bool // the writer runs
	ended   bool

	turn turn
}

// How much may wait.
const (
	upQueue     = 64         // frames for the window
	downQueue   = 512        // frames for the line, and
	downUnknown = 256 * 1024 // octets where the rate is not known
	downFrames  = 8          // full packets at least
	downTime    = 4          // seconds of line time: early drop keeps it far shorter

	burstTime    = 50 * time.Millisecond // may be before the line, unless one frame takes longer
	burstUnknown = bufferRoom / 2        // octets given to the line at once where the rate is not known
)

// New makes a relay. It sends nothing yet; what Receive gets waits for Run.
func New(o Options) *Relay {
	o.GRE.DelayAck = true
	if o.GRE.RecvWindow == 0 {
		o.GRE.RecvWindow = int(Window(o.Rate))
	}
	r := &Relay{
		call: o.Call, line: o.Line, tunnel: o.Tunnel, decoder: o.Decoder, held: o.Held, hush: o.Hush,
		counters: o.Counters, spoilt: o.Errors, packets: o.Packets, drops: o.Drops, tap: o.Tap,
		over: make(chan struct{}), strip: o.Strip,
		turn: turn{line: o.Line},
		gre:  gre.NewSession(o.GRE, time.Now()),
		up:   queue.Queue{MaxFrames: upQueue},
		down: queue.Queue{MaxFrames: downQueue, MaxOctets: downUnknown},
		lcp:  watcher{transmit: hdlc.AllControl, replay: o.LastRequest},
	}
	if r.tap == nil {
		r.tap = (*capture.Hub)(nil)
	}
	if r.decoder == nil {
		r.decoder = &hdlc.Decoder{ACCM: hdlc.AllControl}
	}
	if r.drops == nil {
		r.drops = new(Drops)
	}
	if o.Hush > 0 {
		r.heard = make(chan struct{})
	}
	if o.Rate > 0 {
		r.setRate(o)
	}
	r.deliver, r.receive, r.writer = r.fromTunnel, r.fromLine, r.writeLine
	return r
}

// setRate fits the queues and the pace to the rate of the line. That of its port
// says nothing, unless the modem stops the port.
func (r *Relay) setRate(o Options) {
	f, ok := o.Line.(line.Follower)
	follows := ok && f.Follows()
	if line.OfPort(o.Rate) && !follows {
		return
	}
	bits := 8
	if o.Async {
		bits = 10
	}
	first := max(o.Rate/bits, 1)
	r.down.MaxOctets = min(max(downTime*first, downFrames*fullPacket), downUnknown)
	r.down.Window = o.GRE.RecvWindow
	r.down.SetRate(first)
	r.up.SetRate(first)
	if !o.Unpaced {
		r.drain = *newDrain(first, follows)
	}
}

// Run carries frames both ways, in the goroutine that calls it, until the line is
// lost, which is a *LineError, or attend returns an error. attend is called in
// between: at first, at the time that it named last if that is not zero, and soon
// after each Nudge. Run is called once; the relay is over then.
func (r *Relay) Run(attend Attend) error {
	r.begin()
	err := r.readLine(attend)
	r.turn.end()
	r.stopWriting()
	_ = r.line.SetReadDeadline(time.Time{})
	_ = r.line.SetWriteDeadline(time.Time{})
	r.close()
	return err
}

// Flush waits until the line has taken all that waited for it, the last words of
// a call, or Run has ended. An error is ctx's cause.
func (r *Relay) Flush(ctx context.Context) error {
	r.mu.Lock()
	if r.down.Len()+r.leaving == 0 || r.ended {
		r.mu.Unlock()
		return nil
	}
	if r.flushed == nil {
		r.flushed = make(chan struct{})
	}
	flushed := r.flushed
	r.mu.Unlock()
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close ends the relay for those who still call it.
func (r *Relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	r.down.Clear()
	r.up.Clear()
	r.wakeFlushed()
	r.tunnel.WakeAt(time.Time{})
}

func (r *Relay) wakeFlushed() {
	if r.flushed != nil && (r.ended || r.down.Len()+r.leaving == 0) {
		close(r.flushed)
		r.flushed = nil
	}
}

// settle sends what may be sent after anything changed, and asks to be woken.
func (r *Relay) settle(now time.Time) {
	for frame := r.next(now); frame != nil; frame = r.next(now) {
		r.out.Add(r.gre.Append(now, r.out.Next(), frame.Octets))
		frame.Free()
	}
	r.countLost(&r.up, &r.lostUp)
	r.out.Add(r.gre.AppendAck(now, r.out.Next()))
	if packets := r.out.Take(); len(packets) > 0 {
		if err := r.tunnel.Send(packets...); err != nil {
			r.refused++ // the call's owner hears of a lost tunnel from its events
		}
	}
	r.tunnel.WakeAt(earliest(r.gre.Deadline(), r.lcp.replayAt))
	r.gre.Tell(r.packets)
}

// next is the frame of the caller's to send; nil: there is none, or it must wait for
// the window. A few of control protocols do not: who negotiates gives up soon.
func (r *Relay) next(now time.Time) *queue.Frame {
	switch {
	case r.gre.Ready():
		return r.up.Pop(now)
	case r.gre.Spare():
		return r.up.PopControl()
	}
	return nil
}

// earliest leaves out times that are zero.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// countLost counts what a queue dropped, and returns how many that were.
func (r *Relay) countLost(q *queue.Queue, counted *queue.Stats) int {
	now := q.Stats()
	full, early := now.Full-counted.Full, now.Early-counted.Early
	*counted = now
	if full+early > 0 {
		r.counters.Dropped.Add(full + early)
		r.drops.Full.Add(full)
		r.drops.Early.Add(early)
	}
	return int(full + early)
}
