package call

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"carrier/pac/internal/identify"
	"carrier/pac/internal/relay"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/peer/peertest"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
	"carrier/shared/record"
)

// A denver is a PNS that takes calls, advertises a window of 4 and acknowledges
// nothing; what came is its packets' payloads.
type denver struct{ came chan string }

func (d denver) Admit(netip.AddrPort) (peer.Remote, error) {
	return peer.Remote{Transport: peer.UDP}, nil
}
func (d denver) Incoming(c *peer.Call) {
	c.Bind(d)
	c.Accept(4, 0xFFFF) // with the longest time-out that there is
}
func (d denver) Outgoing(*peer.Call) {}
func (d denver) Wake(time.Time)      {}
func (d denver) Receive(packets [][]byte) {
	for _, p := range packets {
		if h, payload, err := gre.Parse(p); err == nil && h.HasSeq {
			d.came <- string(payload)
		}
	}
}

// atlanta has no calls brought.
type atlanta struct{ denver }

func (atlanta) Admit(netip.AddrPort) (peer.Remote, error) { return peer.Remote{}, errors.New("nobody") }

// A call is treated as its PNS is: how many of nine frames of LCP go into the tunnel
// before the first is acknowledged (the PNS's own window of 4 begins at 2, and four go past it), how
// they begin, and whether errors of the line are told.
func TestTreatmentOfAPNS(t *testing.T) {
	const addressed, bare = "\xFF\x03\xC0\x21", "\xC0\x21"
	for _, tt := range []struct {
		name, vendor string
		said         quirk.Settings
		frames       int
		begin        string
		quiet        bool
	}{
		{"ours", "Carrier", quirk.Settings{}, 6, addressed, false},
		{"without a window", "Carrier", quirk.Settings{Window: quirk.NoWindow}, 9, addressed, false},
		{"with a narrow window, and without Address and Control", "Carrier", quirk.Settings{Window: 1, Strip: quirk.On}, 5, bare, false},
		{"that is not to be told of errors", "Carrier", quirk.Settings{LineErrors: quirk.Off}, 6, addressed, true},
		{"that is Linux", "cananian", quirk.Settings{}, 9, addressed, false},
		{"that is mpd", "FreeBSD MPD", quirk.Settings{}, 6, addressed, true},
		{"that is mpd, and is told all the same", "FreeBSD MPD", quirk.Settings{LineErrors: quirk.On}, 6, addressed, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pns := denver{make(chan string, 100)}
			to := peertest.Local(t, "local", pns)
			at := peer.Remote{Addr: peertest.Rename(t, "", to.Addr(), true, "local", tt.vendor), Transport: peer.UDP, UDPPort: to.UDPAddr().Port(), Settings: tt.said}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			conn, err := peertest.Local(t, "atlanta", atlanta{}).Dial(ctx, at)
			if err != nil {
				t.Fatal(err)
			}
			tunnel, err := conn.Offer(ctx, pptp.IncomingCallRequest{})
			if err != nil {
				t.Fatal(err)
			}
			pipe, caller := net.Pipe()
			defer caller.Close()
			c := &call{Calls: New(Options{Errors: new(relay.LineErrors), Packets: new(gre.Counters), Drops: new(relay.Drops), Meter: nobody{}, Log: slog.New(slog.DiscardHandler)}),
				use: new(Settings), line: pipeLine{Conn: pipe}}
			c.rec.Store(&record.Call{Up: time.Now()})
			var handed identify.Handed
			for id := range uint8(9) {
				handed.Frames = append(handed.Frames, ppp.Append(nil, ppp.LCP, cp.Packet{Code: cp.ConfigureRequest, ID: id}.Append(nil)))
			}
			r := c.newRelay(tunnel, handed)
			a := c.follow(ctx, tunnel, r)
			ran := make(chan error, 1)
			go func() { ran <- r.Run(a.attend) }()
			n := 0
			for limit := 10 * time.Second; ; {
				select {
				case payload := <-pns.came:
					if n++; payload[:len(tt.begin)] != tt.begin {
						t.Errorf("% x", payload)
					}
					if n == tt.frames {
						limit = 200 * time.Millisecond // what must not come
					}
					continue
				case <-time.After(limit):
				}
				break
			}
			if n != tt.frames || a.quiet != tt.quiet {
				t.Errorf("%d frames, want %d; quiet %v, want %v", n, tt.frames, a.quiet, tt.quiet)
			}
			pipe.Close()
			<-ran
		})
	}
}
