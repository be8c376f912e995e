package link

import (
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lcp"
)

// What one end says for people to read, the other's owner hears, fit to print.
func TestPeerTells(t *testing.T) {
	p := newPair(t, server(), client())
	p.a.Up(p.now)
	p.a.Take()
	p.say(ppp.LCP, byte(lcp.Identification), 1, 0, 10, 0, 0, 0, 0, 'h', 'i') // in phase Establish
	if len(p.a.log) != 1 || p.a.log[0] != (Event{Kind: Identified, Text: "hi"}) {
		t.Errorf("heard %+v", p.a.log)
	}

	p = newPair(t, server(), client()).up()
	p.run(time.Second)
	p.a.log, p.b.log = nil, nil
	p.b.Identify("Sara's\x1b[31m lap\u202etop")
	p.a.TellRemaining(time.Minute, "lunch")
	p.a.TellRemaining(lcp.Forever, "")
	p.run(time.Second)
	if want := (Event{Kind: Identified, Text: "Sara's.[31m lap.top"}); len(p.a.log) != 1 || p.a.log[0] != want {
		t.Errorf("heard %+v, want %+v", p.a.log, want)
	}
	if w := []Event{{Kind: Remaining, Text: "lunch", Remaining: time.Minute}, {Kind: Remaining, Remaining: lcp.Forever}}; len(p.b.log) != 2 || p.b.log[0] != w[0] || p.b.log[1] != w[1] {
		t.Errorf("heard %+v, want %+v", p.b.log, w)
	}
	p.wantPhases(Network, Network)

	// Finished is the last event.
	p.a.Close(p.now, "")
	p.run(time.Minute)
	p.a.log = nil
	p.say(ppp.LCP, byte(lcp.Identification), 1, 0, 8, 1, 2, 3, 4)
	if len(p.a.log) != 0 {
		t.Errorf("after the end: %+v", p.a.log)
	}
}

// What is longer than we must take is dropped in every phase, or its answer would be
// longer than the peer takes.
func TestLongerThanTheMRU(t *testing.T) {
	for _, tt := range []struct{ mru, mrru, longest int }{{0, 0, 1500}, {1400, 0, 1500}, {1600, 0, 1600}, {1400, 1700, 1700}} {
		o := server()
		o.LCP.MRU, o.LCP.Multilink.MRRU = uint16(tt.mru), uint16(tt.mrru)
		p := newPair(t, o, client())
		p.openLCP()
		p.settle()
		for _, n := range []int{tt.longest, tt.longest + 1, 60_000} {
			for protocol, code := range map[ppp.Protocol]cp.Code{ppp.LCP: 9, ppp.IPCP: 99} { // Echo-Request, and none there is
				got := p.say(protocol, cp.Packet{Code: code, ID: 66, Data: make([]byte, n-4)}.Append(nil)...)
				if (len(got) == 1) != (n == tt.longest) {
					t.Errorf("%+v: %d octets of %v have %d answers", tt, n, protocol, len(got))
				}
			}
		}
	}
}
