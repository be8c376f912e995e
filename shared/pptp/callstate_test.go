package pptp

import (
	"testing"
	"time"
)

// The arrows of RFC 2637's four figures, and below each what the figure leaves
// out: time, and messages of the wrong role.
var callArrows = [callKinds]string{
	IncomingPAC: ` §3.2.3.1
idle        Begin          SendRequest             wait_reply
wait_reply  RecvAccept     Accepted                answering
wait_reply  RecvRefuse     CallOver                idle
wait_reply  Terminate      SendDisconnect+CallOver idle
answering   Connect        SendConnected+DataUp    established
answering   Terminate      SendDisconnect+CallOver idle
established RecvClear      TellClear               clearing
established Terminate      SendDisconnect+CallOver idle
clearing    Terminate      SendDisconnect+CallOver idle
established RecvLinkInfo   TellLinkInfo            established

wait_reply  CallTimedOut   SendDisconnect+CallOver idle
wait_reply  RecvClear      SendDisconnect+CallOver idle
wait_reply  RecvDisconnect CallOver                idle
answering   RecvClear      TellClear               clearing
answering   RecvLinkInfo   TellLinkInfo            answering
answering   RecvDisconnect CallOver                idle
established RecvDisconnect CallOver                idle
clearing    CallTimedOut   SendDisconnect+CallOver idle
clearing    RecvDisconnect CallOver                idle
`,
	IncomingPNS: ` §3.2.3.2
idle            RecvRequest    Offered              deciding
deciding        Refuse         SendRefusal+CallOver idle
deciding        Accept         SendReply            wait_connect
wait_connect    RecvConnected  DataUp               established
wait_connect    RecvDisconnect CallOver             idle
established     RecvDisconnect CallOver             idle
established     Terminate      SendClear            wait_disconnect
wait_disconnect RecvDisconnect CallOver             idle
established     RecvErrors     TellErrors           established

deciding        Terminate      SendRefusal+CallOver idle
deciding        CallTimedOut   SendRefusal+CallOver idle
deciding        RecvDisconnect CallOver             idle
wait_connect    Terminate      SendClear            wait_disconnect
wait_connect    CallTimedOut   SendClear            wait_disconnect
wait_connect    RecvClear      SendDisconnect+CallOver idle
established     RecvClear      SendDisconnect+CallOver idle
wait_disconnect RecvClear      SendDisconnect+CallOver idle
wait_disconnect CallTimedOut   CallOver             idle
`,
	OutgoingPAC: ` §3.2.4.1
idle        RecvRequest    Offered                 wait_cs_ans
wait_cs_ans Refuse         SendRefusal+CallOver    idle
wait_cs_ans RecvClear      SendDisconnect+CallOver idle
wait_cs_ans Connect        SendReply+DataUp        established
established RecvClear      TellClear               clearing
established Terminate      SendDisconnect+CallOver idle
clearing    Terminate      SendDisconnect+CallOver idle
wait_cs_ans CallTimedOut   SendRefusal+CallOver    idle
established RecvLinkInfo   TellLinkInfo            established

wait_cs_ans Terminate      SendRefusal+CallOver    idle
wait_cs_ans RecvDisconnect CallOver                idle
established RecvDisconnect CallOver                idle
clearing    CallTimedOut   SendDisconnect+CallOver idle
clearing    RecvDisconnect CallOver                idle
`,
	OutgoingPNS: ` §3.2.4.2
idle            Begin          SendRequest      wait_reply
wait_reply      RecvRefuse     CallOver         idle
wait_reply      RecvAccept     Accepted+DataUp  established
wait_reply      Terminate      SendClear        wait_disconnect
established     RecvDisconnect CallOver         idle
established     Terminate      SendClear        wait_disconnect
wait_disconnect RecvDisconnect CallOver         idle
established     RecvErrors     TellErrors       established

wait_reply      CallTimedOut   SendClear        wait_disconnect
wait_reply      RecvClear      SendDisconnect+CallOver idle
wait_reply      RecvDisconnect CallOver         idle
established     RecvClear      SendDisconnect+CallOver idle
wait_disconnect RecvRefuse     CallOver         idle
wait_disconnect RecvClear      SendDisconnect+CallOver idle
wait_disconnect CallTimedOut   CallOver         idle
`,
}

