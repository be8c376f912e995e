package flow

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/lqr"
)

// A meter is the caller's end, which answers each of our reports.
type meter struct {
	*lqr.Monitor
	t     *testing.T
	count lqr.Counts
}

func newMeter(t *testing.T) *meter {
	return &meter{t: t, Monitor: lqr.New(time.Now(), lqr.Options{Magic: 2, PeerMagic: 1})}
}

// takes counts frames that came, and returns the answers to reports among them.
func (m *meter) takes(frames ...[]byte) (answers [][]byte, q lqr.Quality) {
	m.t.Helper()
	for _, f := range frames {
		m.count.InPackets++
		m.count.InOctets += lqr.Octets(len(f))
		p, info, err := ppp.Split(f)
		if err != nil || p != ppp.LQR {
			continue
		}
		var out ppp.Outbox
		if q, err = m.Receive(time.Now(), info, m.count, &out); err != nil {
			m.t.Error(err)
		}
		answers = append(answers, out.Take()...)
	}
	m.sends(answers...)
	return answers, q
}

// sends counts frames that go, whether or not they arrive.
func (m *meter) sends(frames ...[]byte) {
	for _, f := range frames {
		m.count.OutPackets++
		m.count.OutOctets += lqr.Octets(len(f))
	}
}

func TestReportsTellWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, far := newBench(t, Options{}).open(), newMeter(t)
		b.SetQuality(&lqr.Options{Magic: 1, PeerMagic: 2, Period: time.Minute}, true)
		if next := time.Until(b.Report()); next != time.Minute {
			t.Errorf("the second report is due in %v", next)
		}
		answers, _ := far.takes(b.arrived()...)
		if len(answers) != 1 {
			t.Fatalf("%d answers", len(answers))
		}
		b.from(answers...)
		if q, ok := b.Quality(); !ok || q.In.Known || q.Out.Known {
			t.Errorf("of one report we know %+v, %t", q, ok)
		}
		up, down := frame(ipv4(sara, intranet, 17, []byte("up"))), ipv4(intranet, sara, 17, []byte("down"))
		b.Deliver([][]byte{down, down, down})
		far.takes(b.arrived()[1:]...)
		far.sends(up, up, up)
		b.from(up, up)
		time.Sleep(time.Minute)
		b.Report()
		answers, theirs := far.takes(b.arrived()...)
		b.from(answers...)
		q, ok := b.Quality()
		report, data := lqr.Octets(4+lqr.Length), lqr.Octets(len(up))
		want := lqr.Way{Known: true, Sent: lqr.Sum{LQRs: 1, Packets: 4, Octets: report + 3*data}, Arrived: lqr.Sum{LQRs: 1, Packets: 3, Octets: report + 2*data}}
		if !ok || q.In != want {
			t.Errorf("up: %+v, want %+v", q.In, want)
		}
		data = lqr.Octets(len(frame(down)))
		want.Sent.Octets, want.Arrived.Octets = report+3*data, report+2*data
		if q.Out != want || theirs.In != want {
			t.Errorf("down: %+v, and they say %+v, want %+v", q.Out, theirs.In, want)
		}
		if _, ok := b.Quality(); ok {
			t.Error("one report is told twice")
		}
		b.wantsDropped(nil)
		b.rung = 0
		bad := bytes.Clone(answers[0])
		bad[4] ^= 1 // of the Magic-Number
		b.from(bad)
		if _, ok := b.Quality(); ok || b.rung != 0 {
			t.Error("somebody else's report counts")
		}
		b.wantsDropped(map[string]uint64{"malformed": 1})
		b.SetQuality(nil, false)
		if next := b.Report(); !next.IsZero() {
			t.Errorf("after the end a report is due at %v", next)
		}
		b.from(answers...)
		b.wantsSession("a report when none is agreed", answers...)
	})
}

// A report that waits for the window tells what has left when it leaves.
func TestAReportIsRightWhenItLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 1}}).open()
		b.SetQuality(&lqr.Options{Magic: 1, Period: time.Minute}, true)
		echo := ppp.Append(nil, ppp.LCP, []byte{9, 1, 0, 8, 0, 0, 0, 0})
		b.SendControl(echo)
		b.SendControl(echo)
		b.Report()
		var all [][]byte
		for range 3 {
			all = append(all, b.arrived()...)
			b.Receive([][]byte{b.pac.AppendAck(time.Now().Add(time.Minute), nil)})
		}
		if len(all) != 3 || !bytes.Equal(all[1], echo) {
			t.Fatalf("% x", all)
		}
		r, err := lqr.Parse(all[2][4:])
		if want := 2*lqr.Octets(len(echo)) + lqr.Octets(4+lqr.Length); err != nil || r.PeerOutPackets != 3 || r.PeerOutOctets != want {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// A caller's machine that reports and wants no reports gets none.
func TestReportsThatNobodyWants(t *testing.T) {
	b, far := newBench(t, Options{}).open(), lqr.New(time.Now(), lqr.Options{Magic: 2, PeerMagic: 1, Period: time.Minute})
	b.SetQuality(&lqr.Options{Magic: 1, PeerMagic: 2}, false)
	if next := b.Report(); !next.IsZero() {
		t.Errorf("a report is due at %v", next)
	}
	var out ppp.Outbox
	far.Expire(time.Now(), lqr.Counts{}, &out)
	b.from(out.Take()...)
	b.wantsDown("nothing")
	if _, ok := b.Quality(); !ok || b.rung != 1 {
		t.Errorf("the report is not told: rang %d times", b.rung)
	}
}
