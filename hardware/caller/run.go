package caller

import (
	"context"
	"sync"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/netstack"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
)

const (
	stackQueue = 32              // packets that wait for the line
	maxControl = 64              // the same of PPP's own frames; more are lost, as on a line
	goodbye    = 2 * time.Second // for the last frames, and then for the other end to hang up
)

// run owns the call: it alone drives the link.
func (c *Call) run(rest []byte) {
	defer close(c.done)
	var wg sync.WaitGroup
	wg.Go(func() { c.wire.read(rest) })
	wg.Go(c.wire.write)
	defer wg.Wait()

	now := time.Now()
	c.link.Network(now, ppp.IPCP, c.ipcp)
	c.link.Up(now)
	unsent, isLost := c.talk()
	c.finish(unsent, isLost)
	c.o.tell(Event{Kind: Ended, Text: c.why()})
}

// talk drives the link until it is finished. It returns the frames that have
// not been sent, and whether the line is lost.
func (c *Call) talk() (unsent [][]byte, isLost bool) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	hangUp := c.hangUp
	for {
		unsent = append(unsent, c.link.Take()...)
		unsent = unsent[:min(len(unsent), maxControl)]
		if c.follow() {
			return unsent, isLost
		}
		var out chan<- []byte
		var next []byte
		if len(unsent) > 0 {
			out, next = c.wire.out, unsent[0]
		}
		var expired <-chan time.Time
		if d := c.link.Deadline(); !d.IsZero() {
			timer.Reset(time.Until(d))
			expired = timer.C
		}
		select {
		case frames := <-c.wire.frames:
			for _, f := range frames {
				c.receive(f)
			}
		case out <- next:
			unsent = unsent[1:]
		case <-expired:
			c.link.Expire(time.Now())
		case err := <-c.wire.lost:
			c.end, isLost = err, true
			c.link.Down(time.Now())
		case <-hangUp:
			hangUp = nil
			c.link.Close(time.Now(), "User request")
		}
	}
}

// receive takes one frame: data for the stack, the rest for the link.
func (c *Call) receive(frame []byte) {
	p, info, err := ppp.Split(frame)
	if err == nil && p == ppp.IPv4 {
		if s := c.stack.Load(); s != nil {
			s.Write(info)
		}
		return
	}
	c.link.Receive(time.Now(), frame)
}

// follow does what the link's events ask for; true when it is finished.
func (c *Call) follow() (finished bool) {
	for _, e := range c.link.Events() {
		switch e.Kind {
		case link.LinkUp:
			c.agree()
			c.o.tell(Event{Kind: LinkUp})
		case link.LinkDown:
			c.wire.form.Store(&form{send: hdlc.AllControl})
			c.o.tell(Event{Kind: LinkDown})
		case link.LoggedIn:
			m, _ := auth.ParseOption(c.link.LCP().Theirs.Auth)
			c.o.tell(Event{Kind: LoggedIn, Text: m.String()})
		case link.LoginRefused:
			c.refused = e.Text
			c.o.tell(Event{Kind: LoginRefused, Text: e.Text})
		case link.NetworkUp:
			c.networkUp()
		case link.NetworkDown:
			c.o.tell(Event{Kind: NetworkDown})
		case link.Finished:
			c.because(e)
			return true
		}
	}
	return false
}

// agree takes the forms of frames that LCP agreed: what the peer asked for
// binds what we send.
func (c *Call) agree() {
	a := c.link.LCP()
	receive := a.Ours.ACCM
	if receive == hdlc.AllControl {
		receive = 0 // not asked for: nothing need be dropped
	}
	c.wire.form.Store(&form{send: a.Theirs.ACCM, receive: receive,
		compress: ppp.Compression{Address: a.Theirs.ACFC, Protocol: a.Theirs.PFC}})
}

// networkUp makes a stack with the address given; the same address again keeps
// what is open.
func (c *Call) networkUp() {
	a := c.ipcp.Agreed()
	if !a.Local.IsValid() || a.Local.IsUnspecified() {
		c.link.Close(time.Now(), "no IP address")
		return
	}
	old := c.agreed.Swap(&a)
	if old == nil || old.Local != a.Local {
		s, err := netstack.New(netstack.Options{Addr: a.Local, MTU: int(c.link.LCP().Theirs.MRU), DNS: a.DNS,
			Queue: stackQueue, Output: c.wire.data})
		if err != nil {
			c.link.Close(time.Now(), err.Error())
			return
		}
		if before := c.stack.Swap(s); before != nil {
			before.Close()
		}
	}
	c.o.tell(Event{Kind: NetworkUp, Addr: a.Local, Peer: a.Remote, DNS: a.DNS, NBNS: a.NBNS})
	if old == nil {
		close(c.up)
	}
}

// because notes why the link finished: the peer's own words where it gave any.
func (c *Call) because(e link.Event) {
	switch {
	case c.refused != "":
		c.end = &EndError{Cause: link.RefusedLogin, Text: c.refused}
	case c.hungUp():
		c.end = c.cause
	case e.Cause == link.LowerDown: // c.end is the line's own error
	default:
		c.end = &EndError{Cause: e.Cause, Text: e.Text}
	}
}

func (c *Call) hungUp() bool {
	select {
	case <-c.hangUp:
		return true
	default:
		return false
	}
}

// why is the end in words.
func (c *Call) why() string {
	if c.end == nil {
		return "we hung up"
	}
	return c.end.Error()
}

// finish stops the stack, says the last words and hangs up.
func (c *Call) finish(unsent [][]byte, isLost bool) {
	close(c.wire.ending)
	if s := c.stack.Swap(nil); s != nil {
		s.Close()
	}
	c.flush(unsent)
	if !isLost && c.o.Number != "" {
		c.onHook()
	}
	c.line.Close()
}

// flush gives the last frames to the line.
func (c *Call) flush(unsent [][]byte) {
	defer close(c.wire.out)
	late := time.NewTimer(goodbye)
	defer late.Stop()
	for _, f := range unsent {
		select {
		case c.wire.out <- f:
		case <-late.C:
			return
		}
	}
}

// onHook hangs up. Who sent the Terminate-Request does that first (RFC 1661
// §3.7): when it was the other end, it is given a little time, which is quicker
// than our modem's escape sequence.
func (c *Call) onHook() {
	if !c.hungUp() {
		late := time.NewTimer(goodbye)
		defer late.Stop()
		select {
		case <-c.wire.lost:
			return
		case <-late.C:
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), hangUpTime)
	defer cancel()
	if err := c.line.HangUp(ctx); err != nil && c.o.Log != nil {
		c.o.Log.Warn("the modem did not hang up; closing its port", "error", err)
	}
}
