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

// A pns is the end towards the network: one call, whose packets it counts and
// acknowledges.
type pns struct {
	calls chan *peer.Call
	call  *peer.Call
	count atomic.Int64

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
	p := &pns{calls: make(chan *peer.Call, 1)}
	p.deliver = func([]byte) { p.count.Add(1) }
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
			go p.flood(rate)
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
	if pac == "" {
		p.call = <-p.calls
	} else {
		to, err := netip.ParseAddr(pac)
		if err != nil {
			return err
		}
		conn, err := e.Dial(ctx, peer.Remote{Addr: netip.AddrPortFrom(to, pptp.Port)})
		if err != nil {
			return err
		}
		p.call, err = conn.Place(ctx, pptp.OutgoingCallRequest{CallSerialNumber: 1, MinimumBPS: 300, MaximumBPS: 100_000_000,
			BearerType: pptp.Analog | pptp.Digital, FramingType: pptp.Asynchronous | pptp.Synchronous, Window: window})
		if err != nil {
			return err
		}
	}
	p.gre = gre.NewSession(gre.Options{PeerCallID: p.call.PeerID(), RecvWindow: window}, time.Now())
	p.call.Bind(p)
	p.send(configureRequest)
	return nil
}

// Receive is peer.Receiver's.
func (p *pns) Receive(packets [][]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, b := range packets {
		_, _ = p.gre.Receive(now, b, p.deliver)
	}
	p.settle(now)
}

// Wake is peer.Receiver's.
func (p *pns) Wake(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gre.Expire(now, p.deliver)
	p.settle(now)
}

func (p *pns) settle(now time.Time) {
	p.out.Add(p.gre.AppendAck(now, p.out.Next()))
	if packets := p.out.Take(); len(packets) > 0 {
		_ = p.call.Send(packets...) // a datagram may be lost
	}
	if d := p.gre.Deadline(); !d.IsZero() {
		p.call.WakeAt(d)
	}
}

// send sends frames, all at once.
func (p *pns) send(frames ...[]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, f := range frames {
		p.out.Add(p.gre.Append(now, p.out.Next(), f))
	}
	p.settle(now)
}

// flood sends without looking at any window.
func (p *pns) flood(rate int) {
	r := rand.New(rand.NewPCG(2, 2))
	var frames [][]byte
	for range 16 {
		frames = append(frames, payload(r))
	}
	start := time.Now()
	for n := 0; ; n += len(frames) {
		p.send(frames...)
		pace(start, n, rate)
	}
}