var callEventNames = []string{"Begin", "Accept", "Refuse", "Connect", "Terminate", "CallTimedOut", "RecvRequest", "RecvAccept",
	"RecvRefuse", "RecvConnected", "RecvClear", "RecvDisconnect", "RecvErrors", "RecvLinkInfo"}

var callActionNames = []string{"SendRequest", "SendReply", "SendRefusal", "SendConnected", "SendClear", "SendDisconnect",
	"Offered", "Accepted", "DataUp", "TellClear", "TellErrors", "TellLinkInfo", "CallOver"}

func TestCallTablesAreTheRFCs(t *testing.T) {
	for k := range callKinds {
		want := arrows(callArrows[k])
		for s := range callStates {
			for e := range callEvents {
				c := Call{kind: k, state: s}
				do := c.Step(time.Time{}, e)
				key := s.String() + " " + callEventNames[e]
				got := ""
				if do != CallNone {
					got = named(uint16(do), callActionNames) + " " + c.State().String()
				} else if c.State() != s {
					t.Errorf("%v: %s: moves to %v and does nothing", k, key, c.State())
				}
				if got != want[key] {
					t.Errorf("%v: %s: %q, want %q", k, key, got, want[key])
				}
				delete(want, key)
			}
		}
		for key := range want {
			t.Errorf("%v: no such pair: %s", k, key)
		}
	}
}

// Every message in every state: none may surprise the machine.
func TestEveryMessageInEveryState(t *testing.T) {
	for _, g := range golden {
		e, ok := CallEventOf(g.want)
		if control := EventOf(g.want, true) != RecvCallMessage; ok == control {
			t.Errorf("%s: of a call %v, of the connection %v", g.name, ok, control)
		}
		for k := range callKinds {
			for s := range callStates {
				c := Call{kind: k, state: s, timers: Timers{}.WithDefaults()}
				if ok {
					c.Step(time.Unix(0, 0), e)
				}
				if c.State() == CallIdle && !c.Deadline().IsZero() {
					t.Errorf("%v: %s in %v: idle with a deadline", k, g.name, s)
				}
			}
		}
	}
}

// Each state that waits has its limit, and only the call is cleared then.
func TestStuckCallsAreClearedAlone(t *testing.T) {
	for _, test := range []struct {
		kind  CallKind
		path  []CallEvent
		state CallState
		after int
		want  CallAction
	}{
		{IncomingPAC, []CallEvent{Begin}, WaitReply, 60, SendDisconnect | CallOver},
		{IncomingPAC, []CallEvent{Begin, RecvAccept, Connect, RecvClear}, Clearing, 30, SendDisconnect | CallOver},
		{IncomingPNS, []CallEvent{RecvRequest}, Deciding, 60, SendRefusal | CallOver},
		{IncomingPNS, []CallEvent{RecvRequest, Accept}, WaitConnect, 120, SendClear},
		{IncomingPNS, []CallEvent{RecvRequest, Accept, RecvConnected, Terminate}, WaitDisconnect, 60, CallOver},
		{OutgoingPAC, []CallEvent{RecvRequest}, WaitAnswer, 90, SendRefusal | CallOver},
		{OutgoingPNS, []CallEvent{Begin}, WaitReply, 120, SendClear},
		{OutgoingPNS, []CallEvent{Begin, Terminate}, WaitDisconnect, 60, CallOver},
		{IncomingPAC, []CallEvent{Begin, RecvAccept}, Answering, 0, CallNone},
		{IncomingPNS, []CallEvent{RecvRequest, Accept, RecvConnected}, CallEstablished, 0, CallNone},
	} {
		start := time.Unix(5000, 0)
		c := NewCall(test.kind, Timers{})
		for _, e := range test.path {
			c.Step(start, e)
		}
		if c.State() != test.state {
			t.Errorf("%v: in %v, want %v", test.kind, c.State(), test.state)
		}
		if test.after == 0 {
			if !c.Deadline().IsZero() {
				t.Errorf("%v, %v has a limit", test.kind, test.state)
			}
			continue
		}
		limit := start.Add(time.Duration(test.after) * time.Second)
		if do := c.Expire(limit.Add(-1)); do != CallNone {
			t.Errorf("%v, %v: early: %#x", test.kind, test.state, do)
		}
		if do := c.Expire(limit); do != test.want {
			t.Errorf("%v, %v: %s", test.kind, test.state, named(uint16(do), callActionNames))
		}
	}
}
