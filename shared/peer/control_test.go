package peer

import (
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"carrier/shared/pptp"
)

// controlStates are the states of a control connection, and what becomes of each
// message there: what is answered, then the state that follows. A point: it is
// counted and left alone; a dash: it is taken without a word. A message of a call
// that is not there stands for all of those.
const controlStates = `
                 SCCRQ              SCCRQ-        SCCRP+       SCCRP-  SCCRPv                 StopRQ         StopRP  EchoRQ  EchoRP  call
idle             SCCRP,established  SCCRP,closed  closed       closed  closed                 StopRP,closed  closed  closed  closed  closed
wait_ctl_reply   closed             closed        established  closed  StopRQ,wait_stop_reply StopRP,closed  closed  closed  closed  closed
established      .                  .             .            .       .                      StopRP,closed  .       EchoRP  -       .
wait_stop_reply  .                  .             .            .       .                      StopRP,closed  closed  EchoRP  .       .
`

var controlMessages = map[string]pptp.Message{
	"SCCRQ":  pptp.StartControlConnectionRequest{ProtocolVersion: pptp.Version},
	"SCCRQ-": pptp.StartControlConnectionRequest{ProtocolVersion: 0x00FF},
	"SCCRP+": pptp.StartControlConnectionReply{ProtocolVersion: pptp.Version, Result: pptp.StartOK},
	"SCCRP-": pptp.StartControlConnectionReply{ProtocolVersion: pptp.Version, Result: pptp.StartNotAuthorized},
	"SCCRPv": pptp.StartControlConnectionReply{ProtocolVersion: 0x00FF, Result: pptp.StartOK},
	"StopRQ": pptp.StopControlConnectionRequest{Reason: pptp.StopNone},
	"StopRP": pptp.StopControlConnectionReply{Result: pptp.ReplyOK},
	"EchoRQ": pptp.EchoRequest{Identifier: 7},
	"EchoRP": pptp.EchoReply{Identifier: 7, Result: pptp.ReplyOK},
	"call":   pptp.SetLinkInfo{PeerCallID: 2},
}

// control is an endpoint with a control connection in a state, and the other end.
func control(t *testing.T, state string) (h *host, c *Conn, nc net.Conn, heard <-chan pptp.Message) {
	h = bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
	var far net.Conn
	if state == "wait_ctl_reply" {
		far, nc = pipe(addrPNS, addrPAC)
		if _, _, err := h.originate(&attempt{remote: Remote{Addr: addrPAC}}, far); err != nil {
			t.Fatal(err)
		}
	} else {
		nc, far = pipe(addrPAC, addrPNS)
		h.serve(far)
	}
	t.Cleanup(func() { nc.Close() })
	heard = listen(nc)
	synctest.Wait()
	c = h.all()[0]
	if state == "established" || state == "wait_stop_reply" {
		nc.Write(octets(t, linuxStart))
		synctest.Wait()
	}
	if state == "wait_stop_reply" {
		c.Stop()
		synctest.Wait()
	}
	for len(heard) > 0 {
		<-heard
	}
	if got := stateOf(c); got != state {
		t.Fatalf("in %s, not in %s", got, state)
	}
	return h, c, nc, heard
}

// stateOf is the state of a control connection, in words.
func stateOf(c *Conn) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.control.State().String()
}

// Every message in every state of a control connection, whichever end opened it.
func TestEveryMessageInEveryStateOfAConnection(t *testing.T) {
	table := strings.Split(strings.TrimSpace(controlStates), "\n")
	for _, line := range table[1:] {
		cells := strings.Fields(line)
		for i, name := range strings.Fields(table[0]) {
			synctest.Test(t, func(t *testing.T) {
				h, c, nc, heard := control(t, cells[0])
				odd := h.stats.MessagesUnexpected.Load()
				b, err := pptp.Append(nil, controlMessages[name])
				if err != nil {
					t.Fatal(err)
				}
				nc.Write(b)
				synctest.Wait()
				if got := seen(h, c, heard, cells[0], odd); got != cells[1+i] {
					t.Errorf("%s: %s: %s, want %s", cells[0], name, got, cells[1+i])
				}
			})
		}
	}
}

// seen is what became of a message, as the table says it.
func seen(h *host, c *Conn, heard <-chan pptp.Message, was string, odd uint64) string {
	var all []string
	for len(heard) > 0 {
		all = append(all, map[pptp.ControlType]string{
			pptp.TypeStartControlConnectionReply: "SCCRP", pptp.TypeStopControlConnectionRequest: "StopRQ",
			pptp.TypeStopControlConnectionReply: "StopRP", pptp.TypeEchoReply: "EchoRP",
		}[(<-heard).Type()])
	}
	over := false
	select {
	case _, open := <-heard:
		over = !open
	default:
	}
	switch now := stateOf(c); {
	case over != c.isOver() || over != (now == "closed"):
		all = append(all, "half over")
	case now != was:
		all = append(all, now)
	}
	if h.stats.MessagesUnexpected.Load() > odd {
		all = append(all, ".")
	}
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ",")
}
