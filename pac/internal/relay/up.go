package relay

import (
	"errors"
	"os"
	"time"

	"carrier/shared/capture"
	"carrier/shared/ppp"
)

// begin sends what the caller said before the relay was there, and has the line
// take what came for her.
func (r *Relay) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enter()
	defer r.leave()
	r.begun = true
	r.now = time.Now()
	for _, frame := range r.held {
		r.toTunnel(frame)
	}
	r.held = nil
	r.settle(r.now)
	r.wakeLine()
}

// readLine decodes what the line brings until it fails, or attend. A large
// buffer is used while more comes at once than fits the small one.
func (r *Relay) readLine(attend Attend) error {
	small := make([]byte, smallRead)
	var large *buffer
	heard := r.heard == nil
	err := r.attend(attend)
	for err == nil {
		buf := small
		if large != nil {
			buf = large.octets[:]
		}
		var n int
		n, err = r.line.Read(buf)
		if n > 0 && !heard {
			heard = true
			close(r.heard)
		}
		r.chunk(buf[:n])
		if busy := n >= smallRead; busy && large == nil {
			large = buffers.Get().(*buffer)
		} else if !busy && large != nil {
			buffers.Put(large)
			large = nil
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			err = r.attend(attend)
		case err != nil:
			err = &LineError{Op: "read", Err: err}
		}
	}
	return err
}

// attend is the reader's turn to do other things.
func (r *Relay) attend(attend Attend) error {
	r.mu.Lock()
	failed := r.failed
	r.mu.Unlock()
	if failed != nil {
		return failed
	}
	return r.turn.take(attend)
}

// chunk takes what one Read brought.
func (r *Relay) chunk(octets []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.enter()
	defer r.leave()
	r.now = time.Now()
	r.decoder.Push(octets, r.receive)
	r.settle(r.now)
}

// fromLine takes one frame of the caller's, or why there is none.
func (r *Relay) fromLine(frame []byte, err error) {
	if err != nil {
		r.errors.Count(err)
		r.spoilt.Count(err)
		r.counters.Errors.Add(1)
		return
	}
	r.tap.PPP(r.call, capture.Received, frame)
	r.toTunnel(frame)
}

// toTunnel sends one frame of the caller's up, as it is, if it may go there.
func (r *Relay) toTunnel(frame []byte) {
	p, info, err := ppp.Split(frame)
	isLCP := err == nil && p == ppp.LCP
	if isLCP && !r.lcp.up(r.now, info, r.decoder) || !isLCP && !r.lcp.open {
		return // meant for us when we were her peer: nobody else's business
	}
	r.push(frame)
}

// push sends a frame, or queues it where the window has to be waited for.
func (r *Relay) push(frame []byte) {
	r.counters.Up(len(frame))
	if r.strip {
		frame = ppp.Strip(frame)
	}
	if r.up.Len() == 0 && r.gre.Ready() {
		r.out.Add(r.gre.Append(r.now, r.out.Next(), frame))
	} else {
		r.up.Push(r.now, frame)
	}
}
