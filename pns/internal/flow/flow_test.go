package flow

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/activity"
	"carrier/shared/capture"
	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/record"
)

// seen keeps what a tap is shown.
type seen []string

func (s *seen) PPP(call string, dir capture.Direction, frame []byte) {
	*s = append(*s, fmt.Sprintf("%s %d %x", call, dir, frame))
}

func TestDataGoesBetweenTunnelAndLAN(t *testing.T) {
	var tap seen
	b := newBench(t, Options{Call: "atlanta/1", Tap: &tap}).open()
	up, down := ipv4(sara, intranet, 17, []byte("up")), ipv4(intranet, sara, 17, []byte("down"))
	b.from(frame(up), append(ppp.Compression{Address: true, Protocol: true}.Append(nil, ppp.IPv4, up), 0, 0)) // padded
	b.wantsLAN("up", up, up)
	b.Deliver([][]byte{down})
	b.wantsDown("down", frame(down))
	b.SetNetwork(Network{Open: true, Remote: sara, Compression: ppp.Compression{Address: true, Protocol: true}})
	b.Deliver([][]byte{down, down})
	short := append([]byte{0x21}, down...)
	b.wantsDown("compressed", short, short)
	b.wantsSession("data")
	want := record.Traffic{FramesUp: 2, OctetsUp: uint64(len(up)+4) + uint64(len(up)+3), FramesDown: 3, OctetsDown: uint64(3*len(down) + 4 + 1 + 1)}
	if got := b.count.Snapshot(); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	if len(tap) != 5 || tap[0] != fmt.Sprintf("atlanta/1 0 %x", frame(up)) || tap[4] != fmt.Sprintf("atlanta/1 1 %x", short) {
		t.Errorf("tap saw %q", tap)
	}
}

func TestSourceMustBeTheCallersAddress(t *testing.T) {
	b := newBench(t, Options{}).open()
	good := ipv4(sara, intranet, 17, nil)
	b.from(frame(ipv4(intranet, intranet, 17, nil)), frame(ipv4(netip.MustParseAddr("2.1.1.130"), intranet, 17, nil)), frame(good))
	b.wantsLAN("only hers", good)
	b.wantsDropped(map[string]uint64{"spoofed": 2})
}

func TestWhatIsNoPacketGoesNowhere(t *testing.T) {
	b := newBench(t, Options{}).open()
	good := ipv4(sara, intranet, 17, []byte("payload"))
	bad := [][]byte{good[:0], good[:19], good[:26]}
	for _, change := range []func(p []byte){
		func(p []byte) { p[0] = 0x55 },             // version 5
		func(p []byte) { p[0] = 0x44 },             // header of 16 octets
		func(p []byte) { p[0] = 0x4F },             // header beyond the packet
		func(p []byte) { p[2], p[3] = 0, 19 },      // total length below the header's
		func(p []byte) { p[2], p[3] = 0xFF, 0xFF }, // and beyond the packet
	} {
		p := bytes.Clone(good)
		change(p)
		bad = append(bad, p)
	}
	for _, p := range bad {
		b.from(frame(p))
		b.Deliver([][]byte{p})
	}
	b.from([]byte{0xFF, 3, 0xC0})                                     // protocol cut short
	b.Deliver([][]byte{ipv4(intranet, sara, 17, make([]byte, 1381))}) // 1401 octets
	b.wantsLAN("nothing")
	b.wantsDown("nothing")
	b.wantsDropped(map[string]uint64{"malformed": uint64(2*len(bad) + 1), "too-long": 1})
}

func TestClosedForData(t *testing.T) {
	b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 1}})
	up, down := ipv4(sara, intranet, 17, nil), ipv4(intranet, sara, 17, nil)
	b.from(frame(up))
	b.Deliver([][]byte{down})
	b.wantsDropped(map[string]uint64{"not-open": 2})
	b.open()
	b.Deliver([][]byte{down, down, down}) // one may go
	b.SetNetwork(Network{})
	b.wantsLAN("closed")
	b.wantsDown("before it closed", frame(down))
	b.from(nil) // brings the acknowledgement
	b.wantsDown("what waited is gone")
	b.wantsSession("data")
}

func TestControlFramesAreTheSessions(t *testing.T) {
	b := newBench(t, Options{}).open()
	var want [][]byte
	for _, p := range []ppp.Protocol{ppp.LCP, ppp.CHAP, ppp.IPCP, ppp.PAP, 0xC025, ppp.IPX, ppp.IPXCP} {
		want = append(want, ppp.Append(nil, p, []byte{1, 2, 3}))
	}
	b.from(want...)
	b.wantsSession("control", want...)
	b.wantsDropped(nil)
	for i := range controlQueue + 5 {
		b.from(ppp.Append(nil, ppp.LCP, []byte{byte(i)}))
	}
	b.wantsDropped(map[string]uint64{"session-busy": 5})
	if f := b.Next(); f.Octets[4] != 0 {
		t.Errorf("the first is % x", f.Octets)
	}
}

