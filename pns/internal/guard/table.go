package guard

import "time"

// An entry is what is held against one key.
type entry struct {
	wrong       int
	first, last time.Time // of them
	until       time.Time // locked; zero: never was
}

// A table has capacity entries at most.
type table[K comparable] map[K]entry

// count is how many wrong answers count at now.
func (t table[K]) count(now time.Time, p Policy, k K) int {
	e := t[k]
	if now.Sub(e.first) > p.Window {
		return 0
	}
	return e.wrong
}

// left is how long a key stays locked.
func (t table[K]) left(now time.Time, k K) time.Duration {
	return max(0, t[k].until.Sub(now))
}

// add counts a wrong answer and locks the key at the limit; 0 is none.
func (t table[K]) add(now time.Time, p Policy, k K, limit int) (locked bool) {
	e, known := t[k]
	if !known && len(t) >= capacity {
		t.drop(now)
	}
	if now.Sub(e.first) > p.Window {
		e = entry{first: now}
	}
	e.wrong++
	e.last = now
	if limit > 0 && e.wrong >= limit {
		e, locked = entry{last: now, until: now.Add(p.Time)}, true // it begins anew after the lock
	}
	t[k] = e
	return locked
}

// drop makes room: that goes of which nothing was heard for the longest time,
// and what is locked last.
func (t table[K]) drop(now time.Time) {
	var out K
	var worst entry
	found := false
	for k, e := range t {
		locked, than := e.until.After(now), worst.until.After(now)
		if !found || than && !locked || locked == than && e.last.Before(worst.last) {
			out, worst, found = k, e, true
		}
	}
	delete(t, out)
}

// forget removes keys, and returns how many were locked.
func (t table[K]) forget(now time.Time, those func(K) bool) (locked int) {
	for k, e := range t {
		if those(k) {
			if e.until.After(now) {
				locked++
			}
			delete(t, k)
		}
	}
	return locked
}
