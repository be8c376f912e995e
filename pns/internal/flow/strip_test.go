package flow

import (
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/record"
)

// Towards a peer that wants it so no frame has Address and Control, whatever was
// agreed with the caller, who counts them for all that: the PAC puts them back.
func TestStrip(t *testing.T) {
	b := newBench(t, Options{Strip: true}).open()
	down := ipv4(intranet, sara, 17, []byte("down"))
	lcp := ppp.Append(nil, ppp.LCP, []byte{9, 1, 0, 8, 0, 0, 0, 0})
	b.Deliver([][]byte{down})
	b.wantsDown("data", frame(down)[2:])
	b.SendControl(lcp)
	b.wantsDown("LCP", lcp[2:])
	b.SetNetwork(Network{Open: true, Remote: sara, Compression: ppp.Compression{Address: true, Protocol: true}})
	b.Deliver([][]byte{down})
	b.wantsDown("compressed", append([]byte{0x21}, down...))
	want := record.Traffic{FramesDown: 3, OctetsDown: uint64(2*len(down) + 4 + len(lcp) + 1)}
	if got := b.count.Snapshot(); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
	up := ipv4(sara, intranet, 17, []byte("up"))
	b.from(frame(up), frame(up)[2:])
	b.wantsLAN("either way", up, up)
}
