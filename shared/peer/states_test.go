package peer

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/pptp"
)

// theirs is the Call ID of a stranger's calls.
const theirs = 0x6A47

// callStates are all the states of a call, on each side of it, and what becomes of
// each message there: what is answered, then the state that follows, or "told"
// where it stays and the owner has an event. A point: it is counted and left alone.
// What a request begins is "new" where its Call ID is free.
const callStates = `
                              ICRQ  OCRQ  ICRP+        ICRP-  OCRP+        OCRP-  ICCN         CCR        CDN   WEN   SLI
incoming,PAC:wait_reply       new   new   answering    idle   .            .      .            CDN,idle   idle  .     .
incoming,PAC:answering        ICRP  OCRP  .            .      .            .      .            clearing   idle  .     told
incoming,PAC:established      ICRP  OCRP  .            .      .            .      .            clearing   idle  .     told
incoming,PAC:clearing         ICRP  OCRP  .            .      .            .      .            .          idle  .     .
incoming,PNS:deciding         ICRP  OCRP  .            .      .            .      .            .          idle  .     .
incoming,PNS:wait_connect     ICRP  OCRP  .            .      .            .      established  CDN,idle   idle  .     .
incoming,PNS:established      ICRP  OCRP  .            .      .            .      .            CDN,idle   idle  told  .
incoming,PNS:wait_disconnect  ICRP  OCRP  .            .      .            .      .            CDN,idle   idle  .     .
outgoing,PAC:wait_cs_ans      ICRP  OCRP  .            .      .            .      .            CDN,idle   idle  .     .
outgoing,PAC:established      ICRP  OCRP  .            .      .            .      .            clearing   idle  .     told
outgoing,PAC:clearing         ICRP  OCRP  .            .      .            .      .            .          idle  .     .
outgoing,PNS:wait_reply       new   new   .            .      established  idle   .            CDN,idle   idle  .     .
outgoing,PNS:established      ICRP  OCRP  .            .      .            .      .            CDN,idle   idle  told  .
outgoing,PNS:wait_disconnect  ICRP  OCRP  .            .      .            idle   .            CDN,idle   idle  .     .
outgoing,PNS:idle             new   new   .            .      .            .      .            .          .     .     .
incoming,PNS:idle             new   new   .            .      .            .      .            .          .     .     .
`

// callMessage is a message as the table calls it, about a call with those Call IDs.
func callMessage(name string, ours, theirs uint16) pptp.Message {
	return map[string]pptp.Message{
		"ICRQ":  pptp.IncomingCallRequest{CallID: theirs, CallSerialNumber: 9, BearerType: pptp.Analog},
		"OCRQ":  pptp.OutgoingCallRequest{CallID: theirs, CallSerialNumber: 9, BearerType: pptp.Analog},
		"ICRP+": pptp.IncomingCallReply{CallID: theirs, PeerCallID: ours, Result: pptp.IncomingConnect},
		"ICRP-": pptp.IncomingCallReply{CallID: theirs, PeerCallID: ours, Result: pptp.IncomingDoNotAccept},
		"OCRP+": pptp.OutgoingCallReply{CallID: theirs, PeerCallID: ours, Result: pptp.OutgoingConnected},
		"OCRP-": pptp.OutgoingCallReply{CallID: theirs, PeerCallID: ours, Result: pptp.OutgoingBusy},
		"ICCN":  pptp.IncomingCallConnected{PeerCallID: ours},
		"CCR":   pptp.CallClearRequest{CallID: theirs},
		"CDN":   pptp.CallDisconnectNotify{CallID: theirs, Result: pptp.LostCarrier},
		"WEN":   pptp.WANErrorNotify{PeerCallID: ours, CRCErrors: 1},
		"SLI":   pptp.SetLinkInfo{PeerCallID: ours},
	}[name]
}

// initials are what the table calls the messages that we send.
func initials(m pptp.Message) string {
	switch m.(type) {
	case pptp.IncomingCallReply:
		return "ICRP"
	case pptp.OutgoingCallReply:
		return "OCRP"
	case pptp.CallDisconnectNotify:
		return "CDN"
	case pptp.CallClearRequest:
		return "CCR"
	case pptp.EchoReply:
		return "echo"
	default:
		return m.Type().String()
	}
}

