package peer

import (
	"log/slog"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"carrier/shared/gre"
)

// readGRE takes packets from a socket until it is closed, and hands those of
// each call to it in one piece. It keeps a thread, which waits in the kernel.
func (e *Endpoint) readGRE(t Transport, s socket) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b := newBatch()
	d := dispatcher{e: e, transport: t}
	for {
		err := s.read(b)
		if e.ctx.Err() != nil {
			return
		}
		if err != nil {
			e.bursts.accepted.log(e.o.Log, slog.LevelWarn, "cannot read GRE", "transport", t, "error", err)
			select {
			case <-e.ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		d.dispatch(b.packets, b.from)
	}
}

// A dispatcher sorts batches by call. Its slices are used again.
type dispatcher struct {
	e         *Endpoint
	transport Transport
	calls     []*Call
	group     [][]byte
	counts    struct{ received, unknown, malformed, probes uint64 }
}

// dispatch hands each call the packets of a batch that are its own, in their
// order. What is no packet of PPTP, or of no call here, is counted and left
// alone: with raw IP every program on the host sees every packet.
func (d *dispatcher) dispatch(packets [][]byte, from []netip.AddrPort) {
	d.calls = d.calls[:0]
	for i, p := range packets {
		d.calls = append(d.calls, d.callOf(p, from[i]))
	}
	d.count()
	for i, c := range d.calls {
		if c == nil {
			continue
		}
		d.group = d.group[:0]
		for j := i; j < len(packets); j++ {
			if d.calls[j] == c {
				d.group = append(d.group, packets[j])
				d.calls[j] = nil
			}
		}
		c.receive(d.group)
	}
}

// count adds what a batch brought to the endpoint's counters.
func (d *dispatcher) count() {
	s, n := d.e.stats, &d.counts
	for _, c := range [...]struct {
		to *atomic.Uint64
		n  *uint64
	}{{&s.GREReceived, &n.received}, {&s.GREUnknown, &n.unknown}, {&s.GREMalformed, &n.malformed}, {&s.GREProbes, &n.probes}} {
		if *c.n > 0 {
			c.to.Add(*c.n)
			*c.n = 0
		}
	}
}

// callOf finds the call that a packet is to be handed to, or nil.
func (d *dispatcher) callOf(packet []byte, from netip.AddrPort) *Call {
	h, _, err := gre.Parse(packet)
	if err != nil {
		d.counts.malformed++
		return nil
	}
	c := d.e.ids.get(h.CallID)
	if c == nil || c.conn.peer.Addr() != from.Addr() || c.transport != d.transport {
		d.counts.unknown++
		return nil
	}
	d.counts.received++
	if d.e.o.Tap != nil {
		d.e.o.Tap.GRE(c.name, from.Addr(), c.conn.local.Addr(), packet)
	}
	c.arrived(from, h)
	if !h.HasSeq && !h.HasAck {
		d.counts.probes++
		return nil
	}
	return c
}
