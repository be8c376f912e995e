package ras

import (
	"carrier/pns/internal/session"
	"carrier/shared/hdlc"
)

// A LinkInfo says when a PAC is sent Set-Link-Info (RFC 2637 §2.15), by which it
// learns what its caller's line needs escaped.
type LinkInfo uint8

// The policies. A PAC that is told nothing escapes all control characters, so
// with Needed the message is left out where it would change nothing.
const (
	Always LinkInfo = iota
	Needed
	Never
)

// A told is a call whose Set-Link-Infos follow a policy. Its methods belong to
// the session's goroutine.
type told struct {
	session.Call
	policy        LinkInfo
	send, receive uint32 // the ACCMs that hold at the PAC
}

func (p LinkInfo) of(c session.Call) session.Call {
	return &told{c, p, hdlc.AllControl, hdlc.AllControl}
}

// SetLinkInfo sends one, if the policy lets it.
func (c *told) SetLinkInfo(send, receive uint32) {
	if c.policy == Never || c.policy == Needed && send == c.send && receive == c.receive {
		return
	}
	c.send, c.receive = send, receive
	c.Call.SetLinkInfo(send, receive)
}