// A negotiation does not wait for a window that stays closed, as where
// acknowledgements are lost; data do, and CCP's packets among them.
func TestControlPassesAClosedWindow(t *testing.T) {
	b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 1}}).open()
	down := ipv4(intranet, sara, 17, []byte("down"))
	b.Deliver([][]byte{down, down})
	ccp := ppp.Append(nil, ppp.CCP, []byte{1, 1, 0, 4})
	b.SendControl(ccp)
	var lcp [][]byte
	for i := range byte(6) {
		lcp = append(lcp, ppp.Append(nil, ppp.LCP, []byte{9, i, 0, 8, 0, 0, 0, 0}))
		b.SendControl(lcp[i])
	}
	b.wantsDown("past the window", append([][]byte{frame(down)}, lcp[:4]...)...)
	b.from(nil) // brings the acknowledgement
	b.wantsDown("once it moves", lcp[4], lcp[5])
	b.from(nil)
	b.wantsDown("and then", frame(down))
	b.from(nil)
	b.wantsDown("in its place", ccp)
}

func TestQueueDropsTheOldestAndControlGoesFirst(t *testing.T) {
	b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 1}}).open()
	var sent [][]byte
	for i := range 80 {
		p := ipv4(intranet, sara, 17, []byte{byte(i)})
		b.Deliver([][]byte{p})
		sent = append(sent, frame(p))
	}
	b.wantsDropped(map[string]uint64{"queue-full": 80 - 65}) // one is under way
	echo := ppp.Append(nil, ppp.LCP, []byte{9, 1, 0, 8, 0, 0, 0, 0})
	b.SendControl(echo)
	b.wantsDropped(map[string]uint64{"queue-full": 80 - 64})
	want := append([][]byte{sent[0], echo}, sent[17:]...)
	var got [][]byte
	for range want {
		got = append(got, b.arrived()...)
		b.Receive([][]byte{b.pac.AppendAck(time.Now(), nil)})
	}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("% x", got)
	}
}

// TestTheLastPlaceIsForSparseFlows has a download fill the window but for one
// place, which a ping gets at once.
func TestTheLastPlaceIsForSparseFlows(t *testing.T) {
	b := newBench(t, Options{Rate: 28800, GRE: gre.Options{Windowing: true, SendWindow: 6}}).open() // which begins at 3
	bulk := func(i byte) []byte { return ipv4(intranet, sara, protocolTCP, bytes.Repeat([]byte{i}, 500)) }
	same := func(i byte) []byte { // of one flow, with a number
		p := bulk(0)
		p[100] = i
		return p
	}
	for i := range byte(5) {
		b.Deliver([][]byte{same(i)})
	}
	b.wantsDown("the download", frame(same(0)), frame(same(1)))
	ping := ipv4(intranet, sara, 1, []byte{8, 0, 1, 2, 3, 4})
	b.Deliver([][]byte{ping})
	b.wantsDown("the ping", frame(ping))
	b.Deliver([][]byte{ping})
	b.wantsDown("a window that is full")
	b.Receive([][]byte{b.pac.AppendAck(time.Now().Add(time.Minute), nil)})
	b.wantsDown("acknowledged", frame(ping), frame(same(2)), frame(same(3)))
}

func TestOpenWindowTakesAWholeBatch(t *testing.T) {
	b := newBench(t, Options{}).open()
	var packets, want [][]byte
	for i := range 100 {
		p := ipv4(intranet, sara, 17, []byte{byte(i)})
		packets, want = append(packets, p), append(want, frame(p))
	}
	b.Deliver(packets)
	b.wantsDown("a batch longer than the queue", want...)
	b.wantsDropped(nil)
}

func TestNoMRUIsTooLongForIPv4(t *testing.T) {
	b := newBench(t, Options{})
	b.SetNetwork(Network{Open: true, Remote: sara, MRU: 1 << 20})
	b.Deliver([][]byte{ipv4(intranet, sara, 17, make([]byte, 65535-20))})
	b.wantsDropped(map[string]uint64{"too-long": 1})
	p := ipv4(intranet, sara, 17, make([]byte, maxMRU-20))
	b.Deliver([][]byte{p})
	b.wantsDown("the longest", frame(p))
}

