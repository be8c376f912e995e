package exchange

import "time"

// An escape looks for the escape sequence in what the DTE sends during a call:
// three escape characters, with silence for the guard time before and after.
type escape struct {
	last  time.Time // when something came last
	count int       // escape characters since a silence
}

// feed takes what has come at now.
func (e *escape) feed(now time.Time, b []byte, p *profile) {
	if p.s[regEscape] > 127 {
		return
	}
	quiet := now.Sub(e.last) >= p.guard()
	if p.guard() == 0 { // then characters need no silence around them
		quiet = e.count < 0
	}
	for _, c := range b {
		switch {
		case c != p.s[regEscape]:
			e.count, quiet = -1, false // until the next silence
		case quiet:
			e.count, quiet = 1, false
		case e.count >= 0:
			e.count++
		}
	}
	e.last = now
}

// deadline is when the sequence will be complete if nothing more comes; zero
// when it cannot be.
func (e *escape) deadline(p *profile) time.Time {
	if e.count != 3 {
		return time.Time{}
	}
	return e.last.Add(p.guard())
}

// start begins a call: data came last.
func (e *escape) start(now time.Time) { *e = escape{last: now, count: -1} }
