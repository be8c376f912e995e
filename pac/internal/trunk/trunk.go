// Package trunk makes lines of the calls that other PACs bring by PPTP: for these
// we are the PNS, until a call has gone on to another one. What is a telephone line
// to the rest of the program is a PPTP call here: its caller is identified, her
// profile found and her PPP relayed as any other's.
package trunk

import (
	"slices"
	"sync"

	"carrier/shared/peer"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// A Trunk is the lines on which one PAC brings calls. Its methods may be called
// from any goroutine.
type Trunk struct {
	mu   sync.Mutex
	idle []*Line // that wait in Ring, since the longest time first
}

// Line makes a line of the trunk.
func (t *Trunk) Line(name string) *Line { return newLine(t, name) }

// Offer gives a call to a line that waits for one; false: none does, and the call
// is still the caller's to refuse.
func (t *Trunk) Offer(c *peer.Call) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.idle) > 0 && t.give(newCall(c))
}

// give gives a call to the line that has waited longest; false: none does. mu is
// held.
func (t *Trunk) give(c *call) bool {
	if len(t.idle) == 0 {
		return false
	}
	t.idle[0].given <- c
	t.idle = t.idle[1:]
	return true
}

// enter lets a line wait for a call, which comes in its given.
func (t *Trunk) enter(l *Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, l)
}

// leave ends a line's wait. A call that was given to it meanwhile goes to another
// one, or is refused: its PAC tries another PNS.
func (t *Trunk) leave(l *Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.idle, l); i >= 0 {
		t.idle = slices.Delete(t.idle, i, i+1)
	} else if c := <-l.given; !t.give(c) {
		c.end()
	}
}

// A call is one that a PAC brings, from its Incoming-Call-Request on.
type call struct {
	*peer.Call
	request   pptp.IncomingCallRequest
	connected chan pptp.IncomingCallConnected // its message, once
	lost      chan struct{}                   // closed when the call is over

	mu       sync.Mutex
	data     *data // nil until it is connected
	accepted bool
	ended    bool // by us
}

func newCall(c *peer.Call) *call {
	req, _ := c.Request().(pptp.IncomingCallRequest)
	req.DialedNumber, req.DialingNumber = record.Shown(req.DialedNumber), record.Shown(req.DialingNumber)
	one := &call{Call: c, request: req, connected: make(chan pptp.IncomingCallConnected, 1), lost: make(chan struct{})}
	go one.follow()
	return one
}

// follow hears what the PAC does, until the call is over. Errors of the caller's
// line are the PAC's to count.
func (c *call) follow() {
	defer close(c.lost)
	for e := range c.Events() {
		if m, ok := e.Message.(pptp.IncomingCallConnected); ok && e.Kind == peer.Connected {
			c.connected <- m
		}
	}
}

// accept takes the call, unless we have ended it.
func (c *call) accept() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ended {
		c.accepted = true
		c.Accept(recvWindow, 0)
	}
}

// open begins the data half of a call that is connected.
func (c *call) open() {
	d := newData(c.Call)
	c.mu.Lock()
	c.data = d
	if c.ended {
		d.close()
	}
	c.mu.Unlock()
	go func() {
		<-c.lost
		d.close()
	}()
	c.Bind(d)
}

// carried is the data half; nil: there is none yet.
func (c *call) carried() *data {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.data
}

// end ends the call at this end: one that was not accepted is refused so that its
// PAC tries another PNS.
func (c *call) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.ended = true
	if c.accepted {
		c.Clear()
	} else {
		c.Refuse(uint8(pptp.IncomingGeneralError), uint8(pptp.NoResource))
	}
	if c.data != nil {
		c.data.close()
	}
}
