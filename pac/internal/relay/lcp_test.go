package relay

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

var (
	pap     = ppp.Append(nil, ppp.PAP, []byte("\x01\x01\x00\x10\x05saran\x06secret"))
	magic   = []byte{5, 6, 1, 2, 3, 4}
	request = lcp(cp.ConfigureRequest, 1, magic...) // the caller's last, to the PAC
)

func TestOnlyLCPGoesUpBeforeTheHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		echo := lcp(9, 3, 0, 0, 0, 0)
		b := newBench(t, Options{Held: [][]byte{pap, echo, lcp(cp.ConfigureAck, 1)}}).listen()
		b.wantsUp("held", echo)
		b.says(pap)
		b.says(ip('x'))
		for _, code := range []cp.Code{cp.ConfigureAck, cp.ConfigureNak, cp.ConfigureReject} {
			b.says(lcp(code, 1)) // answers to the PAC
		}
		b.writes(hdlc.AppendFull(nil, []byte{0xC0, 0x20})) // no protocol number
		b.wantsUp("before the PNS asks")
		b.sends(lcp(cp.ConfigureRequest, 1))
		b.wantsDown("the PNS asks", lcp(cp.ConfigureRequest, 1))
		b.says(pap) // was under way
		b.wantsUp("before she has acknowledged")
		nak := lcp(cp.ConfigureNak, 1, 3, 4, 0xC0, 0x23)
		b.says(nak)
		b.says(pap)
		b.wantsUp("she negotiates", nak)
		b.says(lcp(cp.ConfigureAck, 1))
		b.says(pap)
		b.wantsUp("she has acknowledged", lcp(cp.ConfigureAck, 1), pap)
		b.stop(nil)
	})
}

func TestHeldGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := lcp(cp.ConfigureRequest, 4), lcp(cp.ConfigureRequest, 5)
		b := newBench(t, Options{Held: [][]byte{first, second}, LastRequest: first})
		b.says(lcp(9, 1))
		b.wantsUp("order", first, second, lcp(9, 1))
		if b.relay.lcp.replay != nil {
			t.Error("a request among them is one that she sent herself")
		}
		b.stop(nil)
	})
}

func TestReplay(t *testing.T) {
	ask, ack := lcp(cp.ConfigureRequest, 7), lcp(cp.ConfigureAck, 7)
	fresh := lcp(cp.ConfigureRequest, 8, magic...)
	for _, tt := range []struct {
		name  string
		last  []byte
		steps func(b *bench)
		want  [][]byte
	}{
		{"she only acknowledges", request, func(b *bench) { b.sends(ask); b.says(ack) }, [][]byte{ack, request}},
		{"once", request, func(b *bench) {
			b.sends(ask)
			b.says(ack)
			time.Sleep(5 * time.Second)
			b.sends(ask)
			b.says(ack)
		}, [][]byte{ack, request, ack}},
		{"she restarts before", request, func(b *bench) { b.sends(ask); b.says(fresh); b.says(ack) }, [][]byte{fresh, ack}},
		{"she restarts afterwards", request, func(b *bench) { b.sends(ask); b.says(ack); b.says(fresh) }, [][]byte{ack, fresh}},
		{"she restarted before the PNS asked", request, func(b *bench) { b.says(fresh); b.sends(ask); b.says(ack) }, [][]byte{fresh, ack}},
		{"she does not acknowledge", request, func(b *bench) { b.sends(ask) }, nil},
		{"the PNS does not ask", request, func(b *bench) { b.says(ack) }, nil},
		{"none is known", nil, func(b *bench) { b.sends(ask); b.says(ack) }, [][]byte{ack}},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, Options{LastRequest: tt.last}).listen()
			tt.steps(b)
			time.Sleep(time.Minute)
			b.wantsUp(tt.name, tt.want...)
			b.stop(nil)
		})
	}
}

func TestReplayLeavesTheCallerTimeToRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{LastRequest: request}).listen()
		b.sends(lcp(cp.ConfigureRequest, 7))
		b.says(lcp(cp.ConfigureAck, 7))
		time.Sleep(replayAfter - time.Millisecond)
		b.wantsUp("early", lcp(cp.ConfigureAck, 7))
		time.Sleep(time.Millisecond)
		b.wantsUp("due", request)
		b.stop(nil)
	})
}

// controls is a data frame with every control character in it.
var controls = func() []byte {
	f := ip()
	for c := range byte(0x20) {
		f = append(f, c)
	}
	return f
}()

// escapes counts the control characters that were escaped, and fails if any
// other went out bare.
func escapes(t *testing.T, raw []byte, accm uint32) {
	t.Helper()
	for c := range byte(0x20) {
		escaped := bytes.Contains(raw, []byte{0x7D, c ^ 0x20})
		if want := accm>>c&1 == 1; escaped != want {
			t.Errorf("%#x escaped: %v, want %v of %#x", c, escaped, want, accm)
		}
	}
}

func TestTransmitMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{}).listen()
		down := func(what string, accm uint32) {
			t.Helper()
			b.sends(controls)
			escapes(t, b.wantsDown(what, controls), accm)
			f := lcp(9, 1, controls[4:]...)
			b.sends(f)
			escapes(t, b.wantsDown(what, f), hdlc.AllControl)
		}
		down("at first", hdlc.AllControl)
		b.connect(accm0, nil)
		down("she asked for nothing", hdlc.AllControl)
		b.connect(nil, []byte{optionACCM, 6, 0, 0x0A, 0, 0})
		down("she asked for XON and XOFF", 0x000A0000)
		b.says(lcp(cp.ConfigureRequest, 3))
		down("she starts afresh", hdlc.AllControl)
		b.sends(lcp(cp.ConfigureAck, 3, accm0...))
		b.heard()
		down("acknowledged", 0)
		b.sends(lcp(cp.ConfigureRequest, 4))
		b.heard()
		down("the PNS starts afresh", hdlc.AllControl)
		b.relay.SetLinkInfo(0x00000001, 0)
		down("Set-Link-Info", 1)
		b.tunnel.take()
		b.stop(nil)
	})
}

func TestReceiveMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{}).listen()
		xon := func(what string, dropped bool) {
			t.Helper()
			octets := hdlc.AppendFull(nil, ip('x'))
			octets = slices.Insert(octets, 9, 0x11)
			b.writes(octets)
			if dropped {
				b.wantsUp(what, ip('x'))
			} else {
				b.wantsUp(what)
			}
		}
		b.connect([]byte{optionACCM, 6, 0, 0x0A, 0, 0}, nil)
		xon("the PNS asked for it: the line put it in", true)
		b.relay.SetLinkInfo(0, 0xFFFFFFFF)
		xon("Set-Link-Info adds nothing", true)
		b.relay.SetLinkInfo(0, 0xFFFDFFFF)
		xon("Set-Link-Info takes it out: it is data", false)
		b.sends(lcp(cp.ConfigureRequest, 5))
		b.heard()
		xon("she has not answered yet", false)
		b.says(lcp(cp.ConfigureRequest, 6))
		b.tunnelled()
		xon("she starts afresh, with the defaults", true)
		if n := b.errors.FCS.Load(); n != 2 {
			t.Errorf("%d frames with a wrong FCS", n)
		}
		b.stop(nil)
	})
}

func TestDecoderIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		octets := hdlc.AppendFull(nil, request)
		d := &hdlc.Decoder{}
		d.Push(octets[:10], func([]byte, error) { t.Error("whole already") })
		b := newBench(t, Options{Decoder: d})
		b.writes(octets[10:])
		b.wantsUp("the rest of the frame", request)
		b.stop(nil)
	})
}

