package modem_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/exchange"
	"carrier/hardware/modem"
	"carrier/shared/record"
)

// Modems of every make are recognised, set up in its words, and tell of calls.
func TestChips(t *testing.T) {
	for chip, want := range map[exchange.Chip]struct {
		device       string
		lost, hungUp record.LineReport
	}{
		exchange.Generic: {"Carrier exchange", record.LineReport{}, record.LineReport{}},
		exchange.USR: {"U.S. Robotics 56K FAX EXT V4.11.2",
			record.LineReport{Cause: "Loss of carrier", Modulation: "V.34", Protocol: "LAPM/SREJ", Transmit: 28800, Receive: 28800, Retrains: 1, RateChanges: 1, Signal: -21, SNR: 36},
			record.LineReport{Cause: "DTR dropped", Modulation: "V.34", Protocol: "LAPM/SREJ", Transmit: 28800, Receive: 28800, Retrains: 1, RateChanges: 1, Signal: -21, SNR: 36}},
		exchange.Conexant: {"CX93001-EIS_V0.2013-V92",
			record.LineReport{Cause: "carrier lost", Modulation: "V.34", Transmit: 28800, Receive: 28800, Retrains: 1, Signal: -21, SNR: 36},
			record.LineReport{Cause: "not known", Modulation: "V.34", Transmit: 28800, Receive: 28800, Retrains: 1, Signal: -21, SNR: 36}},
		exchange.Lucent: {"LT V.92 1.0 Data+Fax Modem Version 8.31",
			record.LineReport{Cause: "hung up by the caller", Modulation: "V.34", Protocol: "LAPM", Transmit: 28800, Receive: 28800, Retrains: 1, Signal: -21},
			record.LineReport{Cause: "hung up here", Modulation: "V.34", Protocol: "LAPM", Transmit: 28800, Receive: 28800, Retrains: 1, Signal: -21}},
		exchange.ZyXEL: {"ZyXEL U-1496E V6.22",
			record.LineReport{Cause: "Carrier Lost", Retrains: 1},
			record.LineReport{Cause: "Local Hang Up", Retrains: 1}},
	} {
		t.Run("chip "+string(chip), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newChip(t, chip)
				for _, who := range []string{"the caller", "we"} {
					n.connect(t)
					carries(t, n.pop, n.caller, "hello")
					carries(t, n.caller, n.pop, "welcome"[:6])
					report := want.hungUp
					if who == "the caller" {
						report = want.lost
						if err := n.caller.HangUp(t.Context()); err != nil {
							t.Fatal(err)
						}
						time.Sleep(time.Second)
					}
					if err := n.pop.HangUp(t.Context()); err != nil {
						t.Fatal(err)
					}
					got, ok := n.pop.Report(t.Context())
					if counted := got.OctetsSent > 0; counted {
						if got.OctetsSent < 5 || got.OctetsReceived < 6 || got.OctetsSent+got.OctetsReceived > 30 { // escape sequences count
							t.Errorf("octets: %d sent, %d received", got.OctetsSent, got.OctetsReceived)
						}
						got.OctetsSent, got.OctetsReceived = 0, 0
					}
					if ok != (report != record.LineReport{}) || got != report {
						t.Errorf("%s hung up: %+v, %v; want %+v", who, got, ok, report)
					}
					if d := n.pop.Health().Device; d != want.device {
						t.Errorf("it is called %q", d)
					}
					_ = n.caller.HangUp(t.Context())
				}
			})
		})
	}
}

// newChip is a network whose POP has a modem of some make.
func newChip(t *testing.T, chip exchange.Chip) network {
	x, err := exchange.New(exchange.Options{
		Timing:      exchange.Timing{Setup: 10 * time.Millisecond, RingEvery: time.Second, CallerID: 100 * time.Millisecond, Train: 50 * time.Millisecond},
		Subscribers: []exchange.Subscriber{{Number: "5551212", Chip: chip, Conditions: exchange.Conditions{Rate: 28800}}, {Number: "5550001"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	open := func(l *exchange.Line, profile string) *modem.Modem {
		m := modem.New(modem.Options{Name: l.Number(), Profile: profile, Open: func(context.Context) (modem.Port, error) {
			ours, theirs := net.Pipe()
			go l.Plug(ctx, theirs)
			return ours, nil
		}})
		t.Cleanup(func() { m.Close() })
		return m
	}
	return network{x, open(x.Lines()[0], modem.Auto), open(x.Lines()[1], "hayes")}
}
