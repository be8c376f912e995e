package tunnel

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/pptp"
)

const (
	tries = 4           // of a packet
	wait  = time.Second // for an answer to one

	// full is the longest IP packet of a call: 1400 octets of PPP, our usual MRU,
	// in GRE.
	full = 1440
	// unknown is a code that LCP does not have: it is answered with a Code-Reject
	// that holds the packet (RFC 1661 §5.6), in whatever state.
	unknown cp.Code = 0xF7
)

// sizes are the packets tried when full ones do not pass.
var sizes = []int{1400, 1300, 1200, 1000, 576}

// A probe is the near end of a call that nobody makes.
type probe struct {
	call    *peer.Call
	way     Way
	seq     uint32
	id      byte
	answers chan []byte // PPP frames that answer ours; an empty one acknowledges
	called  atomic.Bool // the peer was heard, be it of its own accord
}

// Receive takes packets of the call.
func (p *probe) Receive(packets [][]byte) {
	for _, b := range packets {
		h, payload, err := gre.Parse(b)
		if err != nil || !h.HasSeq && !h.HasAck {
			continue // also those that only open the path
		}
		p.called.Store(true)
		if !h.HasAck && !answers(payload) {
			continue
		}
		select {
		case p.answers <- append([]byte{}, payload...):
		default:
		}
	}
}

// answers tells a frame that answers one of ours from the peer's own requests.
func answers(frame []byte) bool {
	protocol, b, err := ppp.Split(frame)
	if err != nil || protocol != ppp.LCP || len(b) == 0 {
		return false
	}
	switch cp.Code(b[0]) {
	case cp.ConfigureAck, cp.ConfigureNak, cp.ConfigureReject, cp.CodeReject:
		return true
	}
	return false
}

// Wake has nothing to do.
func (p *probe) Wake(time.Time) {}

// newProbe connects a call, unless it was for the peer to say that it is.
func newProbe(call *peer.Call, w Way) *probe {
	p := &probe{call: call, way: w, answers: make(chan []byte, 64)}
	call.Bind(p)
	call.Connected(pptp.IncomingCallConnected{ConnectSpeed: 28800, Window: 16, FramingType: pptp.Asynchronous})
	return p
}

// send sends one LCP packet; octets is the length of the IP packet, 0 for the
// shortest.
func (p *probe) send(code cp.Code, octets int) {
	const header = 4 // of LCP
	around := 20 + gre.MinHeader + 4 + 4
	if p.way.To.Transport == peer.UDP {
		around += 8
	}
	p.id++
	packet := cp.Packet{Code: code, ID: p.id, Data: make([]byte, max(octets-around-header, 0))}
	frame := ppp.Append(nil, ppp.LCP, packet.Append(nil))
	_ = p.call.Send(gre.Header{CallID: p.call.PeerID(), HasSeq: true, Seq: p.seq}.Append(nil, frame)) // no answer tells it
	p.seq++
}

// hears waits for a frame of so many octets.
func (p *probe) hears(ctx context.Context, octets int) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	for {
		select {
		case b := <-p.answers:
			if len(b) >= octets {
				return true
			}
		case <-t.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// passes says why the call's packets do not come through.
func (p *probe) passes(ctx context.Context, icmp *icmp) error {
	for range tries {
		p.send(cp.ConfigureRequest, 0)
		if p.hears(ctx, 0) {
			return nil
		}
	}
	said := "no answer comes to"
	if p.called.Load() {
		said = "the " + p.way.Is + " is heard and does not hear"
	}
	if word := icmp.heard(); word != "" {
		said = word + ", to"
	}
	if r := p.way.To; r.Transport == peer.UDP {
		return fmt.Errorf("TCP passes, but %s the call's packets at UDP port %d: let every firewall on the way pass it, and set `transport = \"udp\"` at both ends",
			said, cmp.Or(r.UDPPort, peer.GREPort))
	}
	return fmt.Errorf("TCP passes, but %s GRE packets: let every firewall and NAT router on the way pass IP protocol 47, both ways, or set `transport = \"udp\"` at both ends", said)
}

// large says which packets are too large for the way, unless full ones pass.
func (p *probe) large(ctx context.Context) error {
	if p.back(ctx, full) {
		return nil
	}
	for _, n := range sizes {
		if p.back(ctx, n) {
			return fmt.Errorf("packets of %d octets do not come through, those of %d do: let ICMP \"fragmentation needed\" pass on the way, or tell this host with `ip route change %v … mtu lock %d`",
				full, n, p.way.To.Addr.Addr(), n)
		}
	}
	return fmt.Errorf("packets of %d octets do not come through: let ICMP \"fragmentation needed\" pass on the way", sizes[len(sizes)-1])
}

// back says whether a packet of so many octets goes and comes back, twice asked.
func (p *probe) back(ctx context.Context, octets int) bool {
	for range 2 {
		p.send(unknown, octets)
		if p.hears(ctx, octets/2) {
			return true
		}
	}
	return false
}
