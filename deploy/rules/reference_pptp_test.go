package rules

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"carrier/shared/pptp"
)

// Who connects, by where from.
const clients = `clients.from = ["127.0.0.2"]; clients.transport = "udp"`

var from = map[string]string{"a PAC": "127.0.0.1", "a client": "127.0.0.2", "a stranger": "127.0.0.3"}

// message is a control message as the tables call it. Calls of the peer's have
// the Call ID 9.
func message(t *testing.T, name string, ours uint16) []byte {
	t.Helper()
	var m pptp.Message
	var spoil func([]byte)
	switch name {
	case "Start-Control-Connection-Request":
		m = pptp.StartControlConnectionRequest{ProtocolVersion: pptp.Version, HostName: "peer"}
	case "Start-Control-Connection-Request version 0.0":
		m = pptp.StartControlConnectionRequest{HostName: "peer"}
	case "Start-Control-Connection-Request version 2.0":
		m = pptp.StartControlConnectionRequest{ProtocolVersion: 0x0200, HostName: "peer"}
	case "Start-Control-Connection-Reply":
		m = pptp.StartControlConnectionReply{ProtocolVersion: pptp.Version, Result: pptp.StartOK}
	case "Stop-Control-Connection-Request":
		m = pptp.StopControlConnectionRequest{Reason: pptp.StopNone}
	case "Echo-Request":
		m = pptp.EchoRequest{Identifier: 7}
	case "Echo-Request with a wrong Magic Cookie":
		m, spoil = pptp.EchoRequest{}, func(b []byte) { b[4] = 0 }
	case "Echo-Request with a wrong Length":
		m, spoil = pptp.EchoRequest{}, func(b []byte) { binary.BigEndian.PutUint16(b, 17) }
	case "message of type 16":
		m, spoil = pptp.EchoRequest{}, func(b []byte) { binary.BigEndian.PutUint16(b[8:], 16) }
	case "Incoming-Call-Request":
		m = pptp.IncomingCallRequest{CallID: 9, CallSerialNumber: 9, BearerType: pptp.Analog}
	case "Incoming-Call-Connected":
		m = pptp.IncomingCallConnected{PeerCallID: ours, ConnectSpeed: 28800, Window: 4, FramingType: pptp.Asynchronous}
	case "Incoming-Call-Reply":
		m = pptp.IncomingCallReply{CallID: 9, PeerCallID: ours, Result: pptp.IncomingConnect, Window: 4}
	case "Outgoing-Call-Request":
		m = pptp.OutgoingCallRequest{CallID: 9, CallSerialNumber: 9, MaximumBPS: 1e8, BearerType: pptp.Analog, FramingType: pptp.Asynchronous, Window: 4}
	case "Outgoing-Call-Reply":
		m = pptp.OutgoingCallReply{CallID: 9, PeerCallID: ours, Result: pptp.OutgoingConnected, ConnectSpeed: 28800, Window: 4}
	case "Outgoing-Call-Reply 7":
		m = pptp.OutgoingCallReply{CallID: 9, PeerCallID: ours, Result: pptp.OutgoingDoNotAccept}
	case "another Outgoing-Call-Request":
		m = pptp.OutgoingCallRequest{CallID: 10, CallSerialNumber: 10, MaximumBPS: 1e8, BearerType: pptp.Analog, FramingType: pptp.Asynchronous, Window: 4}
	case "Call-Clear-Request":
		m = pptp.CallClearRequest{CallID: 9}
	case "Call-Disconnect-Notify":
		m = pptp.CallDisconnectNotify{CallID: 9, Result: pptp.LostCarrier}
	case "WAN-Error-Notify":
		m = pptp.WANErrorNotify{PeerCallID: ours}
	case "Set-Link-Info":
		m = pptp.SetLinkInfo{PeerCallID: ours}
	default:
		t.Fatalf("what is %q?", name)
	}
	b, err := pptp.Append(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	if spoil != nil {
		spoil(b)
	}
	return b
}

// named is a message of the program's as the tables call it, with its codes.
func named(m pptp.Message) string {
	with := func(result fmt.Stringer, n uint8, e pptp.ErrorCode) string {
		s := fmt.Sprintf("%v %d (%v)", m.Type(), n, result)
		if e != pptp.NoError {
			s += fmt.Sprintf(" %d (%v)", uint8(e), e)
		}
		return s
	}
	switch m := m.(type) {
	case pptp.StartControlConnectionReply:
		return with(m.Result, uint8(m.Result), m.Error)
	case pptp.StopControlConnectionReply:
		return with(m.Result, uint8(m.Result), m.Error)
	case pptp.EchoReply:
		return with(m.Result, uint8(m.Result), m.Error)
	case pptp.IncomingCallReply:
		return with(m.Result, uint8(m.Result), m.Error)
	case pptp.OutgoingCallReply:
		return with(m.Result, uint8(m.Result), m.Error)
	case pptp.CallDisconnectNotify:
		return with(m.Result, uint8(m.Result), m.Error)
	}
	return m.Type().String()
}

func TestReferenceOfPPTP(t *testing.T) {
	s := (&servers{t: t}).with(clients)
	tableOf(t, "## PPTP of pns").each(func(t *testing.T, row map[string]string) { s.converses(t, row) })
}

func TestReferenceOfLimits(t *testing.T) {
	all := &servers{t: t}
	tableOf(t, "### Limits of pns").each(func(t *testing.T, row map[string]string) {
		s := all.with(clients + "; " + strings.ReplaceAll(row["with"], "`", ""))
		if who, second := strings.CutPrefix(row["who"], "a second "); second {
			row["who"] = "a " + who
			first := &control{t: t, Conn: s.dialTCP(t, from["a client"])}
			first.begins()
		}
		s.converses(t, row)
	})
}

// converses sends what a row says to the server, and holds what comes against it.
func (s *server) converses(t *testing.T, row map[string]string) {
	who, first := strings.CutSuffix(row["who"], ", first")
	here, known := from[who]
	if !known {
		t.Fatalf("who is %q?", who)
	}
	c := control{t: t, Conn: s.dialTCP(t, here)}
	if !first {
		c.begins()
	}
	for name := range strings.SplitSeq(row["sent"], ", ") {
		c.say(name)
		if strings.HasSuffix(name, "Call-Request") { // whose reply says which Call ID is theirs
			c.hear()
		}
	}
	c.answers(row["answer"])
}

// begins establishes the control connection.
func (c *control) begins() {
	c.t.Helper()
	c.say("Start-Control-Connection-Request")
	if c.hear(); c.heard[0] != "Start-Control-Connection-Reply 1 (successful)" {
		c.t.Fatalf("no control connection: %s", c.heard[0])
	}
	c.heard = nil
}

// answers holds what comes against a cell.
func (c *control) answers(want string) {
	c.t.Helper()
	for len(c.heard) < len(strings.Split(want, ", ")) && want != "nothing" && c.hear() {
	}
	c.rest()
	got := strings.Join(c.heard, ", ")
	if got == "" {
		got = "nothing"
	}
	if got != want {
		c.t.Errorf("the reference says %s, what came is %s", want, got)
	}
}

// A control connection of the test's.
type control struct {
	t *testing.T
	net.Conn
	split pptp.Splitter
	ours  uint16 // Call ID that the program gave
	heard []string
	echo  bool // the last Echo-Reply is that of rest
	over  bool
}

func (c *control) say(name string) {
	c.t.Helper()
	if _, err := c.Write(message(c.t, name, c.ours)); err != nil {
		c.t.Logf("%s: %v", name, err) // closed already
	}
}

// hear takes what comes next; false: nothing more does.
func (c *control) hear() bool {
	c.t.Helper()
	b := make([]byte, 1)
	for n := len(c.heard); len(c.heard) == n && !c.echo && !c.over; {
		_, err := io.ReadFull(c, b)
		if err == nil {
			err = c.split.Push(b, c.message)
		}
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			c.t.Fatalf("nothing came after %q", c.heard)
		} else if err != nil {
			c.over = true
			c.heard = append(c.heard, "closed")
		}
	}
	return !c.over
}

// last is the Identifier of what rest asks.
const last = 0xE7E7

func (c *control) message(b []byte) error {
	m, err := pptp.Parse(b)
	if err != nil {
		return err
	}
	switch m := m.(type) {
	case pptp.EchoReply:
		if m.Identifier == last {
			c.echo = true
			return nil
		}
	case pptp.IncomingCallRequest:
		c.ours = m.CallID
	case pptp.OutgoingCallRequest:
		c.ours = m.CallID
	case pptp.IncomingCallReply:
		c.ours = m.CallID
	case pptp.OutgoingCallReply:
		c.ours = m.CallID
	}
	c.heard = append(c.heard, named(m))
	return nil
}

// rest hears all that is still to come: it ends with the answer to an
// Echo-Request, or with the connection.
func (c *control) rest() {
	c.t.Helper()
	b, err := pptp.Append(nil, pptp.EchoRequest{Identifier: last})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.Write(b); err != nil {
		c.t.Log(err) // closed already
	}
	for !c.echo && c.hear() {
	}
}
