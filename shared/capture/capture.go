package capture

import (
	"cmp"
	"context"
	"strings"
	"sync/atomic"
)

// A Filter selects calls; empty fields select all. With a call or a user, of
// the control connections those are shown whose peer has a selected call.
type Filter struct {
	Call string `json:"call,omitempty"`
	User string `json:"user,omitempty"`
	Peer string `json:"peer,omitempty"` // as Hub.Name and Hub.Control have it
}

// String is the filter in words: "user saran".
func (f Filter) String() string {
	var words []string
	for _, w := range [][2]string{{"call", f.Call}, {"user", f.User}, {"peer", f.Peer}} {
		if w[1] != "" {
			words = append(words, w[0]+" "+w[1])
		}
	}
	return cmp.Or(strings.Join(words, " "), "all")
}

// verdict is what a filter says of a call.
type verdict int

const (
	no    verdict = iota
	later         // more must be known
	yes
)

func (f Filter) call(call string, id identity) verdict {
	if f.Call != "" && f.Call != call {
		return no
	}
	return min(is(f.User, id.user), is(f.Peer, id.peer))
}

func is(want, have string) verdict {
	switch {
	case want == "" || want == have:
		return yes
	case have == "":
		return later
	}
	return no
}

const (
	queuePackets = 1024 // between Hub and writer, then packets are lost
	heldPackets  = 64   // kept of one call or peer until it is known whether it is selected
	heldCalls    = 256  // for so many calls and peers
)

// A capture is one that runs. The Hub's lock guards all but queue and lost.
type capture struct {
	filter  Filter
	peers   map[string]bool     // whose control connections are selected
	held    map[string][]packet // by "call "+name or "peer "+name
	streams map[path]*stream
	queue   chan packet
	lost    atomic.Uint64
}

func newCapture(f Filter) *capture {
	return &capture{
		filter: f, peers: make(map[string]bool), held: make(map[string][]packet),
		streams: make(map[path]*stream), queue: make(chan packet, queuePackets),
	}
}

// name takes what is known of a call now.
func (c *capture) name(call string, id identity) {
	switch c.filter.call(call, id) {
	case yes:
		c.release("call " + call)
		if id.peer != "" {
			c.peers[id.peer] = true
			c.release("peer " + id.peer)
		}
	case no:
		c.forget(call)
	}
}

func (c *capture) forget(call string) { delete(c.held, "call "+call) }

// ofCall takes a PPP frame or a GRE packet; its data is not kept.
func (c *capture) ofCall(p packet, id identity) {
	v := c.filter.call(p.call, id)
	if v == no {
		return
	}
	p.data = append([]byte(nil), p.data...)
	c.put("call "+p.call, p, v)
}

// stream takes octets of a control connection, which are not kept.
func (c *capture) stream(peer string, p packet, octets []byte) {
	v := later
	if c.peers[peer] || c.filter.Call == "" && c.filter.User == "" {
		v = is(c.filter.Peer, peer)
	}
	for _, p := range segments(c.streams, p, octets) {
		c.put("peer "+peer, p, v)
	}
}

func (c *capture) put(key string, p packet, v verdict) {
	switch v {
	case yes:
		select {
		case c.queue <- p:
		default:
			c.lost.Add(1)
		}
	case later:
		h, ok := c.held[key]
		if !ok && len(c.held) == heldCalls {
			return
		}
		if len(h) == heldPackets {
			h = h[1:]
		}
		c.held[key] = append(h, p)
	}
}

// release writes what was held.
func (c *capture) release(key string) {
	for _, p := range c.held[key] {
		c.put(key, p, yes)
	}
	delete(c.held, key)
}

// run writes the queue to out and says why it ended.
func (c *capture) run(ctx context.Context, out *file, l Limit) (why string, err error) {
	packets, octets := cmp.Or(l.Packets, DefaultLimit.Packets), cmp.Or(l.Octets, DefaultLimit.Octets)
	if err := out.begin(c.filter); err != nil {
		return err.Error(), err
	}
	for out.packets < packets && out.octets < octets {
		select {
		case p := <-c.queue:
			err = out.write(p)
			if err == nil && len(c.queue) == 0 {
				err = out.flush()
			}
			if err != nil {
				return err.Error(), err
			}
		case <-ctx.Done():
			for len(c.queue) > 0 && err == nil {
				err = out.write(<-c.queue)
			}
			return "stopped", cmp.Or(err, out.end(c.lost.Load()))
		}
	}
	return "limit reached", out.end(c.lost.Load())
}
