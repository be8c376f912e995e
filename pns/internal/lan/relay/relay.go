// Package relay takes broadcasts and multicasts of a few services to those whom no
// router takes them to: from a caller to the LAN and to the other callers, from the LAN
// to callers. So machines that look for each other by calling out find each other.
// IPv4 and UDP only.
//
// There is no loop. What a caller sends leaves towards the LAN once, and never back to
// her; what comes from the LAN goes to callers alone; and what comes from there with a
// caller's address is her own, which some other way brought back. What is sent from a
// network behind somebody is not relayed, and nothing is to there: two offices that
// relay to each other could make a ring.
package relay

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"carrier/pns/internal/lan"
)

// Options say what is relayed.
type Options struct {
	Ports []uint16 // of UDP, at the destination
	Rate  int      // packets a second of one caller
	Total int      // of all callers together, and as many of the LAN's hosts
}

// Stats count packets. Any goroutine may read them.
type Stats struct {
	Up, Down atomic.Uint64 // relayed: of callers, and of the LAN; each once, to however many
	Over     atomic.Uint64 // dropped: over Rate or Total
}

// A Relay relays. Its methods may be called from any goroutine.
type Relay struct {
	o       Options
	stats   *Stats
	callers *lan.Table
	queue   chan sent // of callers
	subnets atomic.Pointer[[]netip.Prefix]

	mu       sync.Mutex
	up, down *rate.Limiter
	each     map[netip.Addr]*rate.Limiter // of callers who have sent something
}

// sent is a packet of a caller's.
type sent struct {
	from   *lan.Port
	packet []byte
}

// waiting is how many packets of callers may wait for Run.
const waiting = 64

// New makes a Relay between the callers of a table and a LAN.
func New(o Options, callers *lan.Table, s *Stats) *Relay {
	r := &Relay{o: o, stats: s, callers: callers, queue: make(chan sent, waiting), each: make(map[netip.Addr]*rate.Limiter),
		up: rate.NewLimiter(rate.Limit(o.Total), o.Total), down: rate.NewLimiter(rate.Limit(o.Total), o.Total)}
	r.Subnets(nil)
	return r
}

// Subnets says which networks the LAN is: the last address of each is a broadcast.
func (r *Relay) Subnets(all []netip.Prefix) { r.subnets.Store(&all) }

// FromCaller takes a packet whose source was checked, and lets it go its way, too, if
// it is one to be relayed: Run does that. The packet is not kept, and no Receiver is
// called.
func (r *Relay) FromCaller(now time.Time, packet []byte) {
	if len(packet) < 20 || packet[0]>>4 != 4 || !r.concerns(netip.AddrFrom4([4]byte(packet[16:20]))) {
		return
	}
	h, ok := r.wanted(packet)
	if !ok {
		return
	}
	from := r.callers.Find(h.Src)
	if from == nil || from.Network.IsValid() {
		return
	}
	if !r.lets(now, h.Src) {
		r.stats.Over.Add(1)
		return
	}
	select {
	case r.queue <- sent{from, slices.Clone(packet[:h.Total])}:
	default:
		r.stats.Over.Add(1)
	}
}

// Run relays what callers have sent until ctx ends; toLAN sends it there.
func (r *Relay) Run(ctx context.Context, toLAN func(packet []byte)) {
	for {
		select {
		case s := <-r.queue:
			r.stats.Up.Add(1)
			toLAN(s.packet)
			r.deliver(s.packet, s.from)
		case <-ctx.Done():
			return
		}
	}
}

// FromLAN takes a packet that came from the LAN to callers, if it is one to be relayed.
// It is not kept.
func (r *Relay) FromLAN(now time.Time, packet []byte) {
	h, ok := r.wanted(packet)
	if !ok || !lan.Unicast(h.Src) || r.callers.Find(h.Src) != nil || !r.concerns(h.Dst) {
		return
	}
	r.mu.Lock()
	within := r.down.AllowN(now, 1)
	r.mu.Unlock()
	if !within {
		r.stats.Over.Add(1)
		return
	}
	r.stats.Down.Add(1)
	r.deliver(packet[:h.Total], nil)
}

// deliver hands callers a packet, all but one of them. The link to each has no subnet,
// and so only one broadcast address.
func (r *Relay) deliver(packet []byte, but *lan.Port) {
	packet = lan.ToAll(slices.Clone(packet))
	each := make([]byte, len(packet))
	for _, p := range r.callers.Hosts() {
		if p == but || len(packet) > p.MTU {
			continue
		}
		copy(each, packet)
		p.Receiver.Deliver([][]byte{each})
	}
}

// concerns tells whether an address is that of many.
func (r *Relay) concerns(a netip.Addr) bool {
	if a.IsMulticast() || a == lan.Broadcast {
		return true
	}
	for _, n := range *r.subnets.Load() {
		if lan.Last(n) == a {
			return true
		}
	}
	return false
}

// wanted reads a packet; false: it is not one of a service that is relayed.
func (r *Relay) wanted(packet []byte) (lan.Header, bool) {
	h, err := lan.Parse(packet)
	if err != nil || h.Protocol != lan.UDP || h.MF || h.Offset != 0 || h.Total < h.Len+8 {
		return h, false
	}
	return h, slices.Contains(r.o.Ports, uint16(packet[h.Len+2])<<8|uint16(packet[h.Len+3]))
}

// quiet is after how many callers those are forgotten who have sent nothing lately.
const quiet = 256

// lets counts a packet of a caller's; false: she, or all, have sent enough.
func (r *Relay) lets(now time.Time, who netip.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	own := r.each[who]
	if own == nil {
		if len(r.each) >= quiet {
			for a, l := range r.each {
				if l.TokensAt(now) >= float64(r.o.Rate) { // as one that is made anew
					delete(r.each, a)
				}
			}
		}
		own = rate.NewLimiter(rate.Limit(r.o.Rate), r.o.Rate)
		r.each[who] = own
	}
	return own.AllowN(now, 1) && r.up.AllowN(now, 1)
}
