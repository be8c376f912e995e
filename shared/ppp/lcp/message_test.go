package lcp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp/cp"
)

// What the peer tells, by state and by what is in the packet (RFC 1570 §1.1,
// §1.2).
func TestMessagesAreHeard(t *testing.T) {
	for _, tt := range []struct {
		what, data string
		code       cp.Code
		open       bool
		want       *Message
		looped     bool
	}{
		{"who it is", "01 02 03 04 4d 53 52 41 53 56 35 2e 32 30", Identification, true, &Message{Code: Identification, Text: "MSRASV5.20"}, false},
		{"who it is, before it opens", "00 00 00 00 68 69", Identification, false, &Message{Code: Identification, Text: "hi"}, false},
		{"nothing", "01 02 03 04", Identification, true, &Message{Code: Identification}, false},
		{"what no text has", "01 02 03 04 00 1b ff", Identification, true, &Message{Code: Identification, Text: "\x00\x1b\xff"}, false},
		{"three octets", "01 02 03", Identification, true, nil, false},
		{"our own words", "60 61 62 63 68 69", Identification, true, nil, true},
		{"ninety seconds", "01 02 03 04 00 00 00 5a 68 69", TimeRemaining, true, &Message{Code: TimeRemaining, Text: "hi", Remaining: 90 * time.Second}, false},
		{"no time", "01 02 03 04 00 00 00 00", TimeRemaining, true, &Message{Code: TimeRemaining}, false},
		{"136 years", "01 02 03 04 ff ff ff fe", TimeRemaining, true, &Message{Code: TimeRemaining, Remaining: 0xFFFFFFFE * time.Second}, false},
		{"for ever", "01 02 03 04 ff ff ff ff", TimeRemaining, true, &Message{Code: TimeRemaining, Remaining: Forever}, false},
		{"time before it opens", "00 00 00 00 00 00 00 5a", TimeRemaining, false, nil, false},
		{"seven octets", "01 02 03 04 00 00 00", TimeRemaining, true, nil, false},
		{"our own time", "60 61 62 63 00 00 00 5a", TimeRemaining, true, nil, true},
		{"DiscardRequest", "01 02 03 04 68 69", DiscardRequest, true, nil, false},
	} {
		r := newRig(t, Options{Magic: true}, Echo{})
		if tt.open {
			r.open()
		} else {
			r.start()
			r.sent()
		}
		before := r.State()
		r.recv(tt.code, 1, octets(t, tt.data)...)
		r.wantNothing()
		if got := fmt.Sprintf("%+v", r.last.Heard); got != fmt.Sprintf("%+v", tt.want) {
			t.Errorf("%s: heard %s, want %+v", tt.what, got, tt.want)
		}
		if r.State() != before || r.Looped() != tt.looped {
			t.Errorf("%s: %v after %v, looped: %v", tt.what, r.State(), before, r.Looped())
		}
	}
	// Without a Magic-Number of ours, zero is the peer's as well.
	r := newRig(t, Options{}, Echo{}).open()
	if r.recv(Identification, 1, 0, 0, 0, 0); r.last.Heard == nil || r.Looped() {
		t.Errorf("without Magic-Numbers: %+v, looped: %v", r.last, r.Looped())
	}
}

func TestIdentify(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{})
	r.Identify("too early", &r.out)
	r.wantNothing()
	r.start()
	r.sent()
	r.Identify("hi", &r.out)
	r.want(Identification, "00 00 00 00 68 69") // no Magic-Number is agreed
	r = newRig(t, Options{Magic: true}, Echo{}).open()
	r.Identify("hi", &r.out)
	first := r.want(Identification, "60 61 62 63 68 69")
	r.Identify("", &r.out)
	if second := r.want(Identification, "60 61 62 63"); first.ID == second.ID {
		t.Errorf("both have Identifier %d", first.ID)
	}
	r.Identify(strings.Repeat("x", 2000), &r.out)
	if got := r.sent(); len(got) != 1 || len(got[0].Data) != 1496 { // a packet of 1500 octets
		t.Errorf("sent %d packets, %d octets", len(got), len(got[0].Data))
	}
}

func TestTellRemaining(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{})
	r.start()
	r.sent()
	r.TellRemaining(time.Minute, "", &r.out)
	r.wantNothing()
	r = newRig(t, Options{Magic: true}, Echo{}).open()
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{90*time.Second + 999*time.Millisecond, "60 61 62 63 00 00 00 5a 68 69"},
		{-time.Second, "60 61 62 63 00 00 00 00 68 69"},
		{0xFFFFFFFE * time.Second, "60 61 62 63 ff ff ff fe 68 69"},
		{0xFFFFFFFF * time.Second, "60 61 62 63 ff ff ff fe 68 69"},
		{Forever, "60 61 62 63 ff ff ff ff 68 69"},
	} {
		r.TellRemaining(tt.d, "hi", &r.out)
		r.want(TimeRemaining, tt.want)
	}

	r = newRig(t, Options{Magic: true}, Echo{})
	r.start()
	r.recv(cp.ConfigureRequest, 1, octets(t, "01 04 00 80")...) // MRU 128
	ours := r.sent()[0]
	r.recv(cp.ConfigureAck, ours.ID, ours.Data...)
	r.sent()
	r.TellRemaining(time.Minute, strings.Repeat("x", 2000), &r.out)
	if got := r.sent(); len(got) != 1 || len(got[0].Data) != 124 {
		t.Errorf("sent %+v, not a packet of 128 octets", got)
	}
}

// A Code-Reject of either is the end of that one alone, until LCP is negotiated
// anew (RFC 1570 §1: RXJ+).
func TestMessagesThatAreRejected(t *testing.T) {
	r := newRig(t, Options{Magic: true}, Echo{}).open()
	r.recv(cp.CodeReject, 1, octets(t, "0c 01 00 08 60 61 62 63")...)
	if r.State() != cp.Opened {
		t.Errorf("after the Code-Reject: %v", r.State())
	}
	r.Identify("hi", &r.out)
	r.wantNothing()
	r.TellRemaining(time.Minute, "", &r.out)
	r.want(TimeRemaining, "60 61 62 63 00 00 00 3c")
	r.recv(cp.CodeReject, 2, octets(t, "0d 01 00 0c 60 61 62 63 00 00 00 3c")...)
	r.TellRemaining(time.Minute, "", &r.out)
	r.wantNothing()

	r.recv(cp.ConfigureRequest, 9)
	r.sent()
	r.Identify("hi", &r.out)
	r.want(Identification, "00 00 00 00 68 69")
}
