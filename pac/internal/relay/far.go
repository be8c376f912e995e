package relay

import "time"

// A far is what is reckoned of the far end of a port that does not follow: a
// terminal server, or an emulator, which holds what the line has not sent where
// nobody sees it. Only when it is full it says so, by taking no more. Whenever it
// takes something again it holds as much as the last time, and in between the line
// has sent what the port took: that is the line's rate, and what the far end got
// before in excess of it is what it holds. The drain waits until that has left,
// and goes on a little more slowly than the line, so that it does not come back.
type far struct {
	seen time.Time // when the port was last asked or written to

	began time.Time // since when the line always had something to send,
	base  int64     // and what had left the port by then

	full      time.Time // since when the port took nothing though the line should have sent all; zero: it takes
	gone      int64     // octets that had left the port when it was last asked
	from, to  mark      // the first and the last time that the far end made room; from is zero when it did not
	holds     int64     // octets that it holds when it takes something again; 0: not known
	lower     int       // a doubtful rate, which waits for the next; 0: none
	confident time.Time // when the rate was measured
}

// A mark is how many octets had left the port at a time.
type mark struct {
	at   time.Time
	gone int64
}

const (
	// idle is how long the line may have nothing before it counts as empty.
	idle = 500 * time.Millisecond
	// blocked is how long a Write lasts that waits for the far end: sockets wait
	// until a good part of their buffers is free. A short one may have waited for
	// a processor.
	blocked = 100 * time.Millisecond
	// Marks are so far apart at least that their difference tells a rate, though the
	// far end may hold one frame more or less; and one follows the other so soon at
	// most that what is between is all the line's doing.
	apart, together = 8 * time.Second, 10 * time.Second
	// still is how long no line needs for a quantum of a terminal server's, and
	// longAgo how long the least surplus needs to fill one; modest is what it may
	// hold then, octets.
	still, longAgo, modest = 3 * time.Second, 5 * time.Minute, 2 << 10
	// believed is how long a rate is that was measured: the modems may have found
	// a higher one since, which cannot be seen. Then first is tried again.
	believed = 5 * time.Minute
	// slower is the share of the rate that is left to what the far end still holds.
	slower = 64
	// slowest is 300 bit/s.
	slowest = 30
)

// blind says that the port does not follow, and a rate is known.
func (d *drain) blind() bool { return d.far != nil }

// begin notes that something will be written.
func (d *drain) begin(now time.Time) {
	f := d.far
	if now.Sub(f.seen) > idle {
		f.began, f.base, f.from, f.lower = now, d.written, mark{}, 0
	}
	if d.rate < d.first && now.Sub(f.confident) > believed {
		d.rate, f.from, f.lower = d.first, mark{}, 0
	}
	f.seen = now
}

// lookFar is look for the far end.
func (d *drain) lookFar(now time.Time, gone int64, unsent int) {
	f := d.far
	took := gone > f.gone
	if took && !f.full.IsZero() {
		d.madeRoom(now, f.gone, now.Sub(f.full))
	}
	f.gone = gone
	switch {
	case unsent == 0 || now.Before(d.free.Add(-ahead)):
		f.full = time.Time{}
	case took || f.full.IsZero():
		f.full = now
	}
}

// madeRoom notes that the far end was full for so long, and takes something again;
// so much had left the port before. Where it came to be full by a line that stood
// still, or by one that grew slower after a long time, what it holds is not what
// was too much since the line began.
func (d *drain) madeRoom(now time.Time, gone int64, waited time.Duration) {
	f := d.far
	m := mark{now, gone}
	switch {
	case f.from.at.IsZero() || now.Sub(f.to.at) > together:
		f.from, f.lower = m, 0
		if waited > still || now.Sub(f.began) > longAgo {
			f.began, f.base = now, gone-modest
		}
	case now.Sub(f.from.at) >= apart:
		d.measured(f.from, m)
		f.from = m
	}
	f.to = m
}

// measured takes what the line sent between two times into the rate. A rate that is
// far lower, or not the first that is measured, may be that of a line that stood
// still, while its modems trained anew: of it and the next one the higher counts.
func (d *drain) measured(from, to mark) {
	f := d.far
	seen := rate(to.gone-from.gone, to.at.Sub(from.at))
	if doubtful := seen < d.rate*3/4 || !f.confident.IsZero(); doubtful && f.lower == 0 {
		f.lower = max(seen, 1)
		return
	}
	seen, f.lower = max(seen, f.lower), 0
	if f.holds == 0 {
		f.holds = max(to.gone-f.base-int64(seen)*int64(to.at.Sub(f.began))/int64(time.Second), 1)
	}
	d.rate = min(max(seen-seen/slower, slowest), d.first)
	f.confident = to.at
	d.free = to.at.Add(time.Duration(f.holds+d.written-to.gone) * time.Second / time.Duration(d.rate))
}

// rate is octets a second.
func rate(octets int64, in time.Duration) int { return int(octets * int64(time.Second) / int64(in)) }