// A stage is an endpoint with a stranger's control connection, and a call in some
// state.
type stage struct {
	t     *testing.T
	h     *host
	nc    net.Conn // the stranger's end
	heard <-chan pptp.Message
	conn  *Conn
	call  *Call
	err   chan error // of Offer or Place
}

func newStage(t *testing.T, state string) *stage {
	h := bubbleHost(t, "denver", newCable("192.0.2.2:4754"))
	nc, heard := established(t, h)
	synctest.Wait()
	s := &stage{t: t, h: h, nc: nc, heard: heard, conn: h.all()[0], err: make(chan error, 1)}
	side, state, _ := strings.Cut(state, ":")
	switch side {
	case "incoming,PAC":
		s.asks(func() (*Call, error) {
			return s.conn.Offer(t.Context(), pptp.IncomingCallRequest{CallSerialNumber: 1})
		})
		s.reach(state, step{"answering", func() { s.says("ICRP+") }},
			step{"established", func() { s.call.Connected(pptp.IncomingCallConnected{}) }}, step{"clearing", func() { s.says("CCR") }})
	case "incoming,PNS":
		s.says("ICRQ")
		s.call = <-h.incoming
		s.reach(state, step{"wait_connect", func() { s.call.Accept(1, 0) }}, step{"established", func() { s.says("ICCN") }},
			step{"wait_disconnect", func() { s.call.Clear() }}, step{"idle", func() { s.says("CDN") }})
	case "outgoing,PAC":
		s.says("OCRQ")
		s.call = <-h.outgoing
		s.reach(state, step{"established", func() { s.call.Answer(pptp.OutgoingCallReply{}) }}, step{"clearing", func() { s.says("CCR") }})
	case "outgoing,PNS":
		s.asks(func() (*Call, error) {
			return s.conn.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 1})
		})
		s.reach(state, step{"established", func() { s.says("OCRP+") }}, step{"wait_disconnect", func() { s.call.Clear() }},
			step{"idle", func() { s.says("CDN") }})
	}
	s.hear()
	for len(s.call.events) > 0 {
		<-s.call.events
	}
	return s
}

// asks begins a call of ours.
func (s *stage) asks(begin func() (*Call, error)) {
	go func() {
		_, err := begin()
		s.err <- err
	}()
	synctest.Wait()
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	for _, c := range s.conn.calls {
		s.call = c
	}
}

// A step leads to a state from the one before.
type step struct {
	state string
	do    func()
}

func (s *stage) reach(state string, steps ...step) {
	for s.state() != state && len(steps) > 0 {
		steps[0].do()
		synctest.Wait()
		steps = steps[1:]
	}
	if s.state() != state {
		s.t.Fatalf("in %s, not in %s", s.state(), state)
	}
}

func (s *stage) state() string {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.call.state.State().String()
}

// named tells whether the stranger has given the call a Call ID.
func (s *stage) named() bool {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.call.known
}

// says sends a message about the call. Where the stranger has given no Call ID yet
// it has ours.
func (s *stage) says(name string) {
	s.t.Helper()
	ours, peers := uint16(0), uint16(theirs)
	if s.call != nil {
		if ours = s.call.ID(); (name == "CCR" || name == "CDN") && !s.named() {
			peers = ours
		}
	}
	b, err := pptp.Append(nil, callMessage(name, ours, peers))
	if err != nil {
		s.t.Fatal(err)
	}
	s.nc.Write(b)
	synctest.Wait()
}

// hear is what has come, in initials.
func (s *stage) hear() string {
	var all []string
	for len(s.heard) > 0 {
		all = append(all, initials(<-s.heard))
	}
	return strings.Join(all, ",")
}

// outcome is what becomes of a message, as the table says it.
func (s *stage) outcome(name string) string {
	was, odd := s.state(), s.h.stats.MessagesUnexpected.Load()
	incoming, outgoing := len(s.h.incoming), len(s.h.outgoing)
	s.says(name)
	var all []string
	if answer := s.hear(); answer != "" {
		all = append(all, answer)
	}
	if now := s.state(); now != was {
		all = append(all, now)
	} else if len(s.call.events) > 0 {
		all = append(all, "told")
	}
	if len(s.h.incoming)+len(s.h.outgoing) > incoming+outgoing {
		all = append(all, "new")
	}
	if s.h.stats.MessagesUnexpected.Load() > odd {
		all = append(all, ".")
	}
	return strings.Join(all, ",")
}

