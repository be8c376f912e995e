package cp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
)

func TestOpens(t *testing.T) {
	r := newRig(t, Options{}, Option{1, []byte{5}})
	r.did |= r.Machine.Open(r.now, &r.out)
	r.wantDone(TLS)
	r.did |= r.Machine.Up(r.now, &r.out)
	r.want(ReqSent, "01 01 00 07 01 03 05")
	r.recv(1, 9, 1, 2)
	r.want(AckSent, "02 09 00 06 01 02")
	r.recv(2, 1, 1, 3, 5)
	r.wantDone(TLU)
	r.want(Opened)
	r.wantLog("reset", "acked")
	if !r.Deadline().IsZero() {
		t.Error("the Restart timer runs in Opened")
	}
}

func TestRequestsAreRepeatedTenTimes(t *testing.T) {
	r := newRig(t, Options{})
	r.start()
	r.want(ReqSent, "01 01 00 04")
	began := r.now
	for range 9 {
		r.expire()
		r.want(ReqSent, "01 01 00 04") // the same Identifier: a late answer is good
	}
	r.expire()
	r.wantDone(TLF)
	r.want(Stopped)
	if d := r.now.Sub(began); d != 30*time.Second {
		t.Errorf("gave up after %v", d)
	}
}

func TestExpireBeforeTheDeadlineDoesNothing(t *testing.T) {
	r := newRig(t, Options{})
	r.start()
	r.want(ReqSent, "01 01 00 04")
	r.did |= r.Machine.Expire(r.now.Add(3*time.Second-1), &r.out)
	r.want(ReqSent)
}

func TestCloseSendsTwoTerminateRequests(t *testing.T) {
	r := newRig(t, Options{}).open()
	r.SetMRU(8)
	r.did |= r.Machine.Close(r.now, "goodbye", &r.out)
	r.wantDone(TLD)
	r.want(Closing, "05 02 00 08 67 6f 6f 64") // cut to the peer's MRU
	r.did |= r.Machine.Close(r.now, "again", &r.out)
	r.expire()
	r.want(Closing, "05 02 00 08 67 6f 6f 64")
	r.expire()
	r.wantDone(TLF)
	r.want(Closed)
	r.recv(1, 5)
	r.want(Closed, "06 05 00 04")
}

func TestTerminateAckEnds(t *testing.T) {
	r := newRig(t, Options{}).open()
	r.did |= r.Machine.Close(r.now, "", &r.out)
	r.want(Closing, "05 02 00 04")
	r.recv(6, 2)
	r.wantDone(TLF)
	r.want(Closed)
}

func TestPeerTerminates(t *testing.T) {
	r := newRig(t, Options{}).open()
	r.recv(5, 7, []byte("User request")...)
	r.wantDone(TLD)
	r.want(Stopping, "06 07 00 04")
	if text, ok := r.PeerTerminated(); text != "User request" || !ok {
		t.Errorf("text %q, %v", text, ok)
	}
	r.expire() // one Restart time for the Ack to arrive (RFC 1661 §4.4, zrc)
	r.wantDone(TLF)
	r.want(Stopped)
}

func TestOnlyValidAcksCount(t *testing.T) {
	r := newRig(t, Options{}, Option{1, []byte{5}})
	r.start()
	r.want(ReqSent, "01 01 00 07 01 03 05")
	r.recv(2, 2, 1, 3, 5) // wrong Identifier
	r.recv(2, 1, 1, 3, 6) // wrong value
	r.recv(2, 1)          // not all
	r.want(ReqSent)
	r.recv(2, 1, 1, 3, 5)
	r.want(AckRcvd)
	r.recv(2, 1, 1, 3, 5) // the answer to a request that was repeated
	r.want(AckRcvd)
	r.recv(1, 1)
	r.want(Opened, "02 01 00 04")
	r.recv(2, 1, 1, 3, 5)
	r.recv(3, 1, 1, 3, 6)
	r.want(Opened)
}

func TestIdentifierChangesWithTheContent(t *testing.T) {
	r := newRig(t, Options{FirstID: 254}, Option{1, []byte{5}}, Option{4, nil})
	r.start()
	r.want(ReqSent, "01 ff 00 09 01 03 05 04 02")
	r.recv(4, 255, 4, 2)
	r.want(ReqSent, "01 00 00 07 01 03 05")
	r.recv(3, 0, 1, 3, 9) // this negotiator stays with its value: new because it was answered
	r.want(ReqSent, "01 01 00 07 01 03 05")
	r.wantLog("reset", "rejected [{4 []}]", "naked [{1 [9]}]")
}

