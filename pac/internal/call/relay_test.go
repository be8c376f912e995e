package call

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pac/internal/relay"
	"carrier/pac/internal/tunnel"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// A hole is a tunnel out of which nothing comes.
type hole struct{}

func (hole) Send(...[]byte) error { return nil }
func (hole) WakeAt(time.Time)     {}

func TestAsynchronous(t *testing.T) {
	for connect, want := range map[string]bool{"": false, "28800": false, "28800/ARQ/V34/LAPM/V42BIS": false,
		"28800/V34/NONE": true, "14400 NoEC": true, "33600/NONESUCH": false} {
		if asynchronous(connect) != want {
			t.Errorf("%q: want %v", connect, want)
		}
	}
}

// A wire is a pipe as a line.
type wire struct{ net.Conn }

func (wire) Unsent() (octets int, known bool) { return 0, false }

// A PNS that hears nothing of a call clears it when its LCP gives up. It is the
// same trouble as if nothing came from it, and the next call goes elsewhere.
func TestClearedBecauseGREIsBlockedTowardsThePNS(t *testing.T) {
	denver := peer.Remote{Name: "denver", Addr: netip.MustParseAddrPort("192.0.2.2:1723")}
	for _, tt := range []struct {
		name   string
		after  time.Duration
		spoke  bool
		reason record.EndReason
		text   string
		failed uint64
	}{
		{"as soon as she spoke", 19 * time.Second, true, record.ClearedByPNS, "the PNS cleared the call", 0},
		{"she never spoke", 30 * time.Second, false, record.ClearedByPNS, "the PNS cleared the call", 0},
		{"no acknowledgement", 30 * time.Second, true, record.GREBlocked,
			"no GRE packet was acknowledged by denver (192.0.2.2) in 30s, although its control connection works", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stats tunnel.Stats
				use := &Settings{Tunnels: tunnel.New(nil, tunnel.Options{Stats: &stats})}
				c := &call{Calls: New(Options{Log: slog.New(slog.DiscardHandler)}), use: use}
				c.rec.Store(&record.Call{Up: time.Now()})
				o := relay.Options{Tunnel: hole{}, Counters: &c.counters, Packets: new(gre.Counters)}
				if tt.spoke {
					o.Held = [][]byte{ppp.Append(nil, ppp.LCP, cp.Packet{Code: cp.ConfigureRequest, ID: 1}.Append(nil))}
				}
				line, caller := net.Pipe()
				o.Line = wire{line}
				r := relay.New(o)
				ctx, stop := context.WithCancel(t.Context())
				go r.Run(func(time.Time) (time.Time, error) { return time.Time{}, ctx.Err() })
				time.Sleep(tt.after)
				err := c.attendant(ctx, &listener{}, denver, r).event(peer.Event{Kind: peer.Cleared, Message: pptp.CallClearRequest{}}, true)
				if reason(err) != tt.reason || text(err) != tt.text || stats.Snapshot()["denver"].Failed != tt.failed {
					t.Errorf("%v: %q, %+v", reason(err), text(err), stats.Snapshot())
				}
				stop()
				r.Nudge()
				caller.Close()
			})
		})
	}
}
