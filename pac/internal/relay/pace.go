package relay

import (
	"time"

	"carrier/hardware/line"
)

// wakeLine has the line take what waits for it: in a goroutine that lasts no
// longer than something does. The lock is held.
func (r *Relay) wakeLine() {
	if r.writing || !r.begun || r.ended || r.down.Len() == 0 {
		return
	}
	r.writing = true
	r.writers.Add(1)
	go r.writer()
}

// stopWriting ends the writer and waits for it.
func (r *Relay) stopWriting() {
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	close(r.over)
	_ = r.line.SetWriteDeadline(past)
	r.writers.Wait()
}

// writeLine writes what waits for the line, as fast as the line sends it, until
// nothing does, the line fails or the relay ends.
func (r *Relay) writeLine() {
	defer r.writers.Done()
	if r.heard != nil && !r.hushed {
		r.hushed = true
		select {
		case <-time.After(r.hush):
		case <-r.heard:
		case <-r.over:
			return
		}
	}
	for {
		octets, wait, err := r.write()
		if err != nil {
			r.fail(&LineError{Op: "write", Err: err})
			return
		}
		if octets == 0 {
			return
		}
		for ; wait > 0; wait = r.wait() {
			if !r.sleep(wait) {
				return
			}
		}
		r.taken()
	}
}

// fail ends the relay because of the writer.
func (r *Relay) fail(err error) {
	r.mu.Lock()
	r.failed = err
	r.mu.Unlock()
	r.Nudge()
}

// sleep waits so long; false when the relay ends.
func (r *Relay) sleep(wait time.Duration) bool {
	if r.timer == nil {
		r.timer = time.NewTimer(wait)
	} else {
		r.timer.Reset(wait)
	}
	select {
	case <-r.timer.C:
	case <-r.over:
		return false
	}
	return true
}

// write gives the line what goes next, and says how long to wait then; 0
// octets, and the writer is done, if nothing goes.
func (r *Relay) write() (octets int, wait time.Duration, err error) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	framed := r.take(b)
	if len(framed) == 0 {
		return 0, 0, nil
	}
	from := time.Now()
	_, err = r.line.Write(framed)
	to := time.Now()
	unsent, known := r.unsent()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drain.wrote(from, to, len(framed), known)
	return len(framed), r.look(to, unsent, known), err
}

// take frames what goes to the line next: one frame, or as many as take 50 ms.
func (r *Relay) take(b *buffer) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	burst := burstUnknown
	if r.drain.first > 0 {
		burst = min(burst, r.drain.octets(burstTime))
	}
	now := time.Now()
	frame := r.down.Pop(now)
	var octets []byte
	for octets = b.octets[:0]; frame != nil; frame = r.down.PopWithin(now, burst-len(octets)) {
		octets = r.toLine(octets, frame.Octets, b)
		frame.Free()
		r.leaving++
	}
	if lost := r.countLost(&r.down, &r.lost); lost > 0 {
		r.gre.Release(now, lost)
	}
	r.writing = r.leaving > 0 // else the next to come wakes another
	return octets
}

// wait is how long to wait before the line has sent nearly all.
func (r *Relay) wait() time.Duration {
	now := time.Now()
	unsent, known := r.unsent()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.look(now, unsent, known)
}

// unsent is what waits in the line's port.
func (r *Relay) unsent() (octets int, known bool) {
	if q, ok := r.line.(line.Queuer); ok {
		return q.Queued()
	}
	return r.line.Unsent()
}

// look is wait when the line has been asked. The lock is held.
func (r *Relay) look(now time.Time, unsent int, known bool) time.Duration {
	if known {
		r.drain.look(now, unsent)
	}
	r.down.SetRate(r.drain.rate)
	r.counters.Drain.Store(uint64(r.drain.rate))
	return r.drain.wait(now, unsent)
}

// taken says that the line has sent what take returned: now it may be
// acknowledged.
func (r *Relay) taken() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.enter()
	defer r.leave()
	now := time.Now()
	r.gre.Release(now, r.leaving)
	r.leaving = 0
	r.wakeFlushed()
	r.settle(now)
}