// Whether GRE passes is asked for each direction.
func TestHeardAndAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{}).listen()
		want := func(when string, heard, answered bool) {
			t.Helper()
			if h, a := b.relay.Heard(), b.relay.Answered(); h != heard || a != answered {
				t.Errorf("%s: heard %v, answered %v", when, h, a)
			}
		}
		want("at first", false, true)
		b.says(lcp(cp.ConfigureRequest, 1))
		want("she spoke", false, false)
		b.sends(lcp(cp.ConfigureRequest, 1))
		want("the PNS did, too", true, false)
		b.wantsUp("her request", lcp(cp.ConfigureRequest, 1))
		b.sends(lcp(cp.ConfigureAck, 1)) // brings the acknowledgement
		want("the PNS answered", true, true)
		b.stop(nil)
	})
}

func TestWhoEndedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{}).listen()
		if b.relay.Heard() || b.relay.CallerHungUp() || b.relay.ClearedText() != "" {
			t.Error("at first")
		}
		b.sends(lcp(cp.TerminateRequest, 1, []byte("idle for \x1b[31m30 min\xff")...))
		if got := b.relay.ClearedText(); got != "idle for .[31m30 min." || !b.relay.Heard() || b.relay.CallerHungUp() {
			t.Errorf("%q", got)
		}
		b.sends(lcp(cp.TerminateRequest, 2, bytes.Repeat([]byte{'x'}, 1000)...))
		if got := b.relay.ClearedText(); got != strings.Repeat("x", maxText) {
			t.Errorf("%d octets kept", len(got))
		}
		b.says(lcp(cp.TerminateAck, 2))
		if b.relay.CallerHungUp() {
			t.Error("she only agreed")
		}
		b.says(lcp(cp.TerminateRequest, 5))
		if !b.relay.CallerHungUp() {
			t.Error("she hung up")
		}
		b.stop(nil)
	})
}

// The last words of ours go behind what waits for the line, whole and in LCP's
// form, and count for no packet of the PNS's.
func TestTerminate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.sends(ip('1'))
		b.relay.Terminate("the operator ended the call")
		b.listen()
		if err := b.relay.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		b.wantsDown("the last words", ip('1'), lcp(cp.TerminateRequest, 0, []byte("the operator ended the call")...))
		b.relay.Terminate(strings.Repeat("x", 1000))
		b.wantsDown("long ones", lcp(cp.TerminateRequest, 0, bytes.Repeat([]byte{'x'}, maxText)...))
		if got := b.relay.ClearedText(); got != "" {
			t.Errorf("taken for the PNS's: %q", got)
		}
		b.stop(nil)
		b.relay.Terminate("nobody listens")
		if n := b.relay.Stats().Waiting; n != 0 {
			t.Errorf("%d frames wait for ever", n)
		}
	})
}

// FuzzWatcher sends arbitrary LCP packets both ways: nothing panics, and what
// is replayed is what was given, once at most.
func FuzzWatcher(f *testing.F) {
	f.Add(cp.Packet{Code: cp.ConfigureRequest, ID: 1, Data: accm0}.Append(nil), cp.Packet{Code: cp.ConfigureAck, ID: 1, Data: accm0}.Append(nil))
	f.Add(cp.Packet{Code: cp.ConfigureAck, Data: []byte{2, 255}}.Append(nil), []byte{2, 1, 255, 255})
	f.Add(cp.Packet{Code: cp.TerminateRequest, Data: []byte{0x80}}.Append(nil), []byte{5})
	f.Fuzz(func(t *testing.T, up, down []byte) {
		w := watcher{transmit: hdlc.AllControl, replay: request}
		var d hdlc.Decoder
		now, replayed := time.Unix(1, 0), 0
		for range 3 {
			w.down(down)
			w.up(now, up, &d)
			now = now.Add(replayAfter)
			if r := w.replayDue(now); r != nil {
				replayed++
				if !bytes.Equal(r, request) {
					t.Fatalf("replayed % x", r)
				}
			}
			terminateText(down)
		}
		if replayed > 1 || replayed == 1 && !w.open {
			t.Errorf("%d times replayed, open %v", replayed, w.open)
		}
	})
}
