package session

import (
	"carrier/shared/hdlc"
	"carrier/shared/quirk"
)

// An informed is a call whose Set-Link-Infos follow a policy. Its methods belong to
// the session's goroutine.
type informed struct {
	Call
	policy        quirk.LinkInfo
	send, receive uint32 // the ACCMs that hold at the PAC
}

// Telling is a call whose PAC is told by a policy; a PAC that was told nothing
// escapes all control characters.
func Telling(c Call, p quirk.LinkInfo) Call {
	return &informed{c, p, hdlc.AllControl, hdlc.AllControl}
}

// SetLinkInfo sends one, if the policy lets it.
func (c *informed) SetLinkInfo(send, receive uint32) {
	if c.policy == quirk.Never || c.policy == quirk.Needed && send == c.send && receive == c.receive {
		return
	}
	c.send, c.receive = send, receive
	c.Call.SetLinkInfo(send, receive)
}
