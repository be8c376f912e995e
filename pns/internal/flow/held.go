package flow

import (
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

// held is the network data that came right behind the packet that may open a
// network control protocol, or CCP: what they mean is settled only once the
// session has read that.
type held struct {
	holding bool
	frames  [][]byte
}

// maxHeld is how many frames are held.
const maxHeld = 32

// opens tells packets behind which the peer may send what they allow: a
// Configure-Ack of a network control protocol. Where ours is the last to be sent
// everything is in force before it leaves.
func opens(p ppp.Protocol, info []byte) bool {
	return !p.Network() && !p.Link() && len(info) > 0 && cp.Code(info[0]) == cp.ConfigureAck
}

// hold copies a frame.
func (f *Flow) hold(frame []byte) {
	h := &f.held
	if len(h.frames) == maxHeld {
		f.drop(&f.stats.SessionBusy)
		return
	}
	h.frames = append(h.frames, append([]byte(nil), frame...))
}

// release lets go what was held: the session has read all that came before, and
// done what that asks for.
func (f *Flow) release() {
	h := &f.held
	frames := h.frames
	h.holding, h.frames = false, nil
	if len(frames) == 0 || f.closed {
		return
	}
	now := time.Now()
	f.enter(now)
	defer f.leave()
	for _, frame := range frames {
		f.sort(frame)
	}
	f.toNetwork()
	f.settle(now)
}
