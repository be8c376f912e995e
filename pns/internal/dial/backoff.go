package dial

import (
	"math/rand/v2"
	"time"
)

// Pause is how long to wait after so many failures in a row: twice as long after
// each, within bounds. Up to half of it is left out at random, so that branches whose
// server comes back do not all call at once.
func Pause(failed int, shortest, longest time.Duration) time.Duration {
	wait := shortest
	for ; failed > 1 && wait < longest; failed-- {
		wait *= 2
	}
	wait = min(wait, longest)
	return wait - rand.N(wait/2+1)
}
