package peer

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Alarms set, moved and taken back at random, some beyond a turn of the wheel:
// each rings once, at its time or within a tick after it.
func TestWheel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 2))
		c := newClock()
		start := time.Now()
		const n = 300
		var rang [n][]time.Time
		var due [n][]time.Time // when each should ring
		alarms := make([]*alarm, n)
		for i := range alarms {
			alarms[i] = &alarm{ring: func(now time.Time) { rang[i] = append(rang[i], now) }}
		}
		go c.run(t.Context())
		for range 20_000 {
			i := rnd.IntN(n)
			now := time.Now()
			if last := len(due[i]) - 1; last >= 0 && due[i][last].After(now) {
				due[i] = due[i][:last] // it is replaced
			}
			at := time.Time{}
			if rnd.IntN(5) > 0 {
				at = now.Add(time.Duration(rnd.ExpFloat64() * float64(15*time.Second))).Truncate(time.Millisecond)
				due[i] = append(due[i], at)
			}
			c.set(alarms[i], at)
			time.Sleep(time.Duration(rnd.IntN(20)) * tick / 4)
			if now := time.Now(); now.Sub(start)%tick != 0 {
				time.Sleep(tick - now.Sub(start)%tick) // what is due has rung
			}
			synctest.Wait()
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for i := range alarms {
			if !slices.EqualFunc(rang[i], due[i], func(r, d time.Time) bool { return !r.Before(d) && r.Sub(d) < tick }) {
				t.Errorf("alarm %d rang at\n%v, not\n%v", i, rang[i], due[i])
			}
		}
		c.set(alarms[0], time.Now().Add(time.Hour))
		c.drop(alarms[0])
		if c.full != [spokes / 64]uint64{} || c.wheel != [spokes]*alarm{} {
			t.Error("the wheel is not empty")
		}
	})
}

// An alarm that is moved at the very moment when the clock looks at it rings all
// the same, once.
func TestMovedWhenItIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(3, 4))
		c := newClock()
		go c.run(t.Context())
		var owners sync.WaitGroup
		for range 4 {
			rang := make(chan struct{}, 10)
			a := &alarm{ring: func(time.Time) { rang <- struct{}{} }}
			moves := make([]int, 3_000)
			for i := range moves {
				moves[i] = rnd.IntN(4)
			}
			owners.Go(func() {
				for _, move := range moves {
					c.set(a, time.Now().Add(tick))
					time.Sleep(tick) // its spoke's turn
					c.set(a, time.Time{})
					for range move {
						c.set(a, time.Now().Add(time.Duration(move)*tick))
					}
					c.set(a, time.Now().Add(2*tick))
					wants := 1
					select {
					case <-rang:
					case <-time.After(time.Minute):
						t.Error("it did not ring")
						return
					}
					time.Sleep(10 * tick)
					if wants += len(rang); wants > 2 { // the first deadline had come: it may have rung
						t.Errorf("it rang %d times", wants)
					}
					for len(rang) > 0 {
						<-rang
					}
				}
			})
		}
		owners.Wait()
	})
}

// To set the deadline that is set, to move it away and to take it back cost no lock,
// and nothing allocates.
func TestClockDoesNotAllocate(t *testing.T) {
	c := newClock()
	a := &alarm{ring: func(time.Time) {}}
	now := time.Now()
	if n := testing.AllocsPerRun(100, func() {
		c.set(a, now.Add(time.Minute))
		c.set(a, now.Add(time.Second))
		c.set(a, time.Time{})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	c.set(a, now.Add(time.Second))
	c.mu.Lock() // the next would wait for ever
	c.set(a, now.Add(time.Second))
	c.set(a, now.Add(time.Minute))
	c.set(a, time.Time{})
	c.set(a, now.Add(2*time.Second))
	c.mu.Unlock()
}
