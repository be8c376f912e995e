package flow

import (
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/lqr"
)

// A quality is Link Quality Monitoring of one session (RFC 1989). Reports are
// made and read here, where frames are counted.
type quality struct {
	monitor *lqr.Monitor
	silent  bool // the caller's machine wants no reports of ours
	last    lqr.Quality
	fresh   bool // Quality has not taken last
}

// SetQuality begins to take the caller's reports, and with sends to send ours:
// when LCP opens. nil ends it, when LCP leaves Opened.
func (f *Flow) SetQuality(o *lqr.Options, sends bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quality = nil
	if o != nil {
		f.quality = &quality{monitor: lqr.New(time.Now(), *o), silent: !sends}
	}
}

// Report sends our report if it is due, and tells when the next is; zero: never.
func (f *Flow) Report() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.quality == nil || f.quality.silent || f.closed {
		return time.Time{}
	}
	m, now := f.quality.monitor, time.Now()
	f.enter(now)
	defer f.leave()
	var out ppp.Outbox
	m.Expire(now, f.counts(), &out)
	f.sendReports(&out)
	f.settle(now)
	return m.Deadline()
}

// Quality is what the caller's last report told; false: none came since it was
// last asked for.
func (f *Flow) Quality() (q lqr.Quality, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.quality == nil {
		return lqr.Quality{}, false
	}
	ok, f.quality.fresh = f.quality.fresh, false
	return f.quality.last, ok
}

// report takes the caller's.
func (f *Flow) report(info []byte) {
	var out ppp.Outbox
	q, err := f.quality.monitor.Receive(f.scratch.now, info, f.counts(), &out)
	if err != nil {
		f.drop(&f.stats.Malformed)
		return
	}
	f.sendReports(&out)
	f.quality.last, f.quality.fresh = q, true
	f.ring()
}

func (f *Flow) sendReports(out *ppp.Outbox) {
	for _, frame := range out.Take() {
		if !f.quality.silent {
			f.queue.Push(f.scratch.now, frame)
		}
	}
}

// counts are of all frames: only differences count, so it does not matter when
// they began. Errors are what the PAC says of the line.
func (f *Flow) counts() lqr.Counts {
	t := f.counters.Snapshot()
	return lqr.Counts{
		OutPackets: uint32(t.FramesDown), OutOctets: uint32(t.OctetsDown) + lqr.Octets(0)*uint32(t.FramesDown),
		InPackets: uint32(t.FramesUp), InOctets: uint32(t.OctetsUp) + lqr.Octets(0)*uint32(t.FramesUp),
		InErrors: uint32(t.Errors),
	}
}

// stamp has a report that leaves now tell what has left.
func (f *Flow) stamp(frame []byte) {
	p, info, err := ppp.Split(frame)
	if err != nil || p != ppp.LQR {
		return
	}
	c := f.counts()
	c.OutPackets++
	c.OutOctets += lqr.Octets(len(frame))
	lqr.Stamp(info, c)
}
