package pptp

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// The arrows of RFC 2637 §3.1.1 and §3.1.2, and of §3.1.4 for time: state,
// event, what is done, next state. Every other pair must do nothing.
const controlArrows = `
idle           TCPOpened         SendStartRequest           wait_ctl_reply
idle           CollisionLost     CloseTCP                   closed
idle           LocalStop         CloseTCP                   closed
idle           StartTimedOut     CloseTCP                   closed
idle           RecvStart         SendStartReply+ControlUp   established
idle           RecvStartRefused  SendStartRefusal+CloseTCP  closed
idle           RecvStop          SendStopReply+CloseTCP     closed
idle           RecvStarted       CloseTCP                   closed
idle           RecvStartedNot    CloseTCP                   closed
idle           RecvStartedBadVer CloseTCP                   closed
idle           RecvStopped       CloseTCP                   closed
idle           RecvEcho          CloseTCP                   closed
idle           RecvEchoReply     CloseTCP                   closed
idle           RecvCallMessage   CloseTCP                   closed
wait_ctl_reply CollisionLost     CloseTCP                   closed
wait_ctl_reply LocalStop         CloseTCP                   closed
wait_ctl_reply StartTimedOut     CloseTCP                   closed
wait_ctl_reply RecvStarted       ControlUp                  established
wait_ctl_reply RecvStartedNot    CloseTCP                   closed
wait_ctl_reply RecvStartedBadVer SendStopRequest            wait_stop_reply
wait_ctl_reply RecvStop          SendStopReply+CloseTCP     closed
wait_ctl_reply RecvStart         CloseTCP                   closed
wait_ctl_reply RecvStartRefused  CloseTCP                   closed
wait_ctl_reply RecvStopped       CloseTCP                   closed
wait_ctl_reply RecvEcho          CloseTCP                   closed
wait_ctl_reply RecvEchoReply     CloseTCP                   closed
wait_ctl_reply RecvCallMessage   CloseTCP                   closed
established    LocalStop         SendStopRequest            wait_stop_reply
established    Silence           SendEchoRequest            established
established    EchoLost          CloseTCP                   closed
established    RecvStop          SendStopReply+CloseTCP     closed
established    RecvEcho          SendEchoReply              established
established    RecvEchoReply     Alive                      established
established    RecvCallMessage   ForCall                    established
wait_stop_reply StopTimedOut     CloseTCP                   closed
wait_stop_reply RecvStop         SendStopReply+CloseTCP     closed
wait_stop_reply RecvStopped      CloseTCP                   closed
wait_stop_reply RecvEcho         SendEchoReply              wait_stop_reply
`

var controlEventNames = []string{"TCPOpened", "CollisionLost", "LocalStop", "StartTimedOut", "Silence", "EchoLost", "StopTimedOut",
	"RecvStart", "RecvStartRefused", "RecvStarted", "RecvStartedNot", "RecvStartedBadVer", "RecvStop", "RecvStopped",
	"RecvEcho", "RecvEchoReply", "RecvCallMessage"}

var controlActionNames = []string{"SendStartRequest", "SendStartReply", "SendStartRefusal", "SendStopRequest", "SendStopReply",
	"SendEchoRequest", "SendEchoReply", "ControlUp", "Alive", "ForCall", "CloseTCP"}

// arrows reads such a table: "state event" to "action next".
func arrows(table string) map[string]string {
	m := make(map[string]string)
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) == 4 {
			m[f[0]+" "+f[1]] = f[2] + " " + f[3]
		}
	}
	return m
}

// named writes a set of actions with +.
func named(bits uint16, names []string) string {
	var set []string
	for i, n := range names {
		if bits&(1<<i) != 0 {
			set = append(set, n)
		}
	}
	return strings.Join(set, "+")
}

func TestControlTableIsTheRFCs(t *testing.T) {
	want := arrows(controlArrows)
	for s := range controlStates {
		for e := range controlEvents {
			c := Control{state: s}
			do := c.Step(time.Time{}, e)
			key := s.String() + " " + controlEventNames[e]
			got := ""
			if do != ControlNone {
				got = named(uint16(do), controlActionNames) + " " + c.State().String()
			} else if c.State() != s {
				t.Errorf("%s: moves to %v and does nothing", key, c.State())
			}
			if got != want[key] {
				t.Errorf("%s: %q, want %q", key, got, want[key])
			}
			delete(want, key)
		}
	}
	for key := range want {
		t.Errorf("no such pair: %s", key)
	}
}