func TestNakEqualToOurRequestIsAReject(t *testing.T) {
	r := newRig(t, Options{}, Option{1, []byte{5}}, Option{4, nil})
	r.start()
	r.recv(3, 1, 1, 3, 6, 4, 2, 6, 3, 1)
	r.wantLog("reset", "naked [{1 [6]} {6 [1]}]", "rejected [{4 []}]")
	r.want(ReqSent, "01 01 00 09 01 03 05 04 02", "01 02 00 07 01 03 05")
}

func TestInvalidNaksAndRejectsAreDropped(t *testing.T) {
	for _, p := range []Packet{
		{ConfigureReject, 1, []byte{1, 3, 6}},          // not our value
		{ConfigureReject, 1, []byte{1, 3, 5, 9, 2}},    // more than we asked
		{ConfigureReject, 1, nil},                      // of nothing
		{ConfigureNak, 1, nil},                         //
		{ConfigureNak, 2, []byte{1, 3, 6}},             // wrong Identifier
		{ConfigureNak, 1, []byte{1, 3, 6, 1}},          // half an option
		{ConfigureNak, 1, []byte{1, 1}},                // length 1
		{ConfigureRequest, 1, []byte{1, 0}},            // length 0
		{ConfigureRequest, 1, []byte{1, 9, 1}},         // too long
		{CodeReject, 1, nil},                           // of no code
		{ConfigureAck, 1, []byte{1, 3, 5, 0, 0, 0, 0}}, // more than we asked
	} {
		r := newRig(t, Options{}, Option{1, []byte{5}})
		r.start()
		r.recv(p.Code, p.ID, p.Data...)
		r.want(ReqSent, "01 01 00 07 01 03 05")
	}
}

func TestRejectGoesBeforeNak(t *testing.T) {
	r := newRig(t, Options{})
	r.start()
	r.recv(1, 4, 1, 2, 2, 3, 9, 50, 3, 1, 60, 2)
	r.want(ReqSent, "01 01 00 04", "04 04 00 09 32 03 01 3c 02")
	r.recv(1, 5, 1, 2, 2, 3, 9)
	r.want(ReqSent, "03 05 00 07 02 03 00")
}

func TestMaxFailureTurnsNaksIntoRejects(t *testing.T) {
	r := newRig(t, Options{})
	r.w.wants = true
	r.start()
	r.want(ReqSent, "01 01 00 04")
	for range 5 {
		r.recv(1, 3, 2, 3, 9)
		r.want(ReqSent, "03 03 00 0a 02 03 00 03 03 07")
	}
	r.recv(1, 3, 2, 3, 9)
	r.want(ReqSent, "04 03 00 07 02 03 09") // as it was asked; option 3 is no longer missed
	r.recv(1, 3)
	r.want(AckSent, "02 03 00 04")
}

func TestRoundsAreBounded(t *testing.T) {
	t.Run("of a peer that insists", func(t *testing.T) {
		r := newRig(t, Options{})
		r.start()
		r.recv(2, 1)
		r.out.Take()
		for range 20 {
			r.recv(1, 3, 50, 2)
			r.want(AckRcvd, "04 03 00 06 32 02")
		}
		r.recv(1, 3, 50, 2)
		r.wantDone(TLF)
		r.want(Stopped)
	})
	t.Run("of a peer that always wants something else", func(t *testing.T) {
		r := newRig(t, Options{}, Option{1, []byte{5}})
		r.start()
		for i := range 20 {
			r.recv(3, r.reqID, 1, 3, byte(6+i))
			if n := len(r.out.Take()); n > 2 || r.State() != ReqSent {
				t.Fatalf("round %d: %d packets, %v", i, n, r.State())
			}
		}
		r.recv(3, r.reqID, 1, 3, 99)
		r.wantDone(TLS | TLF)
		r.want(Stopped)
	})
}

func TestNegotiatorGivesUp(t *testing.T) {
	r := newRig(t, Options{}, Option{98, nil})
	r.start()
	r.recv(4, 1, 98, 2)
	r.want(Closing, "01 01 00 06 62 02", "05 02 00 18 "+spaced("cannot go without 98"))
	if r.Err() == nil || r.Err().Error() != "cannot go without 98" {
		t.Errorf("error %v", r.Err())
	}
	r = newRig(t, Options{}).open()
	r.recv(1, 9, 99, 2)
	r.wantDone(TLD)
	r.want(Closing, "05 02 00 0f "+spaced("ninety-nine"))
}

func spaced(s string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(hex[s[i]>>4])
		b.WriteByte(hex[s[i]&15])
	}
	return b.String()
}

func TestUnknownCodesAreRejected(t *testing.T) {
	r := newRig(t, Options{}).open()
	r.recv(200, 9, 1, 2, 3)
	r.want(Opened, "07 02 00 0b c8 09 00 07 01 02 03")
	r.SetMRU(10)
	r.recv(0, 9, 1, 2, 3)
	r.want(Opened, "07 03 00 0a 00 09 00 07 01 02") // a new Identifier each, cut to the MRU
}