// Every message in every state of a call, at both ends: what is answered and what
// becomes of the call. The control connection outlives all of them.
func TestEveryMessageInEveryStateOfACall(t *testing.T) {
	table := strings.Split(strings.TrimSpace(callStates), "\n")
	messages := strings.Fields(table[0])
	for _, line := range table[1:] {
		cells := strings.Fields(line)
		for i, message := range messages {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, cells[0])
				if got := s.outcome(message); got != cells[1+i] {
					t.Errorf("%s: %s: %s, want %s", cells[0], message, got, cells[1+i])
				}
				s.nc.Write(octets(t, echoRequest))
				synctest.Wait()
				if got := s.hear(); got != "echo" {
					t.Errorf("%s: %s: afterwards the connection says %q", cells[0], message, got)
				}
			})
		}
	}
}

// The control connection is lost in every state of a call: the owner hears of it,
// once, and nothing is left.
func TestControlConnectionLostInEveryState(t *testing.T) {
	for line := range strings.Lines(callStates) {
		state, _, _ := strings.Cut(line, " ")
		if state == "" || strings.TrimSpace(state) == "" || strings.HasSuffix(state, "idle") {
			continue
		}
		for how, end := range map[string]func(*stage){
			"closed":  func(s *stage) { s.nc.Close() },
			"stopped": func(s *stage) { s.nc.Write(octets(t, stopRequest)) },
			"broken":  func(s *stage) { s.nc.Write([]byte("GET / HTTP/1.1\r\n\r\n")) },
			"silent":  func(s *stage) { time.Sleep(3 * time.Minute) },
			"by us":   func(s *stage) { s.conn.Stop() },
		} {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, state)
				end(s)
				synctest.Wait()
				var last Event
				for e := range s.call.Events() {
					last = e
				}
				ours := strings.HasSuffix(state, "wait_disconnect") // then it is the end that we wanted
				stuck := how == "silent"                            // then the call's own limit may come first
				if last.Kind != Ended || !stuck && errors.Is(last.Err, ErrControlLost) == ours {
					t.Errorf("%s, %s: the last event is %+v", state, how, last)
				}
				if strings.HasSuffix(state, "wait_reply") {
					if err := <-s.err; err == nil {
						t.Errorf("%s, %s: a call came of it", state, how)
					}
				}
				if err := s.call.Send([]byte{0}); !errors.Is(err, ErrCallEnded) {
					t.Errorf("%s, %s: GRE after the end: %v", state, how, err)
				}
				if how == "by us" {
					s.nc.Close()
					synctest.Wait()
				}
				if left := s.h.left(); left != "" {
					t.Errorf("%s, %s: %s", state, how, left)
				}
			})
		}
	}
}

// left is what an endpoint without connections still knows of some; empty: nothing.
func (h *host) left() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids.mu.Lock()
	defer h.ids.mu.Unlock()
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	n := [...]int{int(h.stats.Calls.Load()), len(h.conns), len(h.byAddr), len(h.pending), len(h.ids.free) - h.ids.n, len(h.ids.names), len(h.gate.groups)}
	if n == [len(n)]int{} {
		return ""
	}
	return fmt.Sprintf("%d calls, %d connections, %d addresses, %d that wait, %d Call IDs, %d names and %d groups are left",
		n[0], n[1], n[2], n[3], n[4], n[5], n[6])
}

// Call-Clear-Request and Call-Disconnect-Notify cross, in each order in which the
// two ends' owners may move: both calls end, once, and the connection goes on.
func TestClearRacesDisconnect(t *testing.T) {
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			pac, pns, conn := bubble(t)
			a, n := call(t, conn, pns, 1)
			go n.Clear()
			go a.Disconnect(pptp.CallDisconnectNotify{Result: pptp.LostCarrier})
			for _, c := range []*Call{a, n} {
				ended := 0
				for e := range c.Events() {
					if e.Kind == Ended {
						ended++
					} else if e.Kind != Cleared || c != a {
						t.Errorf("%+v", e)
					}
				}
				if ended != 1 {
					t.Errorf("ended %d times", ended)
				}
			}
			synctest.Wait()
			if pac.stats.Calls.Load()+pns.stats.Calls.Load() != 0 || pac.stats.CallsStuck.Load()+pns.stats.CallsStuck.Load() != 0 {
				t.Error("a call is left, or was given up")
			}
			call(t, conn, pns, 2)
		})
	}
}
