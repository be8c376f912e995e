package relay

import (
	"context"
	"time"
)

// writeLine writes what waits for the line, as fast as the line sends it, until
// the line fails or ctx ends.
func (r *Relay) writeLine(ctx context.Context) error {
	timer := time.NewTimer(r.o.Hush)
	defer timer.Stop()
	select {
	case <-r.heard:
	case <-timer.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for {
		wrote, err := r.write()
		if err != nil {
			return &LineError{Op: "write", Err: err}
		}
		if !wrote {
			select {
			case <-r.kick:
				continue
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		for wait := r.wait(); wait > 0; wait = r.wait() {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		r.taken()
	}
}

// write gives the line what goes next, false if nothing does.
func (r *Relay) write() (bool, error) {
	b := buffers.Get().(*buffer)
	defer buffers.Put(b)
	octets := r.take(b)
	if len(octets) == 0 {
		return false, nil
	}
	from := time.Now()
	_, err := r.o.Line.Write(octets)
	to := time.Now()
	_, known := r.o.Line.Unsent()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drain.wrote(from, to, len(octets), known)
	return true, err
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
	return octets
}

// wait is how long to wait before the line has sent nearly all.
func (r *Relay) wait() time.Duration {
	now := time.Now()
	unsent, known := r.o.Line.Unsent()
	r.mu.Lock()
	defer r.mu.Unlock()
	if known {
		r.drain.look(now, unsent)
	}
	r.down.SetRate(r.drain.rate)
	r.o.Counters.Drain.Store(uint64(r.drain.rate))
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
