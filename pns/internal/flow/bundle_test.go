package flow

import (
	"bytes"
	"testing"
	"time"

	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/deflate"
	"carrier/shared/ppp/mp"
	"carrier/shared/record"
)

// bundled makes the flow the only link of a bundle, short numbers to the caller.
func (b *bench) bundled() *bench {
	b.SetBundle(Bundle{In: mp.NewReceiver(mp.Long, 1500, 1), Out: &mp.Sender{Format: mp.Short}})
	return b
}

// fragment is a frame of the caller's.
func fragment(n uint32, begin, end bool, data []byte) []byte {
	return ppp.Append(nil, ppp.Multilink, append(mp.Long.Append(nil, mp.Header{Begin: begin, End: end, Sequence: n}), data...))
}

func TestDataGoInFragments(t *testing.T) {
	for _, windowing := range []bool{false, true} {
		b := newBench(t, Options{GRE: gre.Options{Windowing: windowing, SendWindow: 16}}).open().bundled()
		up, other, down := ipv4(sara, intranet, 17, []byte("a packet")), ipv4(sara, intranet, 17, []byte("another")), ipv4(intranet, sara, 17, []byte("down"))
		inner := append([]byte{0x21}, up...)
		b.from(fragment(0, true, false, inner[:9]), fragment(1, false, false, inner[9:20]), fragment(2, false, true, inner[20:]),
			fragment(3, true, true, append([]byte{0, 0x21}, other...)), frame(up), fragment(4, true, true, nil))
		b.wantsLAN("in three, in one, and without", up, other, up)
		echo := ppp.Append(nil, ppp.LCP, []byte{9, 1, 0, 8, 0, 0, 0, 0})
		b.SendControl(echo)
		b.Deliver([][]byte{down, down})
		b.wantsDown("down", echo, append([]byte{0xFF, 3, 0, 0x3D, 0xC0, 0, 0, 0x21}, down...), append([]byte{0xFF, 3, 0, 0x3D, 0xC0, 1, 0, 0x21}, down...))
		b.SetNetwork(Network{Open: true, Remote: sara, Compression: ppp.Compression{Address: true, Protocol: true}})
		b.Deliver([][]byte{down})
		b.wantsDown("compressed", append([]byte{0x3D, 0xC0, 2, 0x21}, down...))
		b.SetBundle(Bundle{})
		b.Deliver([][]byte{down})
		b.wantsDown("no bundle any more", append([]byte{0x21}, down...))
		b.from(fragment(5, true, true, inner))
		b.wantsSession("a fragment outside a bundle", fragment(5, true, true, inner))
		b.wantsDropped(nil)
	}
}

// Two packets are put together in one batch, of which each waits for the LAN.
func TestPacketsOfOneBatchDoNotShareAPlace(t *testing.T) {
	b := newBench(t, Options{}).open().bundled()
	var frames, want [][]byte
	for i := range uint32(6) {
		p := ipv4(sara, intranet, 17, bytes.Repeat([]byte{byte(i)}, 100))
		inner := append([]byte{0x21}, p...)
		frames = append(frames, fragment(2*i, true, false, inner[:50]), fragment(2*i+1, false, true, inner[50:]))
		want = append(want, p)
	}
	b.from(frames...)
	b.wantsLAN("six", want...)
}

func TestControlInsideABundle(t *testing.T) {
	b := newBench(t, Options{}).open().bundled()
	echo, ipcp := []byte{0xC0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4}, []byte{0x80, 0x21, 1, 1, 0, 4}
	b.from(fragment(0, true, true, echo), fragment(1, true, true, ipcp))
	b.wantsSession("what may be there", echo, ipcp)
	var n uint32 = 2
	for code := range byte(7) {
		b.from(fragment(n, true, true, []byte{0xC0, 0x21, code, 1, 0, 4}))
		n++
	}
	b.from(fragment(n, true, true, fragment(0, true, true, echo)), ppp.Append(nil, ppp.Multilink, []byte{0xC0, 0, 0}))
	b.wantsSession("what may not")
	b.wantsDropped(map[string]uint64{"malformed": 9})
}

func TestWhatIsLostInABundle(t *testing.T) {
	b := newBench(t, Options{}).open().bundled()
	up := ipv4(sara, intranet, 17, []byte("up"))
	inner := append([]byte{0x21}, up...)
	b.from(fragment(0, true, false, inner[:9]), fragment(2, true, true, inner), fragment(2, true, true, inner))
	b.wantsLAN("after the loss", up)
	b.wantsDropped(map[string]uint64{"unjoined": 2})
}

