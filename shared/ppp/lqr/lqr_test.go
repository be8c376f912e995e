package lqr

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/wire"
)

// side is one end, which counts as an owner does.
type side struct {
	*Monitor
	c   Counts
	out ppp.Outbox
	q   Quality // of the last report received
	err error
}

var start = time.Unix(1e9, 0)

// pair are two ends with a report every ten seconds, or as often as said.
func pair(a, b time.Duration) (x, y *side) {
	return &side{Monitor: New(start, Options{Magic: 1, PeerMagic: 2, Period: a})},
		&side{Monitor: New(start, Options{Magic: 2, PeerMagic: 1, Period: b})}
}

// send carries a frame of so many octets, or loses it.
func (s *side) send(to *side, octets int, lost bool) {
	s.c.OutPackets++
	s.c.OutOctets += Octets(octets)
	if !lost {
		to.c.InPackets++
		to.c.InOctets += Octets(octets)
	}
}

// reports carries the reports that were sent, and tells how many. A lost one was
// sent, too.
func (s *side) reports(t *testing.T, now time.Time, to *side, lost bool) int {
	t.Helper()
	frames := s.out.Take()
	for _, f := range frames {
		p, info, err := ppp.Split(f)
		if p != ppp.LQR || err != nil || len(info) != Length {
			t.Fatalf("sent % x: %v", f, err)
		}
		s.send(to, len(f), lost)
		if !lost {
			to.q, to.err = to.Receive(now, info, to.c, &to.out)
		}
	}
	return len(frames)
}

