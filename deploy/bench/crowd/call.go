package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/mppe"
	"carrier/shared/pptp"
)

// A call is a caller on her PAC. All of it is behind one lock and moved by the
// endpoint's goroutines.
type call struct {
	tunnel    *peer.Call
	voluntary bool          // she has opened it herself
	up        chan struct{} // closed when IPCP is open
	finished  chan struct{} // closed when PPP has ended
	received  atomic.Uint64
	datagram  []byte                 // what send sends
	network   func(packets [][]byte) // takes IP packets, valid for the call; nil: nobody

	mu      sync.Mutex
	gre     gre.Session
	out     gre.Batch
	frame   []byte // where data codes one
	deliver func([]byte)
	in      [][]byte // IP packets of one Receive
	link    *link.Link
	ipcp    *ipcp.IPCP
	policy  policy
	coding  coding
	addr    netip.Addr
	err     error
}

// What the PAC says of its lines, which are none: nothing there is slow.
const (
	speed  = 100_000_000 // bit/s
	window = 64          // packets
)

var serial atomic.Uint32

// place makes a call on a control connection, up to IPCP.
func (c *crowd) place(ctx context.Context, conn *peer.Conn, network func([][]byte)) (*call, error) {
	tunnel, err := c.open(ctx, conn)
	if err != nil {
		return nil, err
	}
	k := &call{tunnel: tunnel, voluntary: c.voluntary, network: network, up: make(chan struct{}), finished: make(chan struct{}),
		gre: gre.NewSession(gre.Options{PeerCallID: tunnel.PeerID(), RecvWindow: window}, time.Now()),
		link: link.New(&link.Options{LCP: lcp.Options{MRU: 1400, Magic: true, PFC: true, ACFC: true},
			Login: auth.Login{Name: c.user, Secret: auth.NewPassword(c.password)}}),
		ipcp: ipcp.New(c.policy.ipcp()), policy: c.policy}
	k.deliver = k.fromTunnel
	if !c.voluntary {
		tunnel.Connected(pptp.IncomingCallConnected{ConnectSpeed: speed, Window: window, FramingType: pptp.Asynchronous})
	}
	k.mu.Lock()
	k.link.Network(time.Now(), ppp.IPCP, k.ipcp)
	k.link.Up(time.Now())
	k.settle(time.Now())
	k.mu.Unlock()
	tunnel.Bind(k)
	select {
	case <-k.up:
		return k, nil
	case <-k.finished:
		return nil, k.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// open begins a call: a PAC's, or one of a caller's own machine.
func (c *crowd) open(ctx context.Context, conn *peer.Conn) (*peer.Call, error) {
	n := uint16(serial.Add(1))
	if c.voluntary {
		return conn.Place(ctx, pptp.OutgoingCallRequest{CallSerialNumber: n, MinimumBPS: 300, MaximumBPS: speed,
			BearerType: pptp.Analog | pptp.Digital, FramingType: pptp.Asynchronous | pptp.Synchronous, Window: window})
	}
	return conn.Offer(ctx, pptp.IncomingCallRequest{CallSerialNumber: n, BearerType: pptp.Analog})
}

// Receive is peer.Receiver's.
func (k *call) Receive(packets [][]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	k.in = k.in[:0]
	k.coding.plain.Take()
	for _, p := range packets {
		_, _ = k.gre.Receive(now, p, k.deliver)
		if k.network == nil {
			k.in = k.in[:0]
			k.coding.plain.Take()
		}
	}
	if len(k.in) > 0 {
		k.network(k.in)
	}
	k.settle(now)
}

// Wake is peer.Receiver's.
func (k *call) Wake(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gre.Expire(now, k.deliver)
	if d := k.link.Deadline(); !d.IsZero() && !now.Before(d) {
		k.link.Expire(now)
	}
	k.settle(now)
}

func (k *call) fromTunnel(frame []byte) {
	p, info, err := ppp.Split(frame)
	if err == nil && p == ppp.Compressed && k.coding.in != nil {
		if info = k.coding.open(info); info != nil {
			p = ppp.IPv4
		}
	}
	if err == nil && p == ppp.IPv4 {
		k.received.Add(1)
		k.in = append(k.in, info)
		return
	}
	now := time.Now()
	k.link.Receive(now, frame)
	k.heed(now) // the next frame may be of a protocol that begins with this one
}

// heed takes the link's events.
func (k *call) heed(now time.Time) {
	for _, e := range k.link.Events() {
		switch e.Kind {
		case link.LoggedIn:
			_, left := k.link.Keys()
			if k.coding.ccp = k.policy.ccp(ccp.KeysOf(left, mppe.Client)); k.coding.ccp != nil {
				k.link.Network(now, ppp.CCP, k.coding.ccp)
			}
		case link.NetworkUp:
			if e.Protocol == ppp.CCP {
				if err := k.coding.agreed(mtu); err != nil {
					k.link.Close(now, err.Error())
				}
				continue
			}
			k.addr = k.ipcp.Agreed().Local
			close(k.up)
		case link.Finished:
			k.err = fmt.Errorf("PPP ended: %v %s", e.Cause, e.Text)
			close(k.finished)
		}
	}
}

// settle sends what is to be sent; mu is held.
func (k *call) settle(now time.Time) {
	k.heed(now)
	for _, frame := range k.link.Take() {
		k.out.Add(k.gre.Append(now, k.out.Next(), frame))
	}
	k.out.Add(k.gre.AppendAck(now, k.out.Next()))
	if packets := k.out.Take(); len(packets) > 0 {
		_ = k.tunnel.Send(packets...) // a datagram may be lost
	}
	if d := earliest(k.gre.Deadline(), k.link.Deadline()); !d.IsZero() {
		k.tunnel.WakeAt(d)
	}
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// data sends IP packets of the caller's, each a PPP frame.
func (k *call) data(packets [][]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	for _, p := range packets {
		if k.coding.out != nil {
			_, ip, _ := ppp.Split(p)
			k.frame = k.coding.append(k.frame[:0], ip)
			p = k.frame
		}
		k.out.Add(k.gre.Append(now, k.out.Next(), p))
	}
	k.settle(now)
}

// Deliver takes packets from a TUN, as data does but without the PPP header, which
// it adds in the headroom before each of them.
func (k *call) Deliver(packets [][]byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	for i, p := range packets {
		if k.coding.out != nil {
			packet := k.coding.append(k.gre.Begin(now, k.out.Next()), p[headroom:])
			gre.Finish(packet)
			k.out.Add(packet)
			continue
		}
		k.frame = ppp.Append(k.gre.Begin(now, k.frame[:0]), ppp.IPv4, nil)
		packets[i] = p[headroom-len(k.frame):]
		copy(packets[i], k.frame)
		gre.Finish(packets[i])
	}
	if k.coding.out == nil {
		_ = k.tunnel.Send(packets...)
	}
	k.settle(now)
}

// end hangs up as a modem does that loses its carrier, or a client, and waits for
// nothing.
func (k *call) end() {
	if k.voluntary {
		k.tunnel.Clear()
		return
	}
	k.tunnel.Disconnect(pptp.CallDisconnectNotify{Result: pptp.LostCarrier})
}

// ended waits until nothing of the call is left at our end.
func (k *call) ended(ctx context.Context) error {
	for {
		select {
		case _, open := <-k.tunnel.Events():
			if !open {
				return nil
			}
		case <-ctx.Done():
			return errors.New("a call goes on")
		}
	}
}
