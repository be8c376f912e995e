package call

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pac/internal/relay"
	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// A listener is a PNS that writes down what it is told of the line's errors.
type listener struct {
	began time.Time
	told  map[time.Duration]pptp.WANErrorNotify
}

func (*listener) Events() <-chan peer.Event            { return nil }
func (*listener) Notify(func())                        {}
func (*listener) Disconnect(pptp.CallDisconnectNotify) {}

func (l *listener) ErrorNotify(m pptp.WANErrorNotify) { l.told[time.Since(l.began)] = m }

// The PNS is told of errors when there were any, all since the call began, and
// not more than once in 60 seconds (RFC 2637 §2.14).
func TestErrorNotify(t *testing.T) {
	tellsOfErrors(t, false, map[time.Duration]pptp.WANErrorNotify{
		2 * time.Minute: {CRCErrors: 2},
		4 * time.Minute: {CRCErrors: 2, FramingErrors: 3},
	})
}

// One that does not bear it is told of none.
func TestNoErrorNotify(t *testing.T) {
	tellsOfErrors(t, true, map[time.Duration]pptp.WANErrorNotify{})
}

func tellsOfErrors(t *testing.T, quiet bool, want map[time.Duration]pptp.WANErrorNotify) {
	synctest.Test(t, func(t *testing.T) {
		c := &call{Calls: New(Options{Deaf: time.Hour, Log: slog.New(slog.DiscardHandler)})}
		c.rec.Store(&record.Call{})
		line, caller := net.Pipe()
		r := relay.New(relay.Options{Line: wire{line}, Tunnel: hole{}, Counters: &c.counters, Errors: new(relay.LineErrors), Packets: new(gre.Counters)})
		ctx, stop := context.WithCancel(t.Context())
		l := &listener{time.Now(), map[time.Duration]pptp.WANErrorNotify{}}
		ran := make(chan error)
		a := c.attendant(ctx, l, peer.Remote{}, r)
		a.quiet = quiet
		go func() { ran <- r.Run(a.attend) }()

		sends := func(octets ...byte) {
			if _, err := caller.Write(octets); err != nil {
				t.Error(err)
			}
		}
		good := hdlc.AppendFull(nil, []byte{0xFF, 0x03, 0xC0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0})
		bad := slices.Clone(good)
		bad[len(bad)-5] ^= 1
		sends(good...)
		time.Sleep(90 * time.Second) // nothing to tell at 60 s
		sends(bad...)
		time.Sleep(10 * time.Second)
		sends(bad...)
		time.Sleep(50 * time.Second) // told at 120 s, nothing new at 180 s
		time.Sleep(time.Minute)
		sends([]byte("\x7E1\x7E123\x7E1234567}\x7E")...) // two runts, an abort
		time.Sleep(time.Minute)

		stop()
		if err := <-ran; !errors.Is(err, context.Canceled) {
			t.Errorf("the relay ended with %v", err)
		}
		caller.Close()

		if !maps.Equal(l.told, want) {
			t.Errorf("told %+v, want %+v", l.told, want)
		}
	})
}
