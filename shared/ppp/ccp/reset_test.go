package ccp

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"carrier/shared/ppp/cp"
)

// ends are the two ends of one direction.
func ends(t *testing.T, m level) (*Outbound, *Inbound) {
	t.Helper()
	c := Choice{m, m.Value()}
	out, err := NewOutbound(c, 1500)
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInbound(c, 1500)
	if err != nil {
		t.Fatal(err)
	}
	return out, in
}

func TestNothingAgreed(t *testing.T) {
	if out, err := NewOutbound(Choice{}, 1500); out != nil || err != nil {
		t.Error(out, err)
	}
	if in, err := NewInbound(Choice{}, 1500); in != nil || err != nil {
		t.Error(in, err)
	}
	bad := Choice{high, []byte{13}}
	if out, err := NewOutbound(bad, 1500); out != nil || err == nil {
		t.Error(out, err)
	}
	if in, err := NewInbound(bad, 1500); in != nil || err == nil {
		t.Error(in, err)
	}
}

// TestReset loses a datagram: the request goes out at once and each second
// again with its Identifier, each answer to it resets, and others do not.
func TestReset(t *testing.T) {
	out, in := ends(t, high)
	now := start
	packet := []byte("\x00\x21a packet")
	compress := func() []byte {
		info, ok := out.Compress(nil, packet)
		if !ok {
			t.Fatal("not compressed")
		}
		return info
	}
	right := func(what string, info []byte) {
		t.Helper()
		if got, err := in.Receive([]byte("x"), info); err != nil || string(got) != "x"+string(packet) {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	wrong := func(what string, info []byte) {
		t.Helper()
		if got, err := in.Receive([]byte("x"), info); err == nil || string(got) != "x" {
			t.Errorf("%s: %q, %v", what, got, err)
		}
	}
	asks := func(what string, want bool) (p cp.Packet) {
		t.Helper()
		p, ok := in.ResetRequest(now)
		if ok != want || ok && p.Code != ResetRequest {
			t.Errorf("%s: %v %v", what, p, ok)
		}
		return p
	}
	right("the first", compress())
	asks("all is well", false)
	compress() // lost
	wrong("a gap", compress())
	first := asks("a gap", true)
	wrong("behind it", compress())
	asks("at once again", false)
	now = now.Add(again)
	wrong("a second later", compress())
	if p := asks("a second later", true); p.ID != first.ID {
		t.Errorf("Identifier %d, then %d", first.ID, p.ID)
	}
	in.ResetAck(cp.Packet{Code: ResetAck, ID: first.ID + 1})
	wrong("the answer to another", []byte{0, 1, 2})
	for range 2 { // both requests arrive
		ack, ok := out.ResetRequest(first)
		if !ok || ack.ID != first.ID || ack.Code != ResetAck {
			t.Errorf("%v %v", ack, ok)
		}
		in.ResetAck(ack)
		right("after a reset", compress())
	}
	compress()
	wrong("another gap", compress())
	if p := asks("another gap", true); p.ID == first.ID {
		t.Error("the Identifier is the same")
	}
	if in.Lost != 2 || in.Resets != 3 || out.Resets != 2 {
		t.Errorf("lost %d, asked %d, obeyed %d", in.Lost, in.Resets, out.Resets)
	}
}

// TestResetShowsItself is for methods without a Reset-Ack.
func TestResetShowsItself(t *testing.T) {
	m := high
	m.acks = false
	out, in := ends(t, m)
	if _, err := in.Receive(nil, []byte{7, 1}); !errors.Is(err, errGap) {
		t.Fatal(err)
	}
	p, _ := in.ResetRequest(time.Unix(1000, 0))
	if _, ok := out.ResetRequest(p); ok {
		t.Error("there is a Reset-Ack")
	}
	in.d.(receiving).next, in.d.(receiving).lost = 0, false // as a flag in the datagram would
	if _, err := in.Receive(nil, []byte{0, 1}); err != nil {
		t.Error(err)
	}
	if _, ok := in.ResetRequest(time.Unix(2000, 0)); ok {
		t.Error("it asks though all is well")
	}
}

// TestDropped: what concerns one datagram alone asks for nothing.
func TestDropped(t *testing.T) {
	_, in := ends(t, high)
	if _, err := in.Receive(nil, nil); !errors.Is(err, errOther) {
		t.Error(err)
	}
	if _, ok := in.ResetRequest(time.Unix(1000, 0)); ok || in.Lost != 0 {
		t.Error("it asks for a reset")
	}
	in.ResetAck(cp.Packet{Code: ResetAck}) // nobody asked
	in.Uncompressed([]byte("as it is"))
	if seen := in.d.(receiving).seen; len(seen) != 1 || !bytes.Equal(seen[0], []byte("as it is")) {
		t.Errorf("%q", seen)
	}
}