func TestWakeOpensTheWindowAndAcknowledges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 1, RecvWindow: 64}}).open()
		acknowledged := func(want uint32) {
			t.Helper()
			if h, _, err := gre.Parse(b.sent[len(b.sent)-1]); err != nil || h.HasSeq || !h.HasAck || h.Ack != want {
				t.Errorf("%+v, %v; want the acknowledgement of %d", h, err, want)
			}
		}
		b.from(frame(ipv4(sara, intranet, 17, nil)))
		if d := time.Until(b.wake); len(b.sent) > 0 || d != 50*time.Millisecond {
			t.Fatalf("%d sent, the acknowledgement is due in %v", len(b.sent), d)
		}
		time.Sleep(50 * time.Millisecond)
		b.Wake(time.Now())
		acknowledged(0)
		p := ipv4(intranet, sara, 17, nil)
		b.Deliver([][]byte{p, p})
		if len(b.sent) != 2 || !b.wake.Equal(time.Now().Add(500*time.Millisecond)) {
			t.Fatalf("%d sent, wake at %v", len(b.sent), b.wake)
		}
		time.Sleep(100 * time.Millisecond)
		b.from(frame(ipv4(sara, intranet, 17, nil)))
		acknowledged(1) // at once: no data may go that it could ride on
		if d := time.Until(b.wake); d != 400*time.Millisecond {
			t.Errorf("the time-out is in %v", d)
		}
		time.Sleep(400 * time.Millisecond)
		b.Wake(time.Now())
		b.wantsDown("after the time-out", frame(p), frame(p))
		if n := b.stats.GRE.TimeOuts.Load(); n != 1 {
			t.Errorf("%d time-outs", n)
		}
	})
}

// What a caller's machine does by itself is carried, and is not her activity.
func TestLastDataIsActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ignore, err := activity.New([]string{"ntp", "unsolicited"})
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t, Options{Activity: ignore}).open()
		opened := time.Now()
		port := func(n byte) []byte { return []byte{4, 0, 0, n, 0, 8, 0, 0} }
		ask, clock := ipv4(sara, intranet, 17, port(53)), ipv4(sara, intranet, 17, port(123))
		answer, junk := ipv4(intranet, sara, 17, []byte{0, 53, 4, 0, 0, 8, 0, 0}), ipv4(intranet, sara, 17, port(99))
		wants := func(what string, want time.Time) {
			t.Helper()
			if got := b.LastData(); !got.Equal(want) {
				t.Errorf("%s: data were last %v after the network opened, want %v", what, got.Sub(opened), want.Sub(opened))
			}
		}
		time.Sleep(time.Minute)
		b.from(frame(clock))
		b.Deliver([][]byte{junk, answer})
		b.wantsLAN("a clock", clock)
		b.wantsDown("strangers", frame(junk), frame(answer))
		wants("a clock and strangers", opened)
		b.from(frame(ask))
		wants("her question", opened.Add(time.Minute))
		time.Sleep(time.Minute)
		b.Deliver([][]byte{junk, answer})
		wants("its answer", opened.Add(2*time.Minute))
	})
}

func TestLastData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		began := time.Now()
		wants := func(what string, want time.Time) {
			t.Helper()
			if got := b.LastData(); !got.Equal(want) {
				t.Errorf("%s: %v, want %v", what, got.Sub(began), want.Sub(began))
			}
			time.Sleep(time.Minute)
		}
		wants("new", began)
		opened := time.Now()
		b.open()
		wants("open", opened)
		b.from(ppp.Append(nil, ppp.LCP, []byte{9, 1, 0, 4}), frame(ipv4(intranet, sara, 17, nil)))
		b.SendControl(ppp.Append(nil, ppp.LCP, []byte{10, 1, 0, 4}))
		wants("echoes and what is dropped", opened)
		b.from(frame(ipv4(sara, intranet, 17, nil)))
		wants("up", opened.Add(2*time.Minute))
		b.Deliver([][]byte{ipv4(intranet, sara, 17, nil)})
		wants("down", opened.Add(3*time.Minute))
	})
}

func TestClose(t *testing.T) {
	b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 1}}).open()
	p := ipv4(intranet, sara, 17, nil)
	b.Deliver([][]byte{p, p})
	b.arrived()
	b.Close()
	if !b.wake.IsZero() {
		t.Error("still waits")
	}
	b.from(frame(ipv4(sara, intranet, 17, nil)), ppp.Append(nil, ppp.LCP, nil))
	b.SendControl(p)
	b.Deliver([][]byte{p})
	b.Wake(time.Now())
	b.wantsDown("closed")
	b.wantsLAN("closed")
	b.wantsSession("closed")
}

