package turns

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// given is when Give gave and to whom; it is held up at one turn.
func given(t *testing.T, long time.Duration, rate, n, heldUpAt int, heldUp time.Duration) (calls []int, at []time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		packets, err := Give(long, rate, n, func(call int) error {
			if len(calls) == heldUpAt {
				time.Sleep(heldUp)
			}
			calls, at = append(calls, call), append(at, time.Since(start))
			return nil
		})
		if err != nil || packets != len(calls)*Burst {
			t.Errorf("%d packets in %d turns, %v", packets, len(calls), err)
		}
	})
	return calls, at
}

func TestEachCallInItsTurn(t *testing.T) {
	calls, at := given(t, 40*time.Millisecond, 1000, 3, -1, 0)
	if want := []int{0, 1, 2, 0, 1}; !slices.Equal(calls, want) {
		t.Errorf("%v, want %v", calls, want)
	}
	if last := at[len(at)-1]; last != 32*time.Millisecond {
		t.Errorf("the last at %v", last)
	}
}

func TestAnErrorEndsIt(t *testing.T) {
	failed := errors.New("no more")
	packets, err := Give(time.Second, 1000, 3, func(call int) error {
		if call == 2 {
			return failed
		}
		return nil
	})
	if err != failed || packets != 2*Burst {
		t.Errorf("%d packets, %v", packets, err)
	}
}

// A little is made up for; a long stop leaves as many turns to come as before.
func TestHeldUp(t *testing.T) {
	calls, at := given(t, 80*time.Millisecond, 1000, 10, 2, 500*time.Millisecond)
	ms := func(n ...time.Duration) (all []time.Duration) {
		for _, n := range n {
			all = append(all, n*time.Millisecond)
		}
		return all
	}
	// Those due 20, 12 and 4 ms ago come at once.
	if want := ms(0, 8, 516, 516, 516, 516, 520, 528, 536, 544); len(calls) != 10 || !slices.Equal(at, want) {
		t.Errorf("%v, want %v", at, want)
	}
}
