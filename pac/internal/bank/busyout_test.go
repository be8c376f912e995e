package bank

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

// A busyLine can be busy for callers, unless it cannot.
type busyLine struct {
	*fakeLine
	cannot bool
}

func (l busyLine) BusyOut(ctx context.Context) error {
	l.note("busy", line.Idle)
	if l.cannot {
		return errors.ErrUnsupported
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// busiers makes banks with a member of each line.
func busiers(t *testing.T, k Taker, lines ...line.Line) (b *Banks, members []Member) {
	b = newBanks(t, k, new(bytes.Buffer))
	for _, l := range lines {
		m := member(l)
		m.BusyOut = true
		members = append(members, m)
	}
	b.Set(members, NoLimit)
	return b, members
}

// Out of service or drained, a line is busy for callers once it has no call,
// from the start too, and its device stays open.
func TestBusyOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle, calls := busyLine{newFake("idle"), false}, busyLine{newFake("calls"), false}
		k := &taker{took: make(chan string), end: make(chan string)}
		b, members := busiers(t, k, idle, calls)
		if err := b.TakeOut([]string{"courier/idle"}, "smoke"); err != nil {
			t.Fatal(err)
		}
		stop, done := run(t, b)
		calls.rings <- line.Ring{}
		<-k.took
		if _, err := b.DrainLines(All, NoLimit); err != nil {
			t.Error(err)
		}
		want(t, b, "idle out-of-service out, calls ringing draining")
		time.Sleep(time.Hour)
		k.end <- ""
		want(t, b, "idle out-of-service out, calls out-of-service drained")
		if got := idle.did() + ", " + calls.did(); got != "busy busy, wait ring hang-up busy" {
			t.Error(got)
		}
		if err := b.PutIn([]string{"courier/idle"}); err != nil {
			t.Error(err)
		}
		if err := b.Undrain(All); err != nil {
			t.Error(err)
		}
		want(t, b, "idle idle , calls idle ")

		if err := b.TakeOut([]string{"courier/idle"}, "smoke"); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		members[0].BusyOut = false
		b.Set(members, NoLimit)
		want(t, b, "idle out-of-service out, calls idle ")
		if got := idle.did(); got != "busy busy wait busy close" {
			t.Error(got)
		}
		if _, err := b.DrainLines("courier/calls", NoLimit); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		stop()
		<-done
		if got := calls.did(); got != "wait ring hang-up busy wait busy close" {
			t.Error(got)
		}
	})
}

// A line that cannot be is closed, and tried once each time.
func TestLinesThatCannotBeBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cannot, simple := busyLine{newFake("cannot"), true}, newFake("simple")
		b, _ := busiers(t, &taker{}, cannot, simple)
		stop, done := run(t, b)
		for range 2 {
			if _, err := b.DrainLines(All, NoLimit); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Hour)
			want(t, b, "cannot out-of-service drained, simple out-of-service drained")
			if err := b.Undrain(All); err != nil {
				t.Error(err)
			}
			want(t, b, "cannot idle , simple idle ")
		}
		if got := cannot.did() + ", " + simple.did(); got != "wait busy close wait busy close wait, wait close wait close wait" {
			t.Error(got)
		}
		stop()
		<-done
	})
}