// Data are compressed first, then wrapped (RFC 1990 §5), and the other way round.
func TestCodedInsideABundle(t *testing.T) {
	b := newBench(t, Options{}).open().bundled()
	method := ccp.Choice{Method: ccp.Deflate{Window: deflate.MaxWindow}}
	method.Value = method.Method.Value()
	out, err := ccp.NewOutbound(method, 1500)
	if err != nil {
		t.Fatal(err)
	}
	in, err := ccp.NewInbound(method, 1500)
	if err != nil {
		t.Fatal(err)
	}
	b.SetCoding(Coding{In: in, Out: out})
	hers, _ := ccp.NewOutbound(method, 1500)
	theirs, _ := ccp.NewInbound(method, 1500)
	p := ipv4(sara, intranet, 17, bytes.Repeat([]byte("again "), 100))
	coded, ok := hers.Compress(nil, append([]byte{0, 0x21}, p...))
	if !ok {
		t.Fatal("not compressed")
	}
	b.from(fragment(0, true, true, append([]byte{0xFD}, coded...)))
	b.wantsLAN("up", p)
	down := ipv4(intranet, sara, 17, bytes.Repeat([]byte("again "), 100))
	b.Deliver([][]byte{down})
	got := b.arrived()
	if len(got) != 1 || !bytes.HasPrefix(got[0], []byte{0xFF, 3, 0, 0x3D, 0xC0, 0, 0, 0xFD}) || len(got[0]) > 200 {
		t.Fatalf("down went % x", got)
	}
	if plain, err := theirs.Receive(nil, got[0][8:]); err != nil || !bytes.HasSuffix(plain, down) {
		t.Errorf("it holds % x, %v", plain, err)
	}
}

// Fragments that come right behind what may open a protocol wait for it, with
// what is in them.
func TestFragmentsAreHeld(t *testing.T) {
	b := newBench(t, Options{}).bundled()
	up := ipv4(sara, intranet, 17, nil)
	ack := ppp.Append(nil, ppp.IPCP, []byte{2, 1, 0, 4})
	b.from(ack, fragment(0, true, true, append([]byte{0x21}, up...)))
	b.wantsLAN("before the session has read")
	b.Next().Free()
	b.open()
	b.wantsDropped(nil)
	if f := b.Next(); f != nil {
		t.Errorf("% x", f.Octets)
	}
	b.wantsLAN("after", up)
}

func TestABundleDoesNotAllocate(t *testing.T) {
	var count record.Counters
	f := New(Options{Tunnel: nowhere{}, LAN: nowhere{}, Ring: func() {}, Stats: &Stats{}, Counters: &count})
	f.SetNetwork(Network{Open: true, Remote: sara, MRU: 1394})
	f.SetBundle(Bundle{In: mp.NewReceiver(mp.Long, 1500, 1), Out: &mp.Sender{}})
	pac, hers := gre.NewSession(gre.Options{}, time.Now()), mp.Sender{}
	up := append([]byte{0x21}, ipv4(sara, intranet, 6, make([]byte, 1300))...)
	down := [][]byte{ipv4(intranet, sara, 6, make([]byte, 1300))}
	var batch gre.Batch
	var buf []byte
	step := func() {
		now := time.Now()
		buf = append(hers.Whole(append(buf[:0], 0x3D)), up...)
		batch.Add(pac.Append(now, batch.Next(), buf))
		f.Receive(batch.Take())
		f.Deliver(down)
	}
	step()
	if n := testing.AllocsPerRun(200, step); n != 0 && !raced {
		t.Errorf("%v allocations for two packets", n)
	}
	if got := count.Snapshot(); got.FramesUp != got.FramesDown || got.Dropped != 0 {
		t.Errorf("%+v", got)
	}
}

// Headers are as short as the link has them, whichever network is open.
func TestIPv6InsideABundle(t *testing.T) {
	b := newBench(t, Options{}).bundled()
	n := network6
	n.Compression = ppp.Compression{Address: true, Protocol: true}
	b.SetNetwork6(n)
	down := ipv6(intranet6, sara6, 17, 1, 2)
	b.Deliver([][]byte{down})
	b.wantsDown("down", append([]byte{0x3D, 0xC0, 0, 0x57}, down...))
}
