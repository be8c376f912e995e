package exchange

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A wired is a modem's end of a cable with all wires.
type wired struct {
	net.Conn
	carrier atomic.Bool
	ready   chan bool
}

func (w *wired) Carrier(on bool)    { w.carrier.Store(on) }
func (w *wired) Ready() <-chan bool { return w.ready }

// Data Carrier Detect follows the call, or stays on; what the modem does when
// Data Terminal Ready falls is what it was told.
func TestWires(t *testing.T) {
	for _, tt := range []struct {
		set    string
		hungUp bool   // by Data Terminal Ready
		idle   bool   // Data Carrier Detect without a call
		said   string // when Data Terminal Ready falls
	}{
		{"AT", true, false, "\r\nOK\r\n"}, // as it comes from the factory
		{"AT&C0&D0", false, true, ""},
		{"AT&C1&D1", false, false, "\r\nOK\r\n"},
		{"AT&C1&D2", true, false, "\r\nOK\r\n"},
		{"AT&C0&D3&W", true, true, "\r\nOK\r\n"},
	} {
		t.Run(tt.set, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x, d := network(t, Options{Subscribers: two[:1]})
				l, err := newLine(x, two[1])
				if err != nil {
					t.Fatal(err)
				}
				x.lines = append(x.lines, l)
				ours, theirs := net.Pipe()
				w := &wired{Conn: theirs, ready: make(chan bool)}
				ended := make(chan error)
				go func() { ended <- l.Plug(t.Context(), w) }()
				b := newDTE(t, "wired", ours)
				b.says("ATE0", "ATE0\r\r\nOK\r\n")
				b.says(tt.set, "\r\nOK\r\n")
				seen := func(when string, want bool) {
					t.Helper()
					synctest.Wait()
					if got := w.carrier.Load(); got != want {
						t.Errorf("%s the carrier is shown as %v", when, got)
					}
				}
				seen("at first", tt.idle)
				connectCall(t, d[0], b, two[1].Number)
				seen("in a call", true)
				w.ready <- true // nothing happens
				w.ready <- false
				if tt.said != "" {
					b.want(tt.said)
				}
				if tt.hungUp {
					d[0].want("\r\nNO CARRIER\r\n")
					seen("after Data Terminal Ready fell", tt.idle)
				}
				w.ready <- true
				if !tt.hungUp {
					d[0].silent(time.Second)
					seen("when Data Terminal Ready fell", true)
					d[0].close()
					b.want("\r\nNO CARRIER\r\n")
					seen("after the call", tt.idle)
				}
				b.close()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
