package app

import (
	"fmt"
	"testing"
	"time"
)

func TestDrainFacts(t *testing.T) {
	for within, want := range map[time.Duration]string{-1: "[what all calls 2]", 0: "[what all calls 2 within 0s]", time.Minute: "[what all calls 2 within 1m0s]"} {
		if got := fmt.Sprint(drainFacts("all", 2, within)); got != want {
			t.Errorf("%v: %s", within, got)
		}
	}
}
