package peer

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"carrier/shared/pptp"
)

// message takes one whole message off the stream. Its error ends the
// connection at once.
func (c *Conn) message(octets []byte) error {
	m, err := pptp.Parse(octets)
	if errors.Is(err, pptp.ErrUnknown) {
		c.e.stats.MessagesUnknown.Add(1)
		c.e.bursts.odd.log(c.log, slog.LevelWarn, "control message left alone", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	c.e.stats.MessagesReceived.Add(1)
	if c.isSilent() {
		return nil
	}
	admitted := true
	switch m := m.(type) {
	case pptp.StartControlConnectionRequest:
		var silent bool
		if admitted, silent = c.admit(m); silent {
			return nil
		}
	case pptp.StartControlConnectionReply:
		c.mu.Lock()
		if c.control.State() == pptp.WaitControlReply {
			c.met(m.HostName, m.VendorName, m.FirmwareRevision)
		}
		c.mu.Unlock()
	}
	c.step(pptp.EventOf(m, admitted), m, admitted)
	return nil
}

// admit asks the Handler whether the peer may have a control connection. The
// answer is silence when the peer has lost a collision (RFC 2637 §3.1.3): it
// will close the connection itself.
func (c *Conn) admit(r pptp.StartControlConnectionRequest) (ok, silent bool) {
	c.mu.Lock()
	first := !c.opened && c.control.State() == pptp.ControlIdle
	c.mu.Unlock()
	if !first || r.ProtocolVersion < pptp.Version {
		return true, false
	}
	remote, err := c.e.o.Handler.Admit(c.peer)
	if err == nil {
		err = c.e.usable(remote)
	}
	if err != nil {
		c.e.stats.ConnsRefused.Add(1)
		c.e.bursts.refused.log(c.log, slog.LevelWarn, "control connection refused", "host", printable(r.HostName), "why", err)
		return false, false
	}
	if !remote.Addr.IsValid() {
		remote.Addr = defaultAddr(c.peer)
	}
	if !c.seat(remote) {
		c.e.stats.ConnsFull.Add(1)
		c.e.bursts.limited.log(c.log, slog.LevelWarn, "control connection refused", "host", printable(r.HostName), "why", "too many from there, or of all")
		return false, false
	}
	c.mu.Lock()
	c.met(r.HostName, r.VendorName, r.FirmwareRevision)
	c.mu.Unlock()
	loser, ok := c.e.claim(c, remote.Addr)
	if loser != nil {
		loser.step(pptp.CollisionLost, nil, true)
	}
	if !ok {
		c.mu.Lock()
		c.silent = true
		c.mu.Unlock()
		return false, true
	}
	return true, false
}

// seat makes the connection that of a peer, if it may have one more.
func (c *Conn) seat(r Remote) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || !c.e.gate.enter(connections, c.peer.Addr(), r.Name, r.Limits) {
		return false
	}
	c.remote, c.seated = r, true
	return true
}

// step moves the control connection and does what its table says. m is the
// message that moved it, if one did.
func (c *Conn) step(ev pptp.ControlEvent, m pptp.Message, admitted bool) {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	now := time.Now()
	if m != nil {
		c.control.Heard(now)
	}
	do := c.control.Step(now, ev)
	c.act(do, ev, m, admitted)
	c.mu.Unlock()
	c.conclude(do, ev, m)
}

// expire is the ring of the connection's alarm.
func (c *Conn) expire(now time.Time) {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	was := c.control.State()
	do := c.control.Expire(now)
	ev := pptp.StartTimedOut
	switch was {
	case pptp.ControlEstablished:
		ev = pptp.EchoLost
	case pptp.WaitStopReply:
		ev = pptp.StopTimedOut
	}
	c.act(do, ev, nil, true)
	c.mu.Unlock()
	c.conclude(do, ev, nil)
}

// act sends what do says; mu is held.
func (c *Conn) act(do pptp.ControlAction, ev pptp.ControlEvent, m pptp.Message, admitted bool) {
	if do&pptp.SendStartRequest != 0 {
		a := c.e.about
		c.send(pptp.StartControlConnectionRequest{ProtocolVersion: a.ProtocolVersion,
			FramingCapabilities: a.FramingCapabilities, BearerCapabilities: a.BearerCapabilities,
			MaximumChannels: a.MaximumChannels, FirmwareRevision: a.FirmwareRevision,
			HostName: a.HostName, VendorName: a.VendorName})
	}
	if r, ok := m.(pptp.StartControlConnectionRequest); ok && do&(pptp.SendStartReply|pptp.SendStartRefusal) != 0 {
		c.send(r.Reply(c.e.about, admitted))
	}
	if do&pptp.SendStopRequest != 0 {
		reason := pptp.StopLocalShutdown
		c.why = ErrClosed
		if ev == pptp.RecvStartedBadVer {
			reason, c.why = pptp.StopProtocol, errVersion
		}
		c.endCalls(c.why)
		c.send(pptp.StopControlConnectionRequest{Reason: reason})
	}
	if do&pptp.SendStopReply != 0 {
		c.send(pptp.StopControlConnectionReply{Result: pptp.ReplyOK})
	}
	if do&pptp.SendEchoRequest != 0 {
		c.echo++
		c.send(pptp.EchoRequest{Identifier: c.echo})
	}
	if r, ok := m.(pptp.EchoRequest); ok && do&pptp.SendEchoReply != 0 {
		c.send(pptp.EchoReply{Identifier: r.Identifier, Result: pptp.ReplyOK})
	}
	c.settle()
}

// settle brings gauge and alarm in line with the state; mu is held.
func (c *Conn) settle() {
	if c.over {
		c.e.clock.drop(&c.limit)
	} else {
		c.e.clock.set(&c.limit, c.control.Deadline())
	}
	_, gauge := c.gauge()
	if gauge == c.counted {
		return
	}
	if c.counted != nil {
		c.counted.Add(-1)
	}
	if c.counted = gauge; gauge != nil {
		gauge.Add(1)
	}
}

// gauge is the one that counts connections in this one's state, and the state in
// words; neither for one that is over. mu is held.
func (c *Conn) gauge() (string, *atomic.Int64) {
	stats := c.e.stats
	if c.over {
		return "", nil
	}
	switch c.control.State() {
	case pptp.ControlIdle:
		return "pending", &stats.Pending
	case pptp.WaitControlReply:
		return "starting", &stats.Starting
	case pptp.ControlEstablished:
		return "established", &stats.Established
	case pptp.WaitStopReply:
		return "stopping", &stats.Stopping
	default:
		return "", nil
	}
}

func (c *Conn) established() {
	k := c.status().Known
	args := []any{"host", k.Host, "vendor", k.Vendor, "firmware", k.Firmware, "opened_by_us", c.opened}
	if k.Profile != "" {
		args = append(args, "profile", k.Profile)
	}
	c.e.bursts.peers.log(c.log, slog.LevelInfo, "control connection established", args...)
}

// conclude does the part of an action that needs no lock.
func (c *Conn) conclude(do pptp.ControlAction, ev pptp.ControlEvent, m pptp.Message) {
	switch {
	case do&pptp.ControlUp != 0:
		close(c.up)
		c.established()
	case do&pptp.ForCall != 0:
		c.callMessage(m)
	case do&pptp.SendStopRequest != 0:
		c.e.unlist(c, c.Remote().Addr)
	case do&pptp.CloseTCP != 0:
		if ev == pptp.StartTimedOut || ev == pptp.EchoLost {
			c.e.stats.ConnsTimedOut.Add(1)
		}
		const last = pptp.SendStartRefusal | pptp.SendStopReply
		c.finish(c.reason(ev, m), do&last != 0)
	case do == pptp.ControlNone && m != nil:
		c.e.stats.MessagesUnexpected.Add(1)
		c.e.bursts.odd.log(c.log, slog.LevelWarn, "control message without use", "message", m.Type())
	}
}

// reason says why the connection is closed after ev.
func (c *Conn) reason(ev pptp.ControlEvent, m pptp.Message) error {
	switch ev {
	case pptp.CollisionLost:
		return errCollision
	case pptp.StartTimedOut:
		return fmt.Errorf("no Start-Control-Connection message: %w", ErrTimeout)
	case pptp.EchoLost:
		return fmt.Errorf("no Echo-Reply: %w", ErrTimeout)
	case pptp.RecvStartRefused:
		return errRefused
	case pptp.RecvStartedNot:
		r, _ := m.(pptp.StartControlConnectionReply)
		return &StartError{Result: r.Result, Code: r.Error}
	case pptp.RecvStop:
		r, _ := m.(pptp.StopControlConnectionRequest)
		return fmt.Errorf("%w: %v", ErrStopped, r.Reason)
	case pptp.LocalStop, pptp.RecvStopped, pptp.StopTimedOut:
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.why != nil {
			return c.why
		}
		return ErrClosed
	default:
		return errTooEarly
	}
}

// Stop ends the connection with Stop-Control-Connection-Request; its calls end
// at once.
func (c *Conn) Stop() { c.step(pptp.LocalStop, nil, true) }

// endCalls ends all calls because of err, unless we wanted their end; mu is
// held.
func (c *Conn) endCalls(err error) {
	err = fmt.Errorf("%w: %w", ErrControlLost, err)
	for _, call := range c.calls {
		if call.ours { // some, like pptpd, answer Call-Clear-Request by closing
			call.end(nil, nil)
		} else {
			call.end(err, nil)
		}
	}
}

// printable makes a peer's text fit for logs.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
}
