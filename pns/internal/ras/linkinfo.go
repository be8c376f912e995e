package ras

import (
	"carrier/pns/internal/session"
	"carrier/shared/hdlc"
	"carrier/shared/quirk"
)

// A told is a call whose Set-Link-Infos follow a policy. Its methods belong to
// the session's goroutine.
type told struct {
	session.Call
	policy        quirk.LinkInfo
	send, receive uint32 // the ACCMs that hold at the PAC
}

// telling is a call whose PAC is told by a policy; a PAC that was told nothing
// escapes all control characters.
func telling(c session.Call, p quirk.LinkInfo) session.Call {
	return &told{c, p, hdlc.AllControl, hdlc.AllControl}
}

// SetLinkInfo sends one, if the policy lets it.
func (c *told) SetLinkInfo(send, receive uint32) {
	if c.policy == quirk.Never || c.policy == quirk.Needed && send == c.send && receive == c.receive {
		return
	}
	c.send, c.receive = send, receive
	c.Call.SetLinkInfo(send, receive)
}