func TestStatsAddUpOverSessions(t *testing.T) {
	var stats Stats
	for range 3 {
		b := newBench(t, Options{})
		b.Flow.stats = &stats
		b.from(ppp.Append(nil, ppp.LCP, nil), ppp.Append(nil, ppp.LCP, nil))
		b.Receive([][]byte{{1, 2, 3}, gre.Header{}.Append(nil, nil)})
		b.SendControl(ppp.Append(nil, ppp.LCP, nil))
		b.Close()
	}
	got := map[string]uint64{}
	stats.GRE.Packets(func(direction, disposition string, n uint64) {
		if n > 0 {
			got[direction+" "+disposition] = n
		}
	})
	want := map[string]uint64{"received in-order": 6, "sent ack": 3, "sent data": 3}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestGarbageFromBothSides(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 4}}).open()
	junk := func(n int) []byte {
		p := make([]byte, n)
		for i := range p {
			p[i] = "\xff\x03\x00\x21\xc0\x45\x06\x02\x04\x02\x01\x01\x81\x30\x88\x0b"[rnd.IntN(16)]
		}
		return p
	}
	for range 20_000 {
		b.from(junk(1 + rnd.IntN(80)))
		b.from(frame(junk(rnd.IntN(80))))
		b.Receive([][]byte{junk(rnd.IntN(40))})
		b.Deliver([][]byte{junk(rnd.IntN(80))})
		b.sent, b.lan = nil, nil
		if f := b.Next(); f != nil {
			f.Free()
		}
	}
	if b.stats.Malformed.Load() == 0 || b.stats.GRE.Received[gre.Malformed].Load() == 0 {
		t.Error("the garbage is too clean")
	}
}

// TestABatchIsOneWrite has packets held for a missing one, two SYNs to change
// and a frame in the middle that is none: all reach the LAN in their order and
// at once, whatever buffers they lie in.
func TestABatchIsOneWrite(t *testing.T) {
	b := newBench(t, Options{}).open()
	data := func(c byte) []byte { return ipv4(sara, intranet, 17, bytes.Repeat([]byte{c}, 40)) }
	syn := func(port byte) []byte {
		p := ipv4(sara, intranet, protocolTCP, []byte{port, 0, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x60, flagSYN, 0, 0, 0, 0, 0, 0, 2, 4, 5, 180})
		return p
	}
	packet := func(f []byte) []byte { return b.pac.Append(time.Now(), nil, f) }
	p := [][]byte{packet(frame(data('1'))), packet(frame(data('2'))), packet(frame(syn(1))), packet(frame(data('3'))),
		packet(frame(syn(2))), packet([]byte{0x21, 0x40}), packet(frame(data('4'))), packet(frame(data('5'))), packet(frame(data('6')))}
	b.Receive([][]byte{p[0], p[3], p[2], p[1], p[4], p[5], p[8], p[7], p[6]})
	clamped := func(port byte) []byte {
		s := syn(port)
		s[42], s[43] = 1360>>8, 1360&0xFF
		sum := update(0, 1460, 1360, 22)
		s[36], s[37] = byte(sum>>8), byte(sum)
		return s
	}
	if b.calls != 1 {
		t.Errorf("%d calls of Write", b.calls)
	}
	b.wantsLAN("one batch", data('1'), data('2'), clamped(1), data('3'), clamped(2), data('4'), data('5'), data('6'))
	b.wantsDropped(map[string]uint64{"malformed": 1})
}

// nowhere is a tunnel and a LAN that take everything.
type nowhere struct{}

func (nowhere) Send(...[]byte) error { return nil }
func (nowhere) WakeAt(time.Time)     {}
func (nowhere) Write(...[]byte)      {}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	var count record.Counters
	ignore, err := activity.New(activity.Names())
	if err != nil {
		t.Fatal(err)
	}
	f := New(Options{Tunnel: nowhere{}, LAN: nowhere{}, Activity: ignore, Ring: func() {}, Stats: &Stats{}, Counters: &count})
	f.SetNetwork(Network{Open: true, Remote: sara, MRU: 1400})
	pac := gre.NewSession(gre.Options{}, time.Now())
	up := frame(ipv4(sara, intranet, 6, make([]byte, 1300)))
	down := [][]byte{ipv4(intranet, sara, 6, make([]byte, 1300))}
	echo := ppp.Append(nil, ppp.LCP, []byte{9, 1, 0, 8, 0, 0, 0, 0})
	var batch gre.Batch
	step := func() {
		now := time.Now()
		batch.Add(pac.Append(now, batch.Next(), up))
		batch.Add(pac.Append(now, batch.Next(), echo))
		f.Receive(batch.Take())
		f.Next().Free()
		f.Deliver(down)
		f.SendControl(echo)
	}
	step()
	if n := testing.AllocsPerRun(200, step); n != 0 && !raced {
		t.Errorf("%v allocations for four frames", n)
	}
	if got := count.Snapshot(); got.FramesUp != got.FramesDown || got.Dropped != 0 {
		t.Errorf("%+v", got)
	}
}
