package flow

import (
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/mp"
)

// A Bundle is what LCP agreed on of Multilink (RFC 1990). The zero value is a
// link of its own. Of a bundle this is the only link: one of several would have
// an owner that holds its receiver, its sender and the network data, and each
// call's flow would be a link of it.
type Bundle struct {
	In  *mp.Receiver // nil: fragments do not come
	Out *mp.Sender   // nil: network data go as they are
}

// SetBundle changes how network data are wrapped: when LCP opens, and when it
// leaves Opened. The bundle is the flow's from now on.
func (f *Flow) SetBundle(b Bundle) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bundle = nil
	if b != (Bundle{}) {
		f.bundle = &bundle{b, f.fromBundle}
	}
}

// A bundle is one, and f.fromBundle, bound once.
type bundle struct {
	Bundle
	joined func([]byte)
}

// wraps tells whether network data go in fragments.
func (f *Flow) wraps() bool { return f.bundle != nil && f.bundle.Out != nil }

// onlyLink is the number of the link in its bundle.
const onlyLink = 0

// join takes a fragment. What is lost there is a loss to those who remember
// what came before (RFC 1990 §5).
func (f *Flow) join(fragment []byte) {
	in := f.bundle.In
	before := in.Stats()
	err := in.Receive(onlyLink, fragment, f.bundle.joined)
	after := in.Stats()
	if err != nil {
		f.drop(&f.stats.Malformed)
	}
	f.loses(after.Lost + after.Late - before.Lost - before.Late)
}

// loses counts what could not be put together.
func (f *Flow) loses(n uint64) {
	if n == 0 {
		return
	}
	f.counters.Dropped.Add(n)
	f.stats.Unjoined.Add(n)
	if f.headers.in != nil {
		f.headers.in.Toss()
	}
}

// fromBundle takes a packet that was put together. Those of LCP that change the
// link have no place there (RFC 1990 §2), nor have fragments.
func (f *Flow) fromBundle(packet []byte) {
	p, info, err := ppp.Split(packet)
	if err == nil && (p == ppp.Multilink || p == ppp.LCP && len(info) > 0 && ofTheLink(cp.Code(info[0]))) {
		f.drop(&f.stats.Malformed)
		return
	}
	if s := f.scratch; p.Network() { // it waits for the LAN, while the receiver goes on
		kept := append(s.plain.Next(), packet...)
		s.plain.Add(kept)
		packet = kept
	}
	f.sort(packet)
}

// ofTheLink tells the codes of LCP that a bundle must not carry.
func ofTheLink(c cp.Code) bool { return c <= cp.TerminateAck }

// wrap makes of a frame with network data a fragment that is all of it.
func (f *Flow) wrap(frame []byte) []byte {
	p, info, err := ppp.Split(frame)
	if err != nil || !p.Network() {
		return frame
	}
	s := f.scratch
	s.fragment = f.form.Append(s.fragment[:0], ppp.Multilink, nil)
	s.fragment = f.bundle.Out.Whole(s.fragment)
	inner := ppp.Compression{Address: true, Protocol: f.form.Protocol}
	s.fragment = inner.Append(s.fragment, p, info)
	return s.fragment
}
