package flow

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/ppp/vj"
)

// segment is the nth of a TCP connection's, with ten octets each.
func segment(from, to netip.Addr, n int) []byte {
	h := make([]byte, 20)
	binary.BigEndian.PutUint32(h[4:], uint32(10*n))
	h[12], h[13] = 0x50, 0x10
	p := ipv4(from, to, protocolTCP, append(h, "0123456789"...))
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	binary.BigEndian.PutUint16(p[10:], ^uint16(sum+sum>>16))
	return p
}

func TestTCPHeadersAreCompressed(t *testing.T) {
	slots := vj.Slots{Count: 16}
	b := newBench(t, Options{})
	open := Network{Open: true, Remote: sara, MRU: 1400, SendVJ: slots, ReceiveVJ: slots}
	if err := b.SetNetwork(open); err != nil {
		t.Fatal(err)
	}
	c, err := vj.NewCompressor(slots)
	if err != nil {
		t.Fatal(err)
	}
	d, err := vj.NewDecompressor(slots)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		up := segment(sara, intranet, i)
		info, p := c.Compress(nil, up)
		if want := []ppp.Protocol{ppp.VJUncompressed, ppp.VJCompressed}[min(i, 1)]; p != want {
			t.Fatalf("packet %d goes as %v", i, p)
		}
		b.from(ppp.Append(nil, p, info))
		b.wantsLAN("what the caller sent", up)

		down := segment(intranet, sara, i)
		b.Deliver([][]byte{down})
		frames := b.arrived()
		if len(frames) != 1 {
			t.Fatalf("%d frames", len(frames))
		}
		p, info, _ = ppp.Split(frames[0])
		read := map[ppp.Protocol]func(dst, info []byte) ([]byte, error){ppp.VJCompressed: d.Compressed, ppp.VJUncompressed: d.Uncompressed}[p]
		if read == nil {
			t.Fatalf("packet %d comes as %v", i, p)
		}
		if got, err := read(nil, info); err != nil || string(got) != string(down) {
			t.Errorf("packet %d (%v): % x, %v, want % x", i, p, got, err, down)
		}
	}
	b.StopVJ()
	last := segment(intranet, sara, 5)
	b.Deliver([][]byte{last})
	b.wantsDown("as it is, since the caller's machine rejects VJ", frame(last))
	up := segment(sara, intranet, 5)
	info, p := c.Compress(nil, up)
	b.from(ppp.Append(nil, p, info))
	b.wantsLAN("what she sends so is read all the same", up)
	b.from(ppp.Append(nil, ppp.VJCompressed, []byte{0x40, 200, 0, 0}))
	b.wantsDropped(map[string]uint64{"unexpanded": 1})
	if err := b.SetNetwork(Network{Open: true, SendVJ: vj.Slots{Count: 257}}); err == nil {
		t.Error("257 slots")
	}
	open.SendVJ, open.ReceiveVJ = vj.Slots{}, vj.Slots{}
	if err := b.SetNetwork(open); err != nil {
		t.Fatal(err)
	}
	b.Deliver([][]byte{segment(intranet, sara, 9)})
	b.wantsDown("as it is", frame(segment(intranet, sara, 9)))
}
