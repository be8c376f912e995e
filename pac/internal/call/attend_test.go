package call

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
	"carrier/pac/internal/relay"
	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// An office is a PNS's end of a call, as far as the control connection shows it.
type office struct {
	events chan peer.Event
	told   func()
	notice pptp.CallDisconnectNotify
}

func (o *office) Events() <-chan peer.Event              { return o.events }
func (o *office) Notify(f func())                        { o.told = f }
func (o *office) ErrorNotify(pptp.WANErrorNotify)        {}
func (o *office) Disconnect(m pptp.CallDisconnectNotify) { o.notice = m }
func (o *office) happens(k peer.EventKind, m pptp.Message) {
	o.events <- peer.Event{Kind: k, Message: m}
	o.told()
}

// A pipeLine is a pipe as a line that has lost its carrier when it is read past
// its deadline.
type pipeLine struct {
	line.Line
	net.Conn
}

func (l pipeLine) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = io.EOF
	}
	return n, err
}
func (l pipeLine) Write(b []byte) (int, error)        { return l.Conn.Write(b) }
func (l pipeLine) Close() error                       { return l.Conn.Close() }
func (l pipeLine) SetReadDeadline(t time.Time) error  { return l.Conn.SetReadDeadline(t) }
func (l pipeLine) SetWriteDeadline(t time.Time) error { return l.Conn.SetWriteDeadline(t) }

// A relayed is a call whose data is relayed, on a fake clock.
type relayed struct {
	*call
	office office
	cancel context.CancelCauseFunc
	lost   chan struct{}
	caller net.Conn
	ended  chan error
}

func newRelayed(t *testing.T) *relayed {
	pipe, caller := net.Pipe()
	k := &relayed{call: &call{Calls: New(Options{Deaf: time.Hour, Log: slog.New(slog.DiscardHandler)}), line: pipeLine{Conn: pipe}},
		office: office{events: make(chan peer.Event, 4)}, lost: make(chan struct{}), caller: caller, ended: make(chan error, 1)}
	k.rec.Store(&record.Call{Up: time.Now()})
	k.call.lost = k.lost
	r := relay.New(relay.Options{Line: wire{pipe}, Tunnel: hole{}, Counters: &k.counters, Errors: new(relay.LineErrors), Packets: new(gre.Counters)})
	var ctx context.Context
	ctx, k.cancel = context.WithCancelCause(t.Context())
	a := k.attendant(ctx, &k.office, peer.Remote{}, r)
	go func() { k.ended <- a.disconnect(r.Run(a.attend)) }()
	time.Sleep(time.Minute)
	return k
}

// Whatever ends a call ends it at once, though nothing else happens on it: each
// needs its nudge.
func TestCallsEndAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name  string
		do    func(*relayed)
		why   record.EndReason
		words bool // the caller is told why
	}{
		{"operator", func(k *relayed) { k.cancel(Ended(record.Operator, "enough")) }, record.Operator, true},
		{"cleared", func(k *relayed) { k.office.happens(peer.Cleared, pptp.CallClearRequest{}) }, record.ClearedByPNS, false},
		{"control lost", func(k *relayed) { k.office.happens(peer.Ended, nil) }, record.ControlLost, true},
		{"line lost", func(k *relayed) { k.caller.Close() }, record.CarrierLost, false},
		{"port failed", func(k *relayed) { k.line.(pipeLine).Close() }, record.LineFault, false},
		{"carrier lost", func(k *relayed) { close(k.lost); k.line.SetReadDeadline(time.Unix(1, 0)) }, record.CarrierLost, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newRelayed(t)
				heard := k.hears()
				began := time.Now()
				tt.do(k)
				err := <-k.ended
				if reason(err) != tt.why || time.Since(began) > 0 {
					t.Errorf("%v after %v: %v", reason(err), time.Since(began), err)
				}
				k.caller.Close()
				if n := <-heard; n > 0 != tt.words {
					t.Errorf("the caller was told %d frames", n)
				}
				if tt.why == record.CarrierLost && text(err) != "the line lost its carrier" {
					t.Errorf("it ended by %q", text(err))
				}
				if want := pptp.DisconnectResult(tt.why.ResultCode()); k.office.notice.Result != want {
					t.Errorf("the PNS was told %v, want %v", k.office.notice.Result, want)
				}
			})
		})
	}
}

// hears counts the frames that the caller gets until her end is closed.
func (k *relayed) hears() <-chan int {
	heard := make(chan int, 1)
	go func() {
		d, n, b := hdlc.Decoder{ACCM: hdlc.AllControl}, 0, make([]byte, 1500)
		for {
			read, err := k.caller.Read(b)
			d.Push(b[:read], func(_ []byte, err error) {
				if err == nil {
					n++
				}
			})
			if err != nil {
				heard <- n
				return
			}
		}
	}()
	return heard
}

// While the last words wait for the line it is read on, and a line that fails
// ends the wait.
func TestLastWordsDoNotDeafenTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newRelayed(t)
		k.cancel(Ended(record.Operator, "enough"))
		time.Sleep(time.Second)
		if _, err := k.caller.Write(hdlc.AppendFull(nil, []byte{0xFF, 0x03, 0xC0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0})); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := k.counters.Snapshot().FramesUp; n != 1 {
			t.Errorf("%d frames came up", n)
		}
		began := time.Now()
		k.caller.Close()
		if err := <-k.ended; reason(err) != record.Operator || time.Since(began) > 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
