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

// A call that an operator and reloads limit, one and the other, ends when the
// first of them said. Only who gave a limit takes it back.
func TestTheEarlierLimitCounts(t *testing.T) {
	const never = 24 * time.Hour
	var (
		b  *Banks
		l  *fakeLine
		no = NoLimit
	)
	drain := func(what string, d time.Duration) func() error {
		return func() error {
			n, err := b.DrainLines(what, d)
			if n != 1 {
				err = errors.Join(err, errors.New("drain found no call"))
			}
			return err
		}
	}
	undrain := func() error { return b.Undrain(All) }
	in := func() error { return b.PutIn([]string{"courier/l"}) }
	gone := func(d time.Duration) func() error {
		return func() error { b.Set(nil, d); return nil }
	}
	back := func() error { b.Set([]Member{member(l)}, NoLimit); return nil }
	m := time.Minute
	for _, tt := range []struct {
		name string
		do   []func() error // a second apart
		want time.Duration  // after the first
	}{
		{"drained, then removed without limit", []func() error{drain(All, m), gone(no)}, m},
		{"drained, then removed and back", []func() error{drain(All, m), gone(no), back}, m},
		{"drained, then removed with more time", []func() error{drain(All, m), gone(10 * m)}, m},
		{"drained, then removed with less time", []func() error{drain(All, 10*m), gone(m)}, m + time.Second},
		{"the same and back", []func() error{drain(All, 10*m), gone(m), back}, 10 * m},
		{"removed, then drained with more time", []func() error{gone(m), drain(All, 10*m)}, m},
		{"removed, then drained by its name", []func() error{gone(no), drain("courier/l", m)}, m + time.Second},
		{"removed, then drained with its bank", []func() error{gone(10 * m), drain("courier", m)}, m + time.Second},
		{"removed and back", []func() error{gone(m), back}, never},
		{"removed, back and removed", []func() error{gone(m), back, gone(m)}, m + 2*time.Second},
		{"removed twice, first without limit", []func() error{gone(no), gone(m)}, m + time.Second},
		{"removed twice, then with more time", []func() error{gone(m), gone(10 * m), gone(no)}, m},
		{"drained twice, then with more time", []func() error{drain(All, m), drain(All, 10*m)}, 10*m + time.Second},
		{"drained twice, then without limit", []func() error{drain(All, m), drain(All, no)}, never},
		{"drained, removed, undrained", []func() error{drain(All, m), gone(10 * m), undrain}, 10*m + time.Second},
		{"drained, removed, put in, back", []func() error{drain(All, m), gone(10 * m), in, back}, never},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l = newFake("l")
				var k *taker
				var stop func()
				var done chan struct{}
				b, k, stop, done = start(t, new(bytes.Buffer), l)
				l.rings <- line.Ring{}
				<-k.took
				began, ended := time.Now(), never
				for _, do := range tt.do {
					if err := do(); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Second)
				}
				for time.Since(began) < time.Hour && ended == never {
					synctest.Wait()
					k.mu.Lock()
					if len(k.ended) > 0 {
						ended = time.Since(began)
					}
					k.mu.Unlock()
					time.Sleep(time.Second)
				}
				if ended != tt.want {
					t.Errorf("the call ended after %v, want %v", ended, tt.want)
				}
				stop()
				<-done
			})
		})
	}
}

// What an operator drained stays so until she says otherwise, be its device
// away meanwhile.
func TestADrainedLineComesBackDrained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newFake("l")
		b, _, stop, done := start(t, new(bytes.Buffer), l)
		usr := member(l)
		usr.Bank = "usr"
		away := func() {
			b.Set(nil, NoLimit)
			want(t, b, "")
		}
		back := func(state string) {
			t.Helper()
			b.Set([]Member{member(l)}, NoLimit)
			want(t, b, "l "+state)
		}
		for _, undo := range []func() error{
			func() error { away(); return b.Undrain(All) },
			func() error { away(); return b.Undrain("courier") },
			func() error {
				b.Set([]Member{usr}, NoLimit) // the bank has another name, and that counts
				want(t, b, "usr/l out-of-service drained")
				away()
				if err := b.Undrain("courier"); err == nil {
					t.Error("courier had a line that was drained")
				}
				return b.Undrain("usr")
			},
			func() error { back("out-of-service drained"); err := b.Undrain("courier"); away(); return err },
			func() error {
				back("out-of-service drained")
				err := b.PutIn([]string{"courier/l"})
				away()
				return err
			},
		} {
			if n, err := b.DrainLines("courier", NoLimit); n != 0 || err != nil {
				t.Error(n, err)
			}
			b.Set([]Member{member(l), member(newFake("later"))}, NoLimit)
			want(t, b, "l out-of-service drained, later idle ")
			away()
			back("out-of-service drained")
			away()
			if err := undo(); err != nil {
				t.Error(err)
			}
			back("idle ")
		}
		stop()
		<-done
	})
}

// A clinging line takes a while to hang up.
type clingingLine struct{ *fakeLine }

func (l clingingLine) HangUp(ctx context.Context) error {
	l.note("hanging-up", line.HangingUp)
	time.Sleep(closing)
	return l.fakeLine.HangUp(ctx)
}

// A line that hangs up has no call that runs; it has its name still.
func TestALineThatHangsUpHasNoCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := clingingLine{newFake("l")}
		b, k, stop, done := start(t, new(bytes.Buffer))
		b.Set([]Member{member(l)}, NoLimit)
		synctest.Wait()
		l.rings <- line.Ring{}
		<-k.took
		k.end <- ""
		want(t, b, "l hanging-up ")
		if n, err := b.DrainLines("courier/l", time.Minute); n != 0 || err != nil {
			t.Errorf("drain says %d calls, %v", n, err)
		}
		want(t, b, "l hanging-up draining")
		b.Set(nil, time.Minute)
		want(t, b, "l hanging-up removed")
		time.Sleep(closing)
		want(t, b, "")
		stop()
		<-done
	})
}