func octets(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A second report, put together by hand from RFC 1989 §2.6: it answers one that
// came when three frames had, the last of them with a wrong FCS.
const second = "de ad be ef" +
	"00000001 00000003 000000dc" + // LastOut: one report, 3 packets, 220 octets
	"00000001 00000002 00000000 00000001 00000096" + // PeerIn: 2 of them, one error, 150 octets
	"00000002 00000002 0000006e" // PeerOut: two reports, which are two packets, of 55 octets each

func TestReport(t *testing.T) {
	golden := octets(t, second)
	want := Report{Magic: 0xDEADBEEF, LastOutLQRs: 1, LastOutPackets: 3, LastOutOctets: 220,
		PeerInLQRs: 1, PeerInPackets: 2, PeerInErrors: 1, PeerInOctets: 150,
		PeerOutLQRs: 2, PeerOutPackets: 2, PeerOutOctets: 110}
	got, err := Parse(golden)
	if err != nil || got != want || !bytes.Equal(want.Append(nil), golden) {
		t.Errorf("parsed %+v, %v; appended % x", got, err, want.Append(nil))
	}
	if got, err := Parse(append(golden, make([]byte, 20)...)); err != nil || got != want {
		t.Errorf("with room for the receiver's counts: %+v, %v", got, err)
	}
	for n := range golden {
		if _, err := Parse(golden[:n]); !errors.Is(err, wire.ErrShort) {
			t.Errorf("first %d octets: %v", n, err)
		}
	}

	// An end makes the same of what happened.
	m := New(start, Options{Magic: 0xDEADBEEF, Period: time.Second})
	var out ppp.Outbox
	m.Expire(start, Counts{}, &out)
	first := Report{PeerOutLQRs: 1, PeerOutPackets: 3, PeerOutOctets: 220}
	if _, err := m.Receive(start, first.Append(nil), Counts{OutPackets: 1, OutOctets: 55, InPackets: 2, InErrors: 1, InOctets: 150}, &out); err != nil {
		t.Fatal(err)
	}
	m.Expire(start.Add(time.Second), Counts{OutPackets: 1, OutOctets: 55, InPackets: 9, InOctets: 900}, &out)
	f := out.Take()
	if len(f) != 2 || !bytes.Equal(f[1][4:], golden) || Octets(len(f[1])) != 55 {
		t.Errorf("sent % x, want % x", f, golden)
	}
}

// Both ends learn what was lost in either direction (RFC 1989 §2.8).
func TestLosses(t *testing.T) {
	a, b := pair(10*time.Second, 10*time.Second)
	// Counters wrap: they begin just below.
	a.c = Counts{OutPackets: 0xFFFFFFFE, OutOctets: 0xFFFFFF00, InPackets: 0xFFFFFFFF, InOctets: 0xFFFFFFF0}
	b.c = a.c
	a.c.InPackets, b.c.InPackets = b.c.OutPackets, a.c.OutPackets
	a.c.InOctets, b.c.InOctets = b.c.OutOctets, a.c.OutOctets

	now := start
	round := func() {
		t.Helper()
		a.Expire(now, a.c, &a.out)
		a.reports(t, now, b, false)
		b.Expire(now, b.c, &b.out)
		b.reports(t, now, a, false)
		if a.err != nil || b.err != nil {
			t.Fatal(a.err, b.err)
		}
		now = now.Add(10 * time.Second)
	}
	round()
	if a.q != (Quality{}) || b.q != (Quality{}) {
		t.Errorf("after one report each: %+v and %+v", a.q, b.q)
	}
	round() // now each has heard of two of its own
	for i := range 10 {
		a.send(b, 97, i < 3) // 100 octets
		b.send(a, 47, i < 1)
	}
	b.c.InErrors, b.c.InDiscards = b.c.InErrors+2, b.c.InDiscards+1
	round()

	toB := Way{Known: true, Sent: Sum{1, 11, 1055}, Arrived: Sum{1, 8, 755}, Discards: 1, Errors: 2}
	toA := Way{Known: true, Sent: Sum{1, 11, 555}, Arrived: Sum{1, 10, 505}}
	if b.q.In != toB {
		t.Errorf("b received %+v, want %+v", b.q.In, toB)
	}
	if a.q.In != toA || a.q.Out != toB {
		t.Errorf("a knows %+v, want %+v and %+v", a.q, toA, toB)
	}
	round()
	if b.q.Out != toA {
		t.Errorf("b sent %+v, want %+v", b.q.Out, toA)
	}
	if still := (Way{Known: true, Sent: Sum{1, 1, 55}, Arrived: Sum{1, 1, 55}}); a.q.In != still || a.q.Out != still {
		t.Errorf("while nothing is said: %+v", a.q)
	}

	// A report that is lost is missed in the next.
	a.Expire(now, a.c, &a.out)
	a.reports(t, now, b, true)
	now = now.Add(10 * time.Second)
	round()
	if want := (Way{Known: true, Sent: Sum{2, 2, 110}, Arrived: Sum{1, 1, 55}}); b.q.In != want || a.q.Out != want {
		t.Errorf("one report lost: %+v and %+v, want %+v", b.q.In, a.q.Out, want)
	}
}

// RFC 1989 §2.7: reports come by the timer; without one, and where our last was
// missed, in answer.
func TestTransmission(t *testing.T) {
	a, b := pair(10*time.Second, 0)
	if !a.Deadline().Equal(start) || !b.Deadline().IsZero() {
		t.Errorf("deadlines %v and %v", a.Deadline(), b.Deadline())
	}
	now := start
	a.Expire(now.Add(-1), a.c, &a.out)
	b.Expire(now, b.c, &b.out)
	if n := a.reports(t, now, b, false) + b.reports(t, now, a, false); n != 0 {
		t.Errorf("%d reports before anything was due", n)
	}
	for i := range 3 {
		now = start.Add(time.Duration(i) * 10 * time.Second)
		a.Expire(now, a.c, &a.out)
		a.Expire(now, a.c, &a.out)
		if a.reports(t, now, b, false) != 1 || b.reports(t, now, a, false) != 1 || a.reports(t, now, b, false) != 0 {
			t.Errorf("round %d: not one report and its answer", i)
		}
		if d := a.Deadline().Sub(now); d != 10*time.Second {
			t.Errorf("round %d: the next in %v", i, d)
		}
	}

	// With a timer only a peer that has not heard of us since its last report has
	// an answer, after which the next report is due later.
	a, _ = pair(10*time.Second, 0)
	for i, step := range []struct {
		heard   uint32 // PeerInLQRs
		answers int
	}{{0, 0}, {0, 0}, {1, 0}, {1, 1}, {1, 1}, {2, 0}, {4, 0}, {4, 1}, {0, 0}, {4, 0}} {
		now = now.Add(time.Second)
		before := a.Deadline()
		if _, err := a.Receive(now, Report{Magic: 2, PeerInLQRs: step.heard}.Append(nil), a.c, &a.out); err != nil {
			t.Fatal(err)
		}
		if got := len(a.out.Take()); got != step.answers {
			t.Errorf("step %d: %d answers, want %d", i, got, step.answers)
		}
		want := before
		if step.answers > 0 {
			want = now.Add(10 * time.Second)
		}
		if !a.Deadline().Equal(want) {
			t.Errorf("step %d: the deadline is %v, want %v", i, a.Deadline(), want)
		}
	}
}

func TestReportsThatDoNotCount(t *testing.T) {
	for _, tt := range []struct {
		what string
		o    Options
		info []byte
		want error
	}{
		{"our own", Options{Magic: 1, PeerMagic: 2}, Report{Magic: 1}.Append(nil), ErrLoop},
		{"somebody's", Options{Magic: 1, PeerMagic: 2}, Report{Magic: 3}.Append(nil), ErrMagic},
		{"without a number", Options{Magic: 1, PeerMagic: 2}, Report{}.Append(nil), ErrMagic},
		{"short", Options{}, make([]byte, Length-1), wire.ErrShort},
		{"the peer's", Options{Magic: 1, PeerMagic: 2}, Report{Magic: 2}.Append(nil), nil},
		{"of a peer without one", Options{Magic: 1}, Report{}.Append(nil), nil},
		{"a number of who agreed on none", Options{Magic: 1}, Report{Magic: 3}.Append(nil), nil},
		{"where nobody has one", Options{}, Report{}.Append(nil), nil},
	} {
		m := New(start, tt.o)
		var out ppp.Outbox
		_, err := m.Receive(start, tt.info, Counts{}, &out)
		if !errors.Is(err, tt.want) || (len(out.Take()) == 1) != (tt.want == nil) {
			t.Errorf("%s: %v", tt.what, err)
		}
		// What did not count is not in our next report.
		m.Receive(start, Report{Magic: tt.o.PeerMagic}.Append(nil), Counts{}, &out)
		r, err := Parse(out.Take()[0][4:])
		if wantIn := uint32(1); err != nil || tt.want != nil && r.PeerInLQRs != wantIn {
			t.Errorf("%s: then %+v, %v", tt.what, r, err)
		}
	}
}

func TestOption(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  time.Duration
		err   error
	}{
		{"c0 25 00 00 03 e8", 10 * time.Second, nil},
		{"c0 25 00 00 00 00", 0, nil},
		{"c0 25 ff ff ff ff", 0xFFFFFFFF * 10 * time.Millisecond, nil},
		{"c0 25 00 00 03", 0, wire.ErrShort},
		{"c0", 0, wire.ErrShort},
		{"", 0, wire.ErrShort},
		{"c0 27 00 00 03 e8", 0, ErrOption},
		{"c0 25 00 00 03 e8 00", 0, ErrOption},
	} {
		o, err := ParseOption(octets(t, tt.value))
		if o.Period != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, %v", tt.value, o.Period, err)
		}
		if err == nil && !bytes.Equal(o.Append(nil), octets(t, tt.value)) {
			t.Errorf("%s: appended % x", tt.value, o.Append(nil))
		}
	}
	for d, want := range map[time.Duration]string{-time.Second: "c0 25 00 00 00 00", 19 * time.Millisecond: "c0 25 00 00 00 01", 1<<63 - 1: "c0 25 ff ff ff ff"} {
		if got := (Option{Period: d}).Append(nil); !bytes.Equal(got, octets(t, want)) {
			t.Errorf("%v: % x", d, got)
		}
	}
}

