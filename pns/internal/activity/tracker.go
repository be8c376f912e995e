package activity

// kept is how many of a caller's flows are remembered, so that answers are known
// from what nobody asked for. A later one takes the place of an earlier one that
// falls on the same: then what comes of that counts again as soon as she sends
// something in it.
const kept = 8

// A Tracker tells which packets of one caller are activity. The zero value
// counts every packet. It is not safe for concurrent use, and does not allocate.
type Tracker struct {
	filter *Filter
	flows  [kept]flow
}

// A flow is what the caller sends to, or answers.
type flow struct {
	id       uint32 // never 0 of one that is there
	up, down uint32 // of TCP: behind the last octet of either direction
}

// NewTracker makes a Tracker that ignores what f says.
func NewTracker(f *Filter) Tracker { return Tracker{filter: f} }

// read reads a packet. It is done where nothing else decides whether that counts:
// all do without a filter, and those of a version that is not known here; what is
// ignored does not.
func (t *Tracker) read(b []byte) (p packet, counts, done bool) {
	switch {
	case t.filter == nil:
		return p, true, true
	case b[0]>>4 == 4:
		p = readIPv4(b)
	case b[0]>>4 == 6 && len(b) >= 40:
		p = readIPv6(b)
	default:
		return p, true, true
	}
	return p, false, t.ignored(&p)
}

// FromCaller tells whether an IP packet of hers, whose header was checked, is
// activity.
func (t *Tracker) FromCaller(b []byte) bool {
	p, counts, done := t.read(b)
	if done {
		return counts
	}
	id := identify(p.to, p.toPort, p.fromPort, p.protocol)
	f := &t.flows[id%kept]
	known := f.id == id
	switch {
	case p.reports():
		return p.icmp == icmpEcho || !t.filter.icmpErrors
	case p.protocol != protocolTCP:
		f.id = id
		return true
	case p.flags&flagRST != 0: // a flow that nobody asked for does not begin so
		return !t.filter.resets
	case !known:
		*f = flow{id: id, up: p.seq + p.length, down: p.ack}
		return t.begins(&p)
	}
	return moves(&f.up, &p) || !t.filter.keepAlives
}

// begins tells whether the first segment of a flow that is not known, from the
// caller, is activity. That of one octet may be a keep-alive (RFC 9293 §3.8.4);
// a SYN with ACK answers a stranger.
func (t *Tracker) begins(p *packet) bool {
	if p.flags&flagSYN != 0 {
		return p.flags&flagACK == 0 || !t.filter.unsolicited
	}
	return p.length > 1 || !t.filter.keepAlives
}

// ToCaller is FromCaller for a packet to her.
func (t *Tracker) ToCaller(b []byte) bool {
	p, counts, done := t.read(b)
	if done {
		return counts
	}
	id := identify(p.from, p.fromPort, p.toPort, p.protocol)
	f := &t.flows[id%kept]
	known := f.id == id
	switch {
	case p.reports(): // her Echo-Request counted, so its Reply need not
		return !t.filter.unsolicited && (p.icmp == icmpEcho || !t.filter.icmpErrors)
	case p.protocol == protocolTCP && p.flags&flagRST != 0 && t.filter.resets:
		return false
	case !known:
		return !t.filter.unsolicited && (p.protocol != protocolTCP || t.begins(&p))
	case p.protocol != protocolTCP:
		return true
	case p.flags&flagSYN != 0:
		f.down = p.seq // which nobody knew
	}
	return moves(&f.down, &p) || !t.filter.keepAlives
}

// ignored tells what does not count whoever sends it. A fragment behind the
// first counts no more than that did.
func (t *Tracker) ignored(p *packet) bool {
	f := t.filter
	switch {
	case p.later, f.ignores(p.protocol):
		return true
	case p.protocol == protocolUDP:
		return !p.whole || f.udp.has(p.fromPort) || f.udp.has(p.toPort)
	case p.protocol == protocolTCP:
		return !p.whole || f.tcp.has(p.fromPort) || f.tcp.has(p.toPort)
	case p.reports():
		return !p.whole
	}
	return false
}

// moves tells whether a segment brings octets beyond end, where that direction
// was: what is sent again, and a keep-alive, do not.
func moves(end *uint32, p *packet) bool {
	next := p.seq + p.length
	if p.length == 0 || int32(next-*end) <= 0 {
		return false
	}
	*end = next
	return true
}

// identify makes one number of the far end of a flow and its ports.
func identify(far uint64, farPort, port uint16, protocol byte) uint32 {
	h := far ^ uint64(farPort)<<32 ^ uint64(port)<<48
	h = (h ^ uint64(protocol)) * 0x9E3779B97F4A7C15
	h = (h ^ h>>32) * 0x9E3779B97F4A7C15
	return uint32(h>>32) | 1<<31
}
