package relay

import (
	"time"

	"carrier/shared/capture"
	"carrier/shared/ppp"
)

// lineBuffer is how much of the line is read at once: at 33,600 bit/s an octet
// comes each 240 µs, so only lines faster than any modem fill it.
const lineBuffer = 4096

// begin sends what the caller said before the relay was there.
func (r *Relay) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = time.Now()
	for _, frame := range r.o.Held {
		r.toTunnel(frame)
	}
	r.settle(r.now)
}

// readLine decodes what the line brings until it fails.
func (r *Relay) readLine() error {
	buf := make([]byte, lineBuffer)
	for {
		n, err := r.o.Line.Read(buf)
		r.chunk(buf[:n])
		if err != nil {
			return &LineError{Op: "read", Err: err}
		}
	}
}

// chunk takes what one Read brought.
func (r *Relay) chunk(octets []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = time.Now()
	r.o.Decoder.Push(octets, r.receive)
	r.settle(r.now)
}

// fromLine takes one frame of the caller's, or why there is none.
func (r *Relay) fromLine(frame []byte, err error) {
	if err != nil {
		r.errors.Count(err)
		r.o.Errors.Count(err)
		r.o.Counters.Errors.Add(1)
		return
	}
	r.o.Tap.PPP(r.o.Call, capture.Received, frame)
	r.toTunnel(frame)
}

// toTunnel sends one frame of the caller's up, as it is, if it may go there.
func (r *Relay) toTunnel(frame []byte) {
	p, info, err := ppp.Split(frame)
	isLCP := err == nil && p == ppp.LCP
	if isLCP && !r.lcp.up(r.now, info, r.o.Decoder) || !isLCP && !r.lcp.open {
		return // meant for us when we were her peer: nobody else's business
	}
	r.push(frame)
}

// push sends a frame, or lets it wait for the window.
func (r *Relay) push(frame []byte) {
	if r.up.Waiting() == 0 && r.gre.Ready() {
		r.out.Add(r.gre.Append(r.now, r.out.Next(), frame))
	} else if !r.up.Push(frame) {
		r.o.Counters.Dropped.Add(1)
		return
	}
	r.o.Counters.Up(len(frame))
}
