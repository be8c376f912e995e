package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/pptp"
)

// A pns is the end towards the network: calls, whose packets it counts and
// acknowledges.
type pns struct {
	calls chan *peer.Call
	count atomic.Int64
	ends  []*end
	rate  atomic.Int64 // of each call's flood, packets a second; 0: as fast as it goes
	flood sync.Once
}

// An end is one call's.
type end struct {
	call *peer.Call

	mu      sync.Mutex
	gre     gre.Session
	out     gre.Batch
	deliver func([]byte)
}

const window = 64

// configureRequest is one of LCP without options (RFC 1661 §5.1).
var configureRequest = []byte{0xFF, 0x03, 0xC0, 0x21, 1, 1, 0, 4}

// Admit, Incoming and Outgoing are peer.Handler's.
func (p *pns) Admit(netip.AddrPort) (peer.Remote, error) { return peer.Remote{}, nil }
func (p *pns) Incoming(c *peer.Call) {
	c.Accept(window, 0)
	go func() {
		for e := range c.Events() {
			if e.Kind == peer.Connected {
				p.calls <- c
			}
		}
	}()
}
func (p *pns) Outgoing(c *peer.Call) { c.Refuse(uint8(pptp.OutgoingDoNotAccept), 0) }

func (o options) pns() error {
	at, err := netip.ParseAddr(o.local)
	if err != nil {
		return err
	}
	p := &pns{calls: make(chan *peer.Call, 16)}
	e, err := peer.Open(peer.Options{Host: "wire", Listen: netip.AddrPortFrom(at, pptp.Port), Source: at, GRE: true,
		Handler: p, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	err = p.obey(ctx, e, o.pac)
	stop()
	<-ended
	return err
}

func (p *pns) obey(ctx context.Context, e *peer.Endpoint, pac string) error {
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var verb string
		var rate int
		fmt.Sscan(lines.Text(), &verb, &rate)
		switch verb {
		case "call":
			if err := p.begin(ctx, e, pac); err != nil {
				return err
			}
			fmt.Println("up")
		case "count":
			fmt.Println(p.count.Load())
		case "flood":
			p.rate.Store(int64(rate))
			p.flood.Do(func() { go p.pour() })
			fmt.Println("flooding")
		default:
			return fmt.Errorf("%q is no command", lines.Text())
		}
	}
	return nil
}

// begin has a call: it places it, or waits for it and opens PPP as far as a PAC
// watches it, by a Configure-Request of LCP.
func (p *pns) begin(ctx context.Context, e *peer.Endpoint, pac string) error {
	n := &end{deliver: func([]byte) { p.count.Add(1) }}
	if pac == "" {
		n.call = <-p.calls
	} else {
		to, err := netip.ParseAddr(pac)
		if err != nil {
			return err
		}
		conn, err := e.Dial(ctx, peer.Remote{Addr: netip.AddrPortFrom(to, pptp.Port)})
		if err != nil {
			return err
		}
		n.call, err = conn.Place(ctx, pptp.OutgoingCallRequest{CallSerialNumber: 1, MinimumBPS: 300, MaximumBPS: 100_000_000,
			BearerType: pptp.Analog | pptp.Digital, FramingType: pptp.Asynchronous | pptp.Synchronous, Window: window})
		if err != nil {
			return err
		}
	}
	n.gre = gre.NewSession(gre.Options{PeerCallID: n.call.PeerID(), RecvWindow: window}, time.Now())
	n.call.Bind(n)
	n.send(configureRequest)
	p.ends = append(p.ends, n)
	return nil
}

// Receive is peer.Receiver's.
func (n *end) Receive(packets [][]byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for _, b := range packets {
		_, _ = n.gre.Receive(now, b, n.deliver)
	}
	n.settle(now)
}

// Wake is peer.Receiver's.
func (n *end) Wake(now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gre.Expire(now, n.deliver)
	n.settle(now)
}

func (n *end) settle(now time.Time) {
	n.out.Add(n.gre.AppendAck(now, n.out.Next()))
	if packets := n.out.Take(); len(packets) > 0 {
		_ = n.call.Send(packets...) // a datagram may be lost
	}
	if d := n.gre.Deadline(); !d.IsZero() {
		n.call.WakeAt(d)
	}
}

// send sends frames, all at once.
func (n *end) send(frames ...[]byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for _, f := range frames {
		n.out.Add(n.gre.Append(now, n.out.Next(), f))
	}
	n.settle(now)
}

// pour sends without looking at any window.
func (p *pns) pour() {
	r := rand.New(rand.NewPCG(2, 2))
	var frames [][]byte
	for range 16 {
		frames = append(frames, payload(r))
	}
	for start, n, rate := time.Now(), 0, int64(0); ; n += len(frames) {
		if now := p.rate.Load(); now != rate {
			start, n, rate = time.Now(), 0, now
		}
		for _, end := range p.ends {
			end.send(frames...)
		}
		pace(start, n, int(rate))
	}
}
