package flow

import (
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/cp"
)

// A Coding is what CCP agreed on: how network data are compressed or encrypted.
// The zero value leaves them as they are.
type Coding struct {
	Out *ccp.Outbound // nil: towards the caller they go as they are
	In  *ccp.Inbound  // nil: they come as they are
	// Sealed says that they come encrypted: what does not is nobody's we know.
	Sealed bool
	// Shut says that nothing passes, neither way: encryption is required, and not
	// agreed.
	Shut bool
}

// SetCoding changes how data are coded: when CCP opens, and when it leaves
// Opened. The coding is the flow's from now on. What waits for a line that is
// shut is dropped.
func (f *Flow) SetCoding(c Coding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.coding, f.resets = c, c.resets()
	if c.Shut {
		f.queue.ClearData()
	}
}

// resets are what the two halves of a Coding have counted.
type resets struct{ lost, asked, obeyed uint64 }

func (c Coding) resets() (r resets) {
	if c.In != nil {
		r.lost, r.asked = c.In.Lost, c.In.Resets
	}
	if c.Out != nil {
		r.obeyed = c.Out.Resets
	}
	return r
}

// countResets counts what the halves have counted since the last time.
func (f *Flow) countResets() {
	was, now := f.resets, f.coding.resets()
	f.resets = now
	lost, asked, obeyed := now.lost-was.lost, now.asked-was.asked, now.obeyed-was.obeyed
	c, s := f.counters, &f.stats.Resets
	c.HistoriesLost.Add(lost)
	s.Lost.Add(lost)
	c.ResetsAsked.Add(asked)
	s.Asked.Add(asked)
	c.ResetsObeyed.Add(obeyed)
	s.Obeyed.Add(obeyed)
}

// decode takes a Compressed Datagram of the caller's.
func (f *Flow) decode(info []byte) {
	s := f.scratch
	packet, err := f.coding.In.Receive(s.plain.Next(), info)
	if err != nil {
		f.drop(&f.stats.Undecoded)
		if p, ok := f.coding.In.ResetRequest(s.now); ok {
			f.sendCCP(s.now, p)
		}
		f.countResets()
		return
	}
	s.plain.Add(packet)
	p, info, err := ppp.Split(packet)
	if err != nil || !p.Network() || p == ppp.Compressed {
		f.drop(&f.stats.Malformed)
		return
	}
	f.fromCaller(p, info, packet)
}

// reset obeys CCP's Reset packets here, where they have their place among the
// data; true: info is one.
func (f *Flow) reset(info []byte) bool {
	p, err := cp.Parse(info)
	switch {
	case err != nil:
		return false
	case p.Code == ccp.ResetRequest:
		if f.coding.Out != nil {
			if ack, ok := f.coding.Out.ResetRequest(p); ok {
				f.sendCCP(f.scratch.now, ack)
			}
			f.countResets()
		}
		return true
	case p.Code == ccp.ResetAck:
		if f.coding.In != nil {
			f.coding.In.ResetAck(p)
		}
		return true
	}
	return false
}

// sendCCP sends a packet before all data that waits.
func (f *Flow) sendCCP(now time.Time, p cp.Packet) {
	s := f.scratch
	s.info = p.Append(s.info[:0])
	s.frame = ppp.Append(s.frame[:0], ppp.CCP, s.info)
	f.queue.Push(now, s.frame)
}

// encode makes of a frame with network data the one that is sent in its place.
func (f *Flow) encode(frame []byte) []byte {
	p, info, err := ppp.Split(frame)
	if err != nil || !p.Network() {
		return frame
	}
	s, was := f.scratch, p
	if p == ppp.IPv4 && f.headers.out != nil {
		s.short, p = f.headers.out.Compress(s.short[:0], info)
		info = s.short
	}
	if f.coding.Out != nil {
		if coded, ok := f.coding.Out.Compress(s.info[:0], f.whole(p, info)); ok {
			s.info = coded
			p, info = ppp.Compressed, coded
		}
	}
	if p == was {
		return frame
	}
	s.coded = f.form.Append(s.coded[:0], p, info)
	return s.coded
}

// whole is a packet from its Protocol field on, in two octets; valid until the
// next.
func (f *Flow) whole(p ppp.Protocol, info []byte) []byte {
	s := f.scratch
	s.packet = append(append(s.packet[:0], byte(p>>8), byte(p)), info...)
	return s.packet
}
