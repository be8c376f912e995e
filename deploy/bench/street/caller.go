package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

// A caller is one on her line. Its reader's goroutine and its timer move it,
// behind one lock.
type caller struct {
	street *street
	line   net.Conn
	up     chan struct{} // closed when her packet has come back
	over   chan struct{} // closed when PPP has ended

	mu      sync.Mutex
	link    *link.Link
	timer   *time.Timer
	greeted bool // the first packet came
	err     error
}

// packet is what each caller and the PNS send once: IPv4 as far as anybody
// looks.
var packet = append([]byte{0xFF, 0x03, 0x00, 0x21, 0x45}, make([]byte, 1395)...)

// call makes a call and leaves it up.
func (s *street) call(ctx context.Context, path string) (*caller, error) {
	line, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	c := &caller{street: s, line: line, up: make(chan struct{}), over: make(chan struct{}),
		link: link.New(&link.Options{LCP: lcp.Options{Magic: true, PFC: true, ACFC: true},
			Login: auth.Login{Name: "bench", Secret: auth.NewPassword("bench")}})}
	c.timer = time.AfterFunc(time.Hour, c.expire)
	c.mu.Lock()
	now := time.Now()
	c.link.Network(now, ppp.IPCP, ipcp.New(ipcp.Options{AskAddress: true}))
	c.link.Up(now)
	c.settle()
	c.mu.Unlock()
	go c.listen()
	select {
	case <-c.up:
		return c, nil
	case <-c.over:
		return nil, c.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// listen takes what comes, for ever.
func (c *caller) listen() {
	b := make([]byte, 4096)
	var d hdlc.Decoder
	for {
		n, err := c.line.Read(b)
		c.mu.Lock()
		if err != nil {
			c.link.Down(time.Now())
		}
		d.Push(b[:n], c.receive)
		c.settle()
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (c *caller) receive(frame []byte, err error) {
	if err != nil {
		return
	}
	if p, _, err := ppp.Split(frame); err == nil && p == ppp.IPv4 {
		if c.greeted {
			c.street.received.Add(1)
			return
		}
		c.greeted = true
		close(c.up)
		return
	}
	c.link.Receive(time.Now(), frame)
}

func (c *caller) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link.Expire(time.Now())
	c.settle()
}

// send sends octets of frames, all at once.
func (c *caller) send(octets []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.line.Write(octets)
	return err
}

// settle writes what is to be said; mu is held.
func (c *caller) settle() {
	frames := c.link.Take()
	for _, e := range c.link.Events() {
		switch e.Kind {
		case link.NetworkUp:
			frames = append(frames, packet)
		case link.Finished:
			c.err = fmt.Errorf("PPP ended: %v %s", e.Cause, e.Text)
			close(c.over)
			_ = c.line.Close()
		}
	}
	var out []byte
	for _, f := range frames {
		out = hdlc.AppendFull(out, f)
	}
	if len(out) > 0 {
		_, _ = c.line.Write(out) // a line that takes nothing is found lost by its reader
	}
	if d := c.link.Deadline(); !d.IsZero() {
		c.timer.Reset(time.Until(d))
	}
}
