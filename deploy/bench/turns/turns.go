// Package turns gives packets to many calls, each in its turn.
package turns

import "time"

// Burst is how many packets a call gets in its turn: as many as are acknowledged
// at once, so that the number of acknowledgements does not depend on the calls'.
const Burst = 8

// lag is what is made up for when the machine lets nobody work for a while; what
// was missed before that comes later, so that no call gets two Bursts at once.
const lag = 20 * time.Millisecond

// Give calls give for each of n calls in turn, again and again, a Burst each
// time, until rate packets a second have been given for so long. It returns how
// many that were; an error of give ends it.
func Give(long time.Duration, rate, n int, give func(call int) error) (packets int, err error) {
	each := Burst * time.Second / time.Duration(rate)
	for next, gone := time.Now(), time.Duration(0); gone < long; gone += each {
		now := time.Now()
		if late := now.Sub(next); late > lag {
			next = now.Add(-lag)
		} else if late < 0 {
			time.Sleep(-late)
		}
		if err := give(packets / Burst % n); err != nil {
			return packets, err
		}
		packets += Burst
		next = next.Add(each)
	}
	return packets, nil
}
