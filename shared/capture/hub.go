// Package capture writes what calls carry as pcapng, for Wireshark: the PPP
// frames of each call, its GRE packets and the control connections. Nothing is
// sniffed: the parts of the program that hold these octets show them to a Hub,
// which hands them to the captures that run.
//
// In a capture, interface 0, "tunnel", is raw IP (link type 101): control
// connections in IPv4 and TCP headers rebuilt from their streams, one message a
// segment, and GRE packets, octet for octet, in a rebuilt IPv4 header of
// protocol 47. GRE that travelled over UDP is shown the same way. Every call has
// one more interface with its name: PPP with direction (link type 204).
package capture

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Direction is a PPP frame's direction as link type 204 has it.
type Direction byte

// The directions of a PPP frame, seen from this program.
const (
	Received Direction = 0
	Sent     Direction = 1
)

// A Hub shows packets to the captures that run. Its methods may be called from
// any goroutine, never block, and copy what they are given if a capture wants
// it. While none runs a packet costs one atomic load. A nil *Hub takes packets
// and captures nothing; Run needs one that NewHub made.
type Hub struct {
	log   *slog.Logger
	count atomic.Int32 // of captures

	mu       sync.Mutex
	calls    map[string]identity
	captures map[*capture]struct{}
}

// identity is what filters look at beside a call's name; unknown is empty.
type identity struct{ user, peer string }

// NewHub returns a Hub that notes each capture's start and end in log.
func NewHub(log *slog.Logger) *Hub {
	return &Hub{log: log, calls: make(map[string]identity), captures: make(map[*capture]struct{})}
}

// Name says whose call this is and at which peer, empty if not known yet. It
// may be called again when more is known; what a capture of that user or peer
// missed until then, it is given now (bounded).
func (h *Hub) Name(call, user, peer string) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[call] = identity{user, peer}
	for c := range h.captures {
		c.name(call, h.calls[call])
	}
}

// Forget says that the call is over.
func (h *Hub) Forget(call string) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.calls, call)
	for c := range h.captures {
		c.forget(call)
	}
}

// PPP shows a frame, without its FCS, as it was received from the call's other
// end or sent to it.
func (h *Hub) PPP(call string, dir Direction, frame []byte) {
	if h.idle() {
		return
	}
	p := packet{at: time.Now(), call: call, dir: dir, data: frame}
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.captures {
		c.ofCall(p, h.calls[call])
	}
}

// GRE shows a GRE packet, from its GRE header on, that travels from src to dst.
func (h *Hub) GRE(call string, src, dst netip.Addr, octets []byte) {
	if h.idle() {
		return
	}
	p := packet{at: time.Now(), call: call, gre: true, data: octets}
	p.from, p.to = netip.AddrPortFrom(src, 0), netip.AddrPortFrom(dst, 0)
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.captures {
		c.ofCall(p, h.calls[call])
	}
}

// Control shows octets of the control connection with peer, that travel from
// src to dst. No octets mean that src closed the connection.
func (h *Hub) Control(peer string, src, dst netip.AddrPort, octets []byte) {
	if h.idle() {
		return
	}
	p := packet{at: time.Now(), path: path{src, dst}}
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.captures {
		c.stream(peer, p, octets)
	}
}

func (h *Hub) idle() bool { return h == nil || h.count.Load() == 0 }

// Limit bounds a capture. A zero field means that of DefaultLimit.
type Limit struct {
	Packets int
	Octets  int64 // of the file
}

// DefaultLimit is what a capture may write when nothing else is said.
var DefaultLimit = Limit{Packets: 1_000_000, Octets: 1 << 30}

// Run captures what f selects into w until ctx ends, the limit is reached or w
// fails, which alone is an error. w is given each packet at once. While it
// blocks, packets beyond a bound are lost: they are counted in the log and in
// the file's interface statistics. Run returns only when w does.
func (h *Hub) Run(ctx context.Context, f Filter, w io.Writer, limit Limit) error {
	c := newCapture(f)
	h.mu.Lock()
	for call, id := range h.calls {
		c.name(call, id)
	}
	h.captures[c] = struct{}{}
	h.mu.Unlock()
	h.count.Add(1)
	log := h.log.With("capture", f.String())
	log.Info("capture started")

	out := &file{w: w}
	why, err := c.run(ctx, out, limit)

	h.count.Add(-1)
	h.mu.Lock()
	delete(h.captures, c)
	h.mu.Unlock()
	log.Info("capture ended", "why", why, "packets", out.packets, "octets", out.octets, "lost", c.lost.Load())
	return err
}
