package session

import (
	"fmt"
	"testing"

	"carrier/shared/hdlc"
	"carrier/shared/quirk"
)

// accms is a PAC's side of a call, which notes the Set-Link-Infos.
type accms struct {
	Call
	said string
}

func (h *accms) SetLinkInfo(send, receive uint32) { h.said += fmt.Sprintf("%x/%x ", send, receive) }

// What the PAC hears when LCP begins, when the caller asks for two characters,
// twice, and when LCP is negotiated anew.
func TestLinkInfo(t *testing.T) {
	const all = hdlc.AllControl
	for policy, want := range map[quirk.LinkInfo]string{
		0:            "ffffffff/ffffffff a0000/0 a0000/0 ffffffff/ffffffff a0000/a0000 ",
		quirk.Always: "ffffffff/ffffffff a0000/0 a0000/0 ffffffff/ffffffff a0000/a0000 ",
		quirk.Needed: "a0000/0 ffffffff/ffffffff a0000/a0000 ",
		quirk.Never:  "",
	} {
		pac := new(accms)
		c := Telling(pac, policy)
		for _, accm := range [][2]uint32{{all, all}, {0xA0000, 0}, {0xA0000, 0}, {all, all}, {0xA0000, 0xA0000}} {
			c.SetLinkInfo(accm[0], accm[1])
		}
		if pac.said != want {
			t.Errorf("policy %d: %q, want %q", policy, pac.said, want)
		}
	}
}