func TestCodeReject(t *testing.T) {
	for c := ConfigureRequest; c <= CodeReject; c++ {
		r := newRig(t, Options{}).open()
		r.recv(7, 1, byte(c), 1, 0, 4)
		r.wantDone(TLD)
		r.want(Stopping, "05 02 00 04")
	}
	r := newRig(t, Options{}).open()
	r.recv(7, 1, 9, 1, 0, 4)
	r.wantDone(0)
	r.want(Opened)
}

func TestRequestInOpenedBeginsAnew(t *testing.T) {
	r := newRig(t, Options{}, Option{1, []byte{5}}).open()
	r.recv(1, 77, 1, 2)
	r.wantDone(TLD)
	r.want(AckSent, "01 02 00 07 01 03 05", "02 4d 00 06 01 02")
	r.wantLog("reset")
	r.recv(2, 2, 1, 3, 5)
	r.wantDone(TLU)
	r.want(Opened)
}

func TestDownAndUpAgain(t *testing.T) {
	r := newRig(t, Options{}).open()
	r.did |= r.Machine.Down(r.now, &r.out)
	r.wantDone(TLD)
	r.want(Starting)
	r.recv(1, 1)
	r.recv(200, 1)
	r.want(Starting) // nothing below: nothing is received
	r.did |= r.Machine.Up(r.now, &r.out)
	r.want(ReqSent, "01 02 00 04")
}

func TestOnlyAckNeverAsksAgain(t *testing.T) {
	r := newRig(t, Options{OnlyAck: true}, Option{1, []byte{5}}).open()
	r.recv(1, 77, 1, 2)
	r.wantDone(TLD | TLU)
	r.want(Opened, "02 4d 00 06 01 02")
	r.recv(1, 78, 50, 2)
	r.wantDone(TLD)
	r.want(AckRcvd, "04 4e 00 06 32 02")
	r.recv(2, 1, 1, 3, 5) // the replay's Ack
	r.want(AckRcvd)
	r.expire()
	r.want(AckRcvd)
	r.recv(1, 79)
	r.wantDone(TLU)
	r.want(Opened, "02 4f 00 04")
	r.recv(6, 1)
	r.wantDone(TLD)
	r.want(AckRcvd)
	for range 20 {
		if r.State() == AckRcvd {
			r.expire()
		}
	}
	r.want(Stopped) // bounded all the same
}

func TestEveryPacketInEveryState(t *testing.T) {
	for s := range states {
		for code := range 256 {
			for _, g := range goldenPackets {
				for n := range len(g.want.Data) + 1 {
					r := newRig(t, Options{OnlyAck: code%2 == 0}, Option{1, []byte{5}})
					r.auto.state = s
					r.request, r.reqID, r.answered = []byte{1, 3, 5}, 1, false
					r.recv(Code(code), 1, g.want.Data[:n]...)
					if out := r.out.Take(); len(out) > 2 {
						t.Errorf("%d answers to code %d in %v", len(out), code, s)
					}
					if r.did.Has(Illegal) {
						t.Errorf("illegal event from code %d in %v", code, s)
					}
				}
			}
		}
	}
}

func TestTwoMachinesAgree(t *testing.T) {
	a, b := newRig(t, Options{}, Option{2, []byte{3}}, Option{50, nil}), newRig(t, Options{}, Option{1, nil})
	a.start()
	b.start()
	for range 10 {
		for _, f := range a.out.Take() {
			b.frame(f)
		}
		for _, f := range b.out.Take() {
			a.frame(f)
		}
	}
	// b rejects 50, then suggests 0 for option 2; a stays with 3 until b rejects it.
	if a.State() != Opened || b.State() != Opened || len(a.w.ask) != 0 {
		t.Errorf("%v, %v, %v left", a.State(), b.State(), a.w.ask)
	}
}

func (r *rig) frame(f []byte) {
	_, info, err := ppp.Split(f)
	if err != nil {
		r.t.Fatal(err)
	}
	p, err := Parse(info)
	if err != nil {
		r.t.Fatal(err)
	}
	r.recv(p.Code, p.ID, p.Data...)
}

// A peer that lists one option as often as a packet has room for it is told once what
// we would take in its place.
func TestANakHasEachOptionOnce(t *testing.T) {
	r := newRig(t, Options{})
	r.start()
	r.want(ReqSent, "01 01 00 04")
	r.w.wants = true
	r.recv(1, 7, bytes.Repeat([]byte{2, 2}, 700)...)
	r.want(ReqSent, "03 07 00 0a 02 03 00 03 03 07")
}
