package eap

import (
	"testing"

	"carrier/shared/ppp"
)

func newPeer(methods ...PeerMethod) (*Peer, *ppp.Outbox) {
	return NewPeer("saran", methods), new(ppp.Outbox)
}

func TestPeerRunsAMethod(t *testing.T) {
	m := &scriptedPeer{kind: 99, steps: []PeerStep{{Answer: true, Data: []byte("a")}, {Answer: true, Data: []byte("b"), Standing: Ended, Text: "welcome"}}}
	p, out := newPeer(m)
	p.Receive(unhex(t, "01 07 000a 01 4e616d653f"), out) // with a prompt
	sent(t, out, "02 07 000a 01 736172616e")
	p.Receive(unhex(t, "01 07 000a 01 4e616d653f"), out) // again: our Response was lost
	sent(t, out, "02 07 000a 01 736172616e")
	p.Receive(unhex(t, "01 08 0006 63 01"), out)
	sent(t, out, "02 08 0006 63 61")
	p.Receive(unhex(t, "01 08 0006 63 01"), out)
	sent(t, out, "02 08 0006 63 61")
	p.Receive(unhex(t, "01 09 0006 63 02"), out)
	sent(t, out, "02 09 0006 63 62")
	if r := p.Receive(unhex(t, "03 09 0004"), out); r != (Result{Accepted, "welcome"}) || m.ended == 0 {
		t.Errorf("%+v", r)
	}
	if r := p.Receive(unhex(t, "04 09 0004"), out); r.Outcome != Pending {
		t.Errorf("a Failure after Success: %+v", r)
	}
	sent(t, out)
}

func TestIdentifiersReusedByTheAuthenticator(t *testing.T) {
	p, out := newPeer(&scriptedPeer{kind: 99})
	p.Receive(unhex(t, "01 07 0005 01"), out)
	out.Take()
	p.Receive(unhex(t, "01 07 0006 63 01"), out) // another Request under the same Identifier
	sent(t, out)
	if p.Method() != nil {
		t.Error("it began a method")
	}
}

func TestSuccessBeforeTheEndIsNotBelieved(t *testing.T) {
	m := &scriptedPeer{kind: 99}
	p, out := newPeer(m)
	for _, k := range []string{"03 00 0004", "03 01 0004", "04 00 0004"} {
		if r := p.Receive(unhex(t, k), out); r.Outcome != Pending {
			t.Errorf("%s before anything: %+v", k, r)
		}
	}
	p.Receive(unhex(t, "01 07 0005 01"), out)
	if r := p.Receive(unhex(t, "03 07 0004"), out); r.Outcome != Pending {
		t.Errorf("without a method: %+v", r)
	}
	for _, tt := range []struct {
		stand            Standing
		success, failure Outcome
	}{{Going, Pending, Refused}, {Ended, Accepted, Refused}, {Assured, Accepted, Pending}, {Lost, Pending, Refused}} {
		for code, want := range map[Code]Outcome{Success: tt.success, Failure: tt.failure} {
			p, out = newPeer(&scriptedPeer{kind: 99, steps: []PeerStep{{Answer: true, Standing: tt.stand}}})
			p.Receive(unhex(t, "01 07 0006 63 01"), out)
			for id, want := range map[byte]Outcome{6: Pending, 9: Pending} {
				if r := p.Receive(Packet{Code: code, ID: id}.Append(nil), out); r.Outcome != want {
					t.Errorf("standing %d: code %d with Identifier %d: %+v", tt.stand, code, id, r)
				}
			}
			if r := p.Receive(Packet{Code: code, ID: 7}.Append(nil), out); r.Outcome != want {
				t.Errorf("standing %d: code %d: %+v, want %d", tt.stand, code, r, want)
			}
		}
	}
	p, out = newPeer(&scriptedPeer{kind: 99, steps: []PeerStep{{Answer: true, Standing: Ended}}})
	p.Receive(unhex(t, "01 ff 0006 63 01"), out)
	if r := p.Receive(unhex(t, "03 00 0004"), out); r.Outcome != Accepted { // counted one further
		t.Errorf("%+v", r)
	}
}

func TestTypesUnknownAreRefused(t *testing.T) {
	for _, k := range []string{"01 07 0005 04", "01 08 0006 0d 20", "01 09 000d fe 00013700000001 00"} {
		p, out := newPeer(&scriptedPeer{kind: 99}, &scriptedPeer{kind: 26})
		p.Receive(unhex(t, k), out)
		sent(t, out, "02 "+k[3:5]+" 0007 03 63 1a")
	}
	p, out := newPeer()
	p.Receive(unhex(t, "01 07 0006 63 01"), out)
	sent(t, out, "02 07 0006 03 00") // RFC 3748 §5.3.1: no alternative
	p.Receive(unhex(t, "01 08 0006 03 63"), out)
	p.Receive(unhex(t, "01 09 0005 00"), out)
	sent(t, out) // neither Nak nor 0 can be asked for
}

func TestOneMethodInAConversation(t *testing.T) {
	one, two := &scriptedPeer{kind: 99, steps: []PeerStep{{}}}, &scriptedPeer{kind: 100}
	p, out := newPeer(one, two)
	p.Receive(unhex(t, "01 07 0006 63 01"), out) // not valid, so nothing has begun
	sent(t, out)
	p.Receive(unhex(t, "01 08 0006 64 01"), out)
	sent(t, out, "02 08 0006 64 01")
	for _, k := range []string{"01 09 0006 63 01", "01 0a 0006 65 01", "01 0b 0005 01"} {
		p.Receive(unhex(t, k), out)
		sent(t, out)
	}
	p.Receive(unhex(t, "01 0c 0007 02 6869"), out) // a Notification may come at any time
	sent(t, out, "02 0c 0005 02")
	if r := p.Receive(unhex(t, "04 0c 0004"), out); r != (Result{Refused, "hi"}) {
		t.Errorf("%+v", r)
	}
}

func TestANewConversationAfterTheFirst(t *testing.T) {
	m := &scriptedPeer{kind: 99, steps: []PeerStep{{Answer: true, Standing: Ended}}}
	p, out := newPeer(m)
	p.Receive(unhex(t, "01 07 0006 63 01"), out)
	p.Receive(unhex(t, "03 07 0004"), out)
	out.Take()
	p.Receive(unhex(t, "01 08 0005 01"), out)
	sent(t, out, "02 08 000a 01 736172616e")
	p.Receive(unhex(t, "01 09 0006 63 05"), out)
	sent(t, out, "02 09 0006 63 05")
	if r := p.Receive(unhex(t, "03 09 0004"), out); r.Outcome != Pending || m.begins != 2 {
		t.Errorf("%+v after %d beginnings: the first end counts for the second", r, m.begins)
	}
}

func TestRoundsOfAPeerAreBounded(t *testing.T) {
	for _, k := range []string{"01 00 0005 04", "01 00 0005 02", "01 00 0005 63"} { // refused, told, answered: for ever
		m := &scriptedPeer{kind: 99}
		p, out := newPeer(m)
		r, n := Result{}, 0
		for b := unhex(t, k); r.Outcome == Pending && n < 1000; n++ {
			r = p.Receive(b, out)
			b[1]++
		}
		if n != maxRounds+1 || r != (Result{Refused, ErrRounds.Error()}) || len(out.Take()) != maxRounds {
			t.Errorf("%s: %+v after %d", k, r, n)
		}
	}
}
