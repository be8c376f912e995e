package line

import (
	"context"
	"testing"
	"time"
)

func TestHunt(t *testing.T) {
	for _, tt := range []struct {
		hunt Hunt
		idle []int
		last int
		want int
	}{
		{First, []int{2, 0, 1}, 0, 0},
		{First, []int{5}, 7, 5},
		{LongestIdle, []int{2, 0, 1}, 2, 2},
		{RoundRobin, []int{2, 0, 1}, -1, 0},
		{RoundRobin, []int{2, 0, 1}, 0, 1},
		{RoundRobin, []int{2, 0}, 0, 2},
		{RoundRobin, []int{1, 0}, 2, 0},
	} {
		if got := tt.hunt.choose(tt.idle, tt.last); got != tt.want {
			t.Errorf("%s among %v behind %d: %d, want %d", tt.hunt, tt.idle, tt.last, got, tt.want)
		}
	}
}

// Each way to hunt brings calls to the lines that it says.
func TestAListenerHunts(t *testing.T) {
	for hunt, want := range map[Hunt]string{First: "00000", RoundRobin: "01201", LongestIdle: "01201"} {
		l := listen(t, "tcp://127.0.0.1:0")
		l.Hunt(hunt)
		rang := make(chan *Direct)
		ring := func(d *Direct) {
			go func() {
				if _, err := d.Ring(t.Context()); err == nil {
					rang <- d
				}
			}()
			until(t, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.idle) > 0 && l.idle[len(l.idle)-1] == d })
		}
		for i, name := range []string{"0", "1", "2"} {
			ring(l.Line(name, i))
		}
		got := ""
		for range 5 {
			dial(t, l)
			d := <-rang
			got += d.Name()
			ring(d)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", hunt, got, want)
		}
		l.Close()
	}
}

// A call that was given to a line that waits no more goes to another one.
func TestAGivenCallIsNotLost(t *testing.T) {
	l := listen(t, "tcp://127.0.0.1:0")
	first, second := l.Line("first", 0), l.Line("second", 1)
	l.enter(first)
	caller := dial(t, l)
	until(t, func() bool { return len(first.given) == 1 })
	l.leave(first)
	if _, err := second.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	carries(t, caller, second)
}

func until(t *testing.T, is func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it did not come")
		}
	}
}
