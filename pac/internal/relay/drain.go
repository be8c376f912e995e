package relay

import "time"

// A drain is how fast the line takes octets, and when it will have taken what it
// was given: modems hold much and say nothing. It goes by a rate, which is
// CONNECT's at first and then what the port was seen to take while it always
// had something, as far as it can tell.
type drain struct {
	// follows: hardware flow control stops the port when the modem has enough.
	// Then what the port has not sent says all, and the rate is only measured.
	follows bool
	first   int // octets a second: CONNECT's rate; 0 when unknown, then nothing is held back
	rate    int // octets a second reckoned with; 0 while unknown

	free    time.Time // when all that was written will have left, by the rate
	written int64     // octets, in all

	looked time.Time     // when the port was last asked, zero when it had nothing
	gone   int64         // octets that had left it by then
	busy   time.Duration // for how long it had something
	took   int64         // octets that left it in that time

	far *far // what the port's far end holds; nil where the port follows, or no rate is known
}

const (
	// ahead is how much line time may lie before the line when it is given the
	// next frame, so that it never waits for us.
	ahead = 20 * time.Millisecond
	// lookEvery is how often a port that has too much is asked again.
	lookEvery = 10 * time.Millisecond
	// enough is how long a port must have been busy to tell a rate.
	enough = 250 * time.Millisecond
	// behind is the share of a rate that is left to what lies at a blind port's far end.
	behind = 128
	// V.42bis makes four octets of one at best; a line slower than an eighth of
	// what CONNECT said is stuck, not slow.
	maxGain, minShare = 4, 8
)

// newDrain begins with CONNECT's rate, octets a second.
func newDrain(rate int, follows bool) *drain {
	d := &drain{first: rate, rate: rate, follows: follows}
	if !follows {
		d.far = new(far)
	}
	return d
}

// octets is what the line takes in that time.
func (d *drain) octets(t time.Duration) int {
	return int(int64(d.rate) * int64(t) / int64(time.Second))
}

// wrote notes that a Write of n octets lasted from one time to another. known
// says that look tells the rest.
func (d *drain) wrote(from, to time.Time, n int, known bool) {
	if d.blind() {
		d.begin(from)
	}
	d.written += int64(n)
	switch took := to.Sub(from); {
	case took < ahead:
	case d.blind():
		if took >= blocked { // the far end was full, and has made room
			d.madeRoom(to, d.written-int64(n), took)
		}
	case !known: // it was full, or would not have let us wait
		d.busy += took
		d.took += int64(n)
		d.measure()
	}
	if rate := d.pace(); rate > 0 {
		if d.free.Before(from) {
			d.free = from
		}
		d.free = d.free.Add(time.Duration(n) * time.Second / time.Duration(rate))
	}
}

// pace is how fast the line is given octets. Where nobody sees what it has not sent, that
// is a little slower than its rate was told to be: what came to lie there while the
// line stood still, or because its clock is not ours, leaves again. A rate that was
// measured is that much lower already.
func (d *drain) pace() int {
	if d.blind() && d.rate == d.first {
		return d.rate - d.rate/behind
	}
	return d.rate
}

// look notes how many octets the port has not sent.
func (d *drain) look(now time.Time, unsent int) {
	gone := d.written - int64(unsent)
	if d.blind() {
		d.lookFar(now, gone, unsent)
		return
	}
	if !d.looked.IsZero() && unsent > 0 {
		d.busy += now.Sub(d.looked)
		d.took += gone - d.gone
		d.measure()
	}
	d.looked, d.gone = now, gone
	if unsent == 0 {
		d.looked = time.Time{}
	}
}

// measure takes what was seen over enough time into the rate.
func (d *drain) measure() {
	if d.busy < enough {
		return
	}
	seen := int(d.took * int64(time.Second) / int64(d.busy))
	d.busy, d.took = 0, 0
	switch {
	case d.rate == 0:
		d.rate = seen
	default:
		d.rate += (seen - d.rate) / 4
	}
	if d.first > 0 {
		d.rate = min(max(d.rate, d.first/minShare), maxGain*d.first)
	}
	d.rate = max(d.rate, 1)
}

// wait is how long to wait before the line is given more; unsent is what look
// was told, 0 where the port cannot tell.
func (d *drain) wait(now time.Time, unsent int) time.Duration {
	if d.first == 0 {
		return 0
	}
	if d.blind() {
		d.far.seen = now
	}
	var wait time.Duration
	if !d.follows {
		wait = d.free.Sub(now) - ahead
	}
	if unsent > d.octets(ahead) {
		wait = max(wait, lookEvery)
	}
	return max(wait, 0)
}
