package lcp

import (
	"testing"
	"time"

	"carrier/shared/ppp/cp"
)

func TestEchoRequestIsAnsweredWithOurMagic(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{}).open()
	r.recv(EchoRequest, 42, 1, 2, 3, 4, 'h', 'i')
	if got := r.want(EchoReply, "60 61 62 63 68 69"); got.ID != 42 {
		t.Errorf("Identifier %d", got.ID)
	}
	r.recv(EchoRequest, 43, 1, 2, 3) // no whole Magic-Number
	r.wantNothing()

	r = newRig(t, Options{}, Echo{}).open()
	r.recv(EchoRequest, 42, 0, 0, 0, 0)
	r.want(EchoReply, "00 00 00 00")
}

func TestEchoOnlyInOpened(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{Interval: time.Minute})
	r.start()
	r.sent()
	r.recv(EchoRequest, 42, 1, 2, 3, 4)
	r.wantNothing()
	if d := r.LCP.Deadline().Sub(r.now); d != 3*time.Second {
		t.Errorf("deadline in %v: not the Restart timer's", d)
	}
}

func TestMaintenancePacketsAreNotAnswered(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{}).open()
	for _, c := range []cp.Code{EchoReply, DiscardRequest, Identification, TimeRemaining} {
		r.recv(c, 1, 1, 2, 3, 4, 0, 0, 0, 9)
		r.wantNothing()
	}
	r.recv(TimeRemaining+1, 1, 1, 2, 3, 4)
	r.want(cp.CodeReject, "0e 01 00 08 01 02 03 04")
}

func TestDeadPeer(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{Interval: 10 * time.Second, Failures: 2}).open()
	began := r.now
	r.expire()
	first := r.want(EchoRequest, "60 61 62 63")
	r.recv(EchoReply, first.ID, 1, 2, 3, 4)
	r.expire()
	r.want(EchoRequest, "60 61 62 63")
	r.expire()
	r.want(EchoRequest, "60 61 62 63")
	r.expire()
	r.wantNothing()
	if !r.last.Dead || r.Looped() || r.now.Sub(began) != 40*time.Second {
		t.Errorf("%+v after %v, looped: %v", r.last, r.now.Sub(began), r.Looped())
	}
	if !r.LCP.Deadline().IsZero() {
		t.Error("the watch goes on")
	}
}

// The modem fell back to command mode: our requests come back, and are no sign
// of life.
func TestEchoingModemIsDead(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{Interval: time.Second}).open()
	for range 3 {
		r.expire()
		p := r.want(EchoRequest, "60 61 62 63")
		r.recv(p.Code, p.ID, p.Data...)
		r.wantNothing()
		r.recv(EchoReply, p.ID, p.Data...)
	}
	r.expire()
	if !r.last.Dead || !r.Looped() {
		t.Errorf("%+v, looped: %v", r.last, r.Looped())
	}
}

func TestPeerWithoutEchoIsNotWatched(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{Interval: time.Second}).open()
	r.expire()
	p := r.want(EchoRequest, "60 61 62 63")
	r.recv(cp.CodeReject, 1, p.Append(nil)...)
	if r.State() != cp.Opened || !r.LCP.Deadline().IsZero() {
		t.Errorf("%v, deadline %v", r.State(), r.LCP.Deadline())
	}
}

func TestEchoStopsWithTheLink(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{Interval: time.Hour}).open()
	r.note(r.Close(r.now, "bye", &r.out))
	r.want(cp.TerminateRequest, "62 79 65")
	if d := r.LCP.Deadline().Sub(r.now); d != 3*time.Second {
		t.Errorf("deadline in %v", d)
	}
}
