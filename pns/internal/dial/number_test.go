package dial

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/session"
	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// pacs reach nobody, for one reason, and note what they were asked. A test reads that
// behind synctest.Wait.
type pacs struct {
	why   record.EndReason
	asked int
	last  pptp.OutgoingCallRequest
}

func (p *pacs) Place(_ context.Context, pac string, r pptp.OutgoingCallRequest) (*peer.Call, record.EndReason, error) {
	p.asked, p.last = p.asked+1, r
	return nil, p.why, errors.New(pac + " says no")
}

// Dialled makes pacs a Meter.
func (*pacs) Dialled(string, record.Call) {}

// phoning runs a Dialler of one number until the test ends; it is to be run in a
// bubble.
func phoning(t *testing.T, p *pacs, e Entry) (*Dialler, *network) {
	t.Helper()
	serials, err := record.OpenSerials("")
	if err != nil {
		t.Fatal(err)
	}
	n := new(network)
	d := New(Options{PACs: p, Delegator: n, Serials: serials, History: 5, Meter: p, Log: slog.New(slog.DiscardHandler)}, []Entry{e})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	synctest.Wait()
	return d, n
}

var village = Entry{Name: "village", Retry: 10 * time.Second, RetryMax: 10 * time.Minute,
	Number: &Number{PAC: "atlanta", Request: pptp.OutgoingCallRequest{PhoneNumber: "5551212", MinimumBPS: 9600}}}

// Who is busy, and a PAC whose lines all are, may be free at any time, and is asked
// again soon; who does not answer, ever later. The PAC is asked for what was said, and
// what came of it is kept.
func TestPausesByReason(t *testing.T) {
	for _, tt := range []struct {
		why  record.EndReason
		soon bool
	}{{record.NumberBusy, true}, {record.NoLine, true}, {record.NoAnswer, false}, {record.NoCarrier, false}, {record.ControlLost, false}} {
		synctest.Test(t, func(t *testing.T) {
			p := &pacs{why: tt.why}
			d, _ := phoning(t, p, village)
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if soon := p.asked >= 60; soon != tt.soon || p.asked < 6 {
				t.Errorf("%v: asked %d times in ten minutes", tt.why, p.asked)
			}
			if p.last.PhoneNumber != "5551212" || p.last.MinimumBPS != 9600 || p.last.Window != recvWindow || int(p.last.CallSerialNumber) < p.asked {
				t.Errorf("asked for %+v", p.last)
			}
			s, c := d.States()[0], d.Ended()[0]
			if s.Doing != Pausing || s.To != "5551212 through atlanta" || s.Failed != p.asked || s.Text != "atlanta says no" {
				t.Errorf("state %+v", s)
			}
			if c.Reason != tt.why || c.Stage != record.Dialling || !c.Outgoing || c.Called != "5551212" || c.Peer != "village" {
				t.Errorf("kept %+v", c)
			}
		})
	}
}

// A number that may not be dialled is dialled no more, until the configuration is used
// again; and of a call on demand not for what had come by then.
func TestNumberRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pacs{why: record.NumberRefused}
		d, _ := phoning(t, p, village)
		for n := 1; n < 4; n++ {
			time.Sleep(24 * time.Hour)
			synctest.Wait()
			if s := d.States()[0]; p.asked != n || s.Doing != Refused {
				t.Errorf("asked %d times after %d days: %+v", p.asked, n, s)
			}
			d.Use([]Entry{village})
		}
	})
	synctest.Test(t, func(t *testing.T) {
		e := village
		e.OnDemand, e.Dial = true, session.Dial{Routes: []netip.Prefix{route}}
		p := &pacs{why: record.NumberRefused}
		d, n := phoning(t, p, e)
		for _, step := range []struct {
			what string
			do   func()
			want int
		}{
			{"nobody wants it", func() {}, 0},
			{"a packet", func() { n.deliver(udp(far, 7, 1)) }, 1},
			{"packets for what is refused", func() { n.deliver(udp(far, 7, 2)) }, 1},
			{"used again", func() { d.Use([]Entry{e}) }, 1},
			{"a packet after that", func() { n.deliver(udp(far, 7, 3)) }, 2},
		} {
			step.do()
			time.Sleep(time.Hour)
			synctest.Wait()
			if p.asked != step.want {
				t.Errorf("%s: asked %d times, want %d", step.what, p.asked, step.want)
			}
		}
	})
}
