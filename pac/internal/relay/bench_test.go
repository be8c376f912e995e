package relay

import (
	"bytes"
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/record"
)

// A bench is a relay between a caller at the other end of a pipe and a PNS
// that speaks GRE by itself. It lives in a synctest bubble.
type bench struct {
	t       *testing.T
	relay   *Relay
	tunnel  *tunnel
	caller  net.Conn
	pns     gre.Session
	errors  LineErrors
	count   record.Counters
	packets gre.Counters
	end     context.CancelCauseFunc
	ran     chan error

	mu     sync.Mutex
	raw    []byte // what came to the caller
	frames [][]byte
}

// A wire is a pipe as a line: what a Write has given it has left.
type wire struct{ net.Conn }

func (wire) Unsent() (octets int, known bool) { return 0, true }

// A tunnel keeps what the relay sends.
type tunnel struct {
	relay *Relay
	mu    sync.Mutex
	sent  [][]byte
	timer *time.Timer
}

func (u *tunnel) Send(packets ...[]byte) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range packets {
		u.sent = append(u.sent, bytes.Clone(p))
	}
	return nil
}

func (u *tunnel) WakeAt(at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.timer != nil {
		u.timer.Stop()
	}
	if !at.IsZero() {
		u.timer = time.AfterFunc(time.Until(at), func() { u.relay.Wake(time.Now()) })
	}
}

func (u *tunnel) take() [][]byte {
	u.mu.Lock()
	defer u.mu.Unlock()
	sent := u.sent
	u.sent = nil
	return sent
}

// runUntil runs a relay until it ends or ctx does, whose cause it returns then.
func runUntil(ctx context.Context, r *Relay) error {
	defer context.AfterFunc(ctx, r.Nudge)()
	return r.Run(func(time.Time) (time.Time, error) { return time.Time{}, context.Cause(ctx) })
}

// newBench makes a relay and runs it, until the test is over or stop.
func newBench(t *testing.T, o Options) *bench {
	line, caller := net.Pipe()
	b := &bench{t: t, tunnel: &tunnel{}, caller: caller, ran: make(chan error, 1)}
	b.pns = gre.NewSession(gre.Options{}, time.Now())
	o.Line, o.Tunnel, o.Errors, o.Counters, o.Packets = wire{line}, b.tunnel, &b.errors, &b.count, &b.packets
	b.relay = New(o)
	b.tunnel.relay = b.relay
	ctx, end := context.WithCancelCause(t.Context())
	b.end = end
	go func() { b.ran <- runUntil(ctx, b.relay) }()
	return b
}

// listen reads what the relay writes to the line; without it the line takes
// nothing.
func (b *bench) listen() *bench {
	go func() {
		var d hdlc.Decoder
		buf := make([]byte, 4096)
		for {
			n, err := b.caller.Read(buf)
			b.mu.Lock()
			b.raw = append(b.raw, buf[:n]...)
			d.Push(buf[:n], func(f []byte, err error) {
				if err != nil {
					b.t.Errorf("caller: %v", err)
				}
				b.frames = append(b.frames, bytes.Clone(f))
			})
			b.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return b
}

// stop ends the relay and returns Run's error.
func (b *bench) stop(cause error) error {
	b.end(cause)
	err := <-b.ran
	_ = b.caller.Close()
	return err
}

// says is a frame of the caller's, on the line.
func (b *bench) says(frame []byte) {
	b.t.Helper()
	b.writes(hdlc.AppendFull(nil, frame))
}

func (b *bench) writes(octets []byte) {
	b.t.Helper()
	if _, err := b.caller.Write(octets); err != nil {
		b.t.Errorf("caller: %v", err)
	}
	synctest.Wait()
}

// sends is a frame of the PNS's, in the tunnel.
func (b *bench) sends(frame []byte) {
	b.relay.Receive([][]byte{b.pns.Append(time.Now(), nil, frame)})
	synctest.Wait()
}

// tunnelled is what came up the tunnel since it was last asked.
func (b *bench) tunnelled() [][]byte {
	b.t.Helper()
	synctest.Wait()
	var frames [][]byte
	for _, p := range b.tunnel.take() {
		if _, err := b.pns.Receive(time.Now(), p, func(f []byte) { frames = append(frames, bytes.Clone(f)) }); err != nil {
			b.t.Errorf("% x: %v", p, err)
		}
	}
	return frames
}

// heard is what came to the caller since it was last asked.
func (b *bench) heard() (frames [][]byte, raw []byte) {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	frames, raw = b.frames, b.raw
	b.frames, b.raw = nil, nil
	return frames, raw
}

func (b *bench) wantsUp(what string, want ...[]byte) {
	b.t.Helper()
	if got := b.tunnelled(); !slices.EqualFunc(got, want, bytes.Equal) {
		b.t.Errorf("%s: into the tunnel went % x, want % x", what, got, want)
	}
}

func (b *bench) wantsDown(what string, want ...[]byte) (raw []byte) {
	b.t.Helper()
	got, raw := b.heard()
	if !slices.EqualFunc(got, want, bytes.Equal) {
		b.t.Errorf("%s: to the caller went % x, want % x", what, got, want)
	}
	return raw
}

// lcp is an LCP frame.
func lcp(code cp.Code, id uint8, data ...byte) []byte {
	return ppp.Append(nil, ppp.LCP, cp.Packet{Code: code, ID: id, Data: data}.Append(nil))
}

func ip(octets ...byte) []byte { return ppp.Append(nil, ppp.IPv4, octets) }

// connect brings the hand-over to its end: both requests acknowledged.
func (b *bench) connect(pnsAsks, callerAsks []byte) {
	b.t.Helper()
	for _, step := range []struct {
		up    bool
		frame []byte
	}{
		{false, lcp(cp.ConfigureRequest, 1, pnsAsks...)},
		{true, lcp(cp.ConfigureRequest, 9, callerAsks...)},
		{true, lcp(cp.ConfigureAck, 1, pnsAsks...)},
		{false, lcp(cp.ConfigureAck, 9, callerAsks...)},
	} {
		if step.up {
			b.says(step.frame)
			b.wantsUp("connecting", step.frame)
		} else {
			b.sends(step.frame)
			b.wantsDown("connecting", step.frame)
		}
	}
}

var accm0 = []byte{optionACCM, 6, 0, 0, 0, 0}
