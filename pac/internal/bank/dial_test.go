package bank

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

// A wish is a Request that notes who dials, and lasts until its context ends or it
// is let go.
type wish struct {
	glare map[string]bool // lines that ring
	over  chan struct{}

	mu   sync.Mutex
	seen []string
}

func newWish(glare ...string) *wish {
	w := &wish{glare: map[string]bool{}, over: make(chan struct{})}
	for _, l := range glare {
		w.glare[l] = true
	}
	return w
}

func (w *wish) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, what)
}

func (w *wish) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.seen, " ")
}

func (w *wish) Dial(ctx context.Context, _ context.CancelCauseFunc, l line.Line, bank string) func() {
	w.note(bank + "/" + l.Name())
	if w.glare[l.Name()] {
		return nil
	}
	l.(*fakeLine).note("dial", line.Dialling)
	return func() {
		select {
		case <-w.over:
		case <-ctx.Done():
			w.note(context.Cause(ctx).Error())
		}
	}
}

func (w *wish) NoLine() { w.note("no-line") }

// able makes banks whose lines dial, and runs them.
func able(t *testing.T, lines ...*fakeLine) (b *Banks, k *taker, stop func(), done chan struct{}) {
	k = &taker{took: make(chan string), end: make(chan string)}
	b = newBanks(t, k, new(bytes.Buffer))
	var members []Member
	for _, l := range lines {
		m := member(l)
		m.Dials = !strings.HasPrefix(l.name, "cable")
		members = append(members, m)
	}
	b.Set(members, NoLimit)
	stop, done = run(t, b)
	return b, k, stop, done
}

// The last idle line that can dials, and its call is one as any other: the line is
// hung up after it, answers again and can be drained.
func TestAFreeLineDials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newFake("a"), newFake("c")
		b, k, stop, done := able(t, a, c, newFake("cable"))
		first, second, third := newWish(), newWish(), newWish()
		for _, w := range []*wish{first, second, third} {
			b.Dial([]string{"none", "courier"}, w)
			synctest.Wait()
		}
		if got := []string{first.all(), second.all(), third.all()}; !slices.Equal(got, []string{"courier/c", "courier/a", "no-line"}) {
			t.Errorf("who dials: %q", got)
		}
		close(first.over)
		synctest.Wait()
		if got := c.did(); got != "wait dial hang-up wait" {
			t.Errorf("the line that has dialled: %s", got)
		}
		c.rings <- line.Ring{Calling: "1"}
		if got := <-k.took; got != "c 1" {
			t.Errorf("a caller comes on %s", got)
		}
		if n, err := b.DrainLines("courier", time.Minute); n != 2 || err != nil {
			t.Errorf("%d calls run: %v", n, err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := second.all(); got != "courier/a drained" {
			t.Errorf("the call that was drained: %s", got)
		}
		last := newWish()
		b.Dial([]string{"courier"}, last)
		if got := last.all(); got != "no-line" {
			t.Errorf("drained lines: %s", got)
		}
		stop()
		<-done
	})
}

// A line that rings when it is to dial has the caller's call; the request goes on to
// the next, or hears that there is none.
func TestGlareGoesToTheNextLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newFake("a"), newFake("c")
		b, k, stop, done := able(t, a, c)
		w := newWish("c")
		b.Dial([]string{"courier"}, w)
		synctest.Wait()
		if got := w.all(); got != "courier/c courier/a" {
			t.Errorf("who dials: %s", got)
		}
		c.rings <- line.Ring{Calling: "1"}
		if got := <-k.took; got != "c 1" {
			t.Errorf("the caller comes on %s", got)
		}
		alone := newWish()
		b.Dial([]string{"courier"}, alone)
		if got := alone.all(); got != "no-line" {
			t.Errorf("where no line is left: %s", got)
		}
		if strings.Contains(c.did(), "hang-up") {
			t.Errorf("the ring was hung up: %s", c.did())
		}
		stop()
		<-done
	})
}

// What a line was given and cannot do any more, for it is taken out of service in
// that moment, another one does; at the end of the program nobody.
func TestWhatALineWasGivenIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, c := newFake("a"), newFake("c")
		b, _, stop, done := able(t, a, c)
		w := newWish()
		b.mu.Lock() // nobody serves meanwhile
		s := b.slots[1]
		s.free, s.dial = false, &dialling{w, []string{"courier"}}
		s.drained = true
		s.changed()
		b.mu.Unlock()
		synctest.Wait()
		if got := w.all(); got != "courier/a" {
			t.Errorf("who dials: %q", got)
		}
		stop()
		<-done
		late := newWish()
		b.Dial([]string{"courier"}, late)
		if got := late.all(); got != "no-line" {
			t.Errorf("after the end: %q", got)
		}
	})
}