func FuzzReceive(f *testing.F) {
	f.Add(octets(f, second), octets(f, second))
	f.Add(make([]byte, Length), []byte{0xC0, 0x25, 0, 0, 3, 0xE8})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		m := New(start, Options{Magic: 7})
		var out ppp.Outbox
		for _, info := range [][]byte{a, b, a} {
			if q, err := m.Receive(start, info, Counts{InPackets: 1}, &out); err == nil && len(info) < Length || err != nil && q != (Quality{}) {
				t.Errorf("% x: %+v, %v", info, q, err)
			}
			if n := len(out.Take()); n > 1 {
				t.Errorf("% x: %d answers", info, n)
			}
		}
		if o, err := ParseOption(b); err == nil && !bytes.Equal(o.Append(nil), b) {
			t.Errorf("% x is %+v", b, o)
		}
	})
}

func TestStamp(t *testing.T) {
	b := octets(t, second)
	Stamp(b, Counts{OutPackets: 7, OutOctets: 300, InPackets: 99})
	want, err := Parse(octets(t, second))
	if err != nil {
		t.Fatal(err)
	}
	want.PeerOutPackets, want.PeerOutOctets = 7, 300
	if got, err := Parse(b); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	short := octets(t, second)[:Length-1]
	Stamp(short, Counts{OutPackets: 7})
	if !bytes.Equal(short, octets(t, second)[:Length-1]) {
		t.Errorf("% x", short)
	}
}