// Timers have the values of RFC 2637 §3.1.4 and §3.
func TestControlTimers(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	expire := func(c *Control, s int, want ControlAction) {
		t.Helper()
		if do := c.Expire(at(s)); do != want {
			t.Errorf("after %d s in %v: %#x, want %#x", s, c.State(), do, want)
		}
	}

	c := NewControl(Timers{}, start) // nobody speaks
	expire(&c, 59, ControlNone)
	expire(&c, 60, CloseTCP)
	expire(&c, 1000, ControlNone)

	c = NewControl(Timers{}, start) // no reply
	c.Step(at(10), TCPOpened)
	expire(&c, 69, ControlNone)
	expire(&c, 70, CloseTCP)

	c = NewControl(Timers{}, start)
	c.Step(at(0), RecvStart)
	expire(&c, 59, ControlNone)
	c.Heard(at(59))
	expire(&c, 118, ControlNone)
	expire(&c, 119, SendEchoRequest)
	c.Heard(at(150)) // a message that is no Echo-Reply does not save it
	expire(&c, 178, ControlNone)
	if do := c.Step(at(178), RecvEchoReply); do != Alive {
		t.Errorf("Echo-Reply: %#x", do)
	}
	expire(&c, 237, ControlNone)
	expire(&c, 238, SendEchoRequest)
	expire(&c, 297, ControlNone)
	expire(&c, 298, CloseTCP)

	c = NewControl(Timers{Stop: 3 * time.Second}, start)
	c.Step(at(0), RecvStart)
	c.Step(at(5), LocalStop)
	expire(&c, 7, ControlNone)
	expire(&c, 8, CloseTCP)
	if !c.Deadline().IsZero() {
		t.Error("a closed connection waits for something")
	}
}

func TestEventsOfMessages(t *testing.T) {
	for _, test := range []struct {
		m        Message
		admitted bool
		want     ControlEvent
		reply    StartResult // of a request
	}{
		{StartControlConnectionRequest{ProtocolVersion: 0x0100}, true, RecvStart, StartOK},
		{StartControlConnectionRequest{ProtocolVersion: 0x0200}, true, RecvStart, StartOK},
		{StartControlConnectionRequest{ProtocolVersion: 0x00FF}, true, RecvStartRefused, StartBadVersion},
		{StartControlConnectionRequest{ProtocolVersion: 0x0100}, false, RecvStartRefused, StartNotAuthorized},
		{StartControlConnectionReply{ProtocolVersion: 0x0100, Result: StartOK}, false, RecvStarted, 0},
		{StartControlConnectionReply{ProtocolVersion: 0x0001, Result: StartOK}, false, RecvStartedBadVer, 0},
		{StartControlConnectionReply{ProtocolVersion: 0x0100, Result: StartNotAuthorized}, false, RecvStartedNot, 0},
		{StopControlConnectionRequest{}, false, RecvStop, 0},
		{StopControlConnectionReply{}, false, RecvStopped, 0},
		{EchoRequest{}, false, RecvEcho, 0},
		{EchoReply{}, false, RecvEchoReply, 0},
		{SetLinkInfo{}, false, RecvCallMessage, 0},
		{IncomingCallRequest{}, false, RecvCallMessage, 0},
	} {
		if got := EventOf(test.m, test.admitted); got != test.want {
			t.Errorf("%+v: %s", test.m, controlEventNames[got])
		}
		if r, ok := test.m.(StartControlConnectionRequest); ok {
			reply := r.Reply(StartControlConnectionReply{HostName: "denver"}, test.admitted)
			if reply.Result != test.reply || reply.ProtocolVersion != 0x0100 || reply.HostName != "denver" {
				t.Errorf("%+v: %+v", r, reply)
			}
		}
	}
}

// The example of RFC 2637 §3.1.3, and that more than the last octet counts.
func TestCollision(t *testing.T) {
	for _, test := range []struct {
		ours, theirs string
		want         bool
	}{
		{"192.33.45.17", "192.33.45.89", false},
		{"192.33.45.89", "192.33.45.17", true},
		{"193.0.0.1", "192.255.255.255", true},
		{"10.0.0.200", "10.0.1.1", false},
		{"128.0.0.1", "127.0.0.1", true}, // unsigned
		{"10.0.0.1", "10.0.0.1", false},
		{"::ffff:10.0.0.2", "10.0.0.1", true},
	} {
		if got := Wins(netip.MustParseAddr(test.ours), netip.MustParseAddr(test.theirs)); got != test.want {
			t.Errorf("%s against %s: %v", test.ours, test.theirs, got)
		}
	}
}
