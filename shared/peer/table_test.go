package peer

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestCallIDsAreUniqueAndOfOneParity(t *testing.T) {
	for _, odd := range []bool{false, true} {
		table := newTable(odd)
		seen := make(map[uint16]bool)
		var calls []*Call
		for {
			c := new(Call)
			if !table.add(c) {
				break
			}
			if seen[c.id] || c.id == 0 || c.id%2 == 1 != odd {
				t.Fatalf("odd %v: id %d", odd, c.id)
			}
			seen[c.id] = true
			calls = append(calls, c)
		}
		if want := tableSize - 1; len(calls) < want {
			t.Errorf("odd %v: %d calls", odd, len(calls))
		}
		for _, c := range calls {
			if table.get(c.id) != c || table.get(c.id^1) != nil {
				t.Fatalf("id %d finds another call", c.id)
			}
			table.remove(c)
			if table.get(c.id) != nil {
				t.Fatalf("id %d finds a call that is over", c.id)
			}
		}
	}
}

// An ID is not given again before most others were, and cannot be told before.
func TestCallIDsRest(t *testing.T) {
	table := newTable(true)
	last := make(map[uint16]int)
	var steps []int
	for i := range 4 * tableSize {
		c := new(Call)
		table.add(c)
		if before, ok := last[c.id]; ok && i-before < tableSize-2*among {
			t.Fatalf("id %d came again after %d calls", c.id, i-before)
		}
		last[c.id] = i
		if i < 100 {
			steps = append(steps, int(c.id))
		}
		table.remove(c)
	}
	if slices.IsSorted(steps) {
		t.Error("the IDs go up one by one")
	}
}

func TestAlarmsRingInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		go c.run(t.Context())
		start := time.Now()
		rang := make(chan string, 10)
		alarms := make(map[string]*alarm)
		for _, n := range []string{"a", "b", "c", "d"} {
			alarms[n] = &alarm{ring: func(now time.Time) { rang <- fmt.Sprint(n, now.Sub(start)) }}
		}
		c.set(alarms["a"], start.Add(3*time.Second))
		c.set(alarms["b"], start.Add(2*time.Second))
		c.set(alarms["c"], start.Add(1*time.Second))
		c.set(alarms["d"], start.Add(-time.Second)) // past: at once
		c.set(alarms["c"], start.Add(4*time.Second))
		c.set(alarms["b"], time.Time{})
		c.set(alarms["b"], time.Time{})
		time.Sleep(10 * time.Second)
		synctest.Wait()
		close(rang)
		got := slices.Collect(func(yield func(string) bool) {
			for s := range rang {
				yield(s)
			}
		})
		if want := []string{"d0s", "a3s", "c4s"}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// What outsiders can cause fills no disk.
func TestLogLinesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		log := slog.New(slog.NewTextHandler(&out, nil))
		var b burst
		for range 100_000 {
			b.log(log, slog.LevelWarn, "bad")
		}
		if n := strings.Count(out.String(), "\n"); n != burstLines {
			t.Errorf("%d lines", n)
		}
		time.Sleep(time.Minute)
		out.Reset()
		b.log(log, slog.LevelWarn, "bad")
		if want := "not_logged=99980"; !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %s", out.String(), want)
		}
	})
}
