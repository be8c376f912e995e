package flow

import (
	"errors"
	"slices"
	"testing"

	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/cp"
)

// numbered is a method of compression that tells what is lost: a datagram is the
// number of its packet, and the packet with all bits the other way. Packets of
// one octet more than their Protocol field it does not compress.
type numbered struct {
	next byte
	lost bool
	seen int // packets that came as they are
}

func (n *numbered) Type() uint8                                    { return 99 }
func (n *numbered) Name([]byte) string                             { return "numbered" }
func (n *numbered) Value() []byte                                  { return nil }
func (n *numbered) Naked([]byte) ([]byte, bool)                    { return nil, false }
func (n *numbered) Judge([]byte) ([]byte, bool)                    { return nil, true }
func (n *numbered) Compressor([]byte, int) (ccp.Compressor, error) { return n, nil }
func (n *numbered) Request() []byte                                { return nil }
func (n *numbered) Lost() bool                                     { return n.lost }
func (n *numbered) Uncompressed([]byte)                            { n.seen++ }
func (n *numbered) Reset(request []byte) (ack []byte, acks bool)   { n.next = 0; return nil, true }

func (n *numbered) Decompressor([]byte, int) (ccp.Decompressor, error) {
	return numberedDown{n}, nil
}

func (n *numbered) Compress(dst, packet []byte) ([]byte, bool) {
	if len(packet) == 3 {
		return dst, false
	}
	dst = append(dst, n.next)
	n.next++
	return append(dst, inverted(packet)...), true
}

type numberedDown struct{ *numbered }

func (n numberedDown) Reset([]byte) { n.next, n.lost = 0, false }

func (n numberedDown) Decompress(dst, info []byte) ([]byte, error) {
	if n.lost = n.lost || len(info) == 0 || info[0] != n.next; n.lost {
		return dst, errors.New("lost")
	}
	n.next++
	return append(dst, inverted(info[1:])...), nil
}

func inverted(b []byte) []byte {
	b = slices.Clone(b)
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}

// coded is a packet as numbered sends it.
func coded(number byte, p ppp.Protocol, info []byte) []byte {
	packet := append([]byte{byte(p >> 8), byte(p)}, info...)
	return ppp.Append(nil, ppp.Compressed, append([]byte{number}, inverted(packet)...))
}

func control(p ppp.Protocol, code cp.Code, id uint8) []byte {
	return ppp.Append(nil, p, cp.Packet{Code: code, ID: id}.Append(nil))
}

// code agrees on numbered both ways.
func (b *bench) code(sealed bool) (up, down *numbered) {
	b.t.Helper()
	up, down = new(numbered), new(numbered)
	out, err := ccp.NewOutbound(ccp.Choice{Method: down}, 1500)
	if err != nil {
		b.t.Fatal(err)
	}
	in, err := ccp.NewInbound(ccp.Choice{Method: up}, 1500)
	if err != nil {
		b.t.Fatal(err)
	}
	b.SetCoding(Coding{Out: out, In: in, Sealed: sealed})
	return up, down
}

func TestDataAreCoded(t *testing.T) {
	b := newBench(t, Options{}).open()
	method, _ := b.code(false)
	up, down := ipv4(sara, intranet, 17, []byte("up")), ipv4(intranet, sara, 17, []byte("down"))
	b.from(coded(0, ppp.IPv4, up), frame(up), coded(1, ppp.IPv4, up))
	b.wantsLAN("coded and not", up, up, up)
	if method.seen != 1 {
		t.Errorf("told of %d packets that came as they are", method.seen)
	}
	b.Deliver([][]byte{down, down})
	b.wantsDown("coded", coded(0, ppp.IPv4, down), coded(1, ppp.IPv4, down))
	echo := control(ppp.LCP, 9, 1)
	b.SendControl(echo)
	b.wantsDown("control as it is", echo)
	b.SetNetwork(Network{Open: true, Remote: sara, Compression: ppp.Compression{Address: true, Protocol: true}})
	b.Deliver([][]byte{down})
	b.wantsDown("with short headers", append([]byte{0xFD}, coded(2, ppp.IPv4, down)[4:]...))
	b.SetCoding(Coding{})
	b.Deliver([][]byte{down})
	b.wantsDown("CCP has closed", append([]byte{0x21}, down...))
	datagram := coded(2, ppp.IPv4, up)
	b.from(datagram)
	b.wantsSession("of which nothing is known now", datagram)
}

// TestWhatMayNotBeCoded: only network data travel in a Compressed Datagram, and
// no other datagram.
func TestWhatMayNotBeCoded(t *testing.T) {
	b := newBench(t, Options{}).open()
	b.code(false)
	b.from(coded(0, ppp.LCP, []byte{5, 1, 0, 4}), coded(1, ppp.Compressed, []byte{2}), coded(2, ppp.IPCP, nil), coded(3, 0x4041, nil))
	b.wantsSession("none of it")
	b.wantsDropped(map[string]uint64{"malformed": 4})
	b.from(coded(4, ppp.IPX, []byte("a packet")))
	b.wantsSession("a protocol to reject", append([]byte{0, 0x2B}, "a packet"...))
}

func TestSealed(t *testing.T) {
	b := newBench(t, Options{}).open()
	b.code(true)
	up := ipv4(sara, intranet, 17, []byte("up"))
	b.from(frame(up), ppp.Append(nil, ppp.IPX, []byte("a packet")), coded(0, ppp.IPv4, up))
	b.wantsLAN("what was sealed", up)
	b.wantsSession("nothing")
	b.wantsDropped(map[string]uint64{"unsealed": 2})
}

// TestShut: while encryption is required and not agreed nothing passes, be it on
// its way already; control does.
func TestShut(t *testing.T) {
	b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 1}}).open()
	up, down := ipv4(sara, intranet, 17, []byte("up")), ipv4(intranet, sara, 17, []byte("down"))
	b.Deliver([][]byte{down, down}) // one may go, the other waits
	b.SetCoding(Coding{Shut: true})
	b.Deliver([][]byte{down})
	echo := control(ppp.LCP, 9, 1)
	b.SendControl(echo)
	b.wantsDown("before it was shut, and control", frame(down), echo)
	b.from(frame(up)) // brings the acknowledgements
	b.wantsDown("what waited is gone")
	b.wantsLAN("nothing")
	b.wantsDropped(map[string]uint64{"unsealed": 2})
	b.SetCoding(Coding{})
	b.Deliver([][]byte{down})
	b.from(frame(up))
	b.wantsDown("open again", frame(down))
	b.wantsLAN("open again", up)
}

// TestResetsKeepTheirPlace loses a datagram each way.
func TestResetsKeepTheirPlace(t *testing.T) {
	b := newBench(t, Options{}).open()
	b.code(false)
	up, down := ipv4(sara, intranet, 17, []byte("up")), ipv4(intranet, sara, 17, []byte("down"))
	b.from(coded(0, ppp.IPv4, up), coded(2, ppp.IPv4, up), coded(3, ppp.IPv4, up))
	b.wantsLAN("before the loss", up)
	b.wantsDropped(map[string]uint64{"undecoded": 2})
	b.wantsDown("one request", control(ppp.CCP, ccp.ResetRequest, 1))
	b.from(control(ppp.CCP, ccp.ResetAck, 1), coded(0, ppp.IPv4, up), coded(1, ppp.IPv4, up)) // in one batch
	b.wantsLAN("right behind the Reset-Ack", up, up)
	b.Deliver([][]byte{down, down})
	b.wantsDown("before", coded(0, ppp.IPv4, down), coded(1, ppp.IPv4, down))
	b.from(control(ppp.CCP, ccp.ResetRequest, 7))
	b.Deliver([][]byte{down})
	b.wantsDown("the Reset-Ack, then a new history", control(ppp.CCP, ccp.ResetAck, 7), coded(0, ppp.IPv4, down))
	b.wantsSession("nothing of it")
	if in, out := b.coding.In, b.coding.Out; in.Lost != 1 || in.Resets != 1 || out.Resets != 1 {
		t.Errorf("lost %d, asked %d, obeyed %d", in.Lost, in.Resets, out.Resets)
	}
	b.code(false) // agreed anew, and lost once more
	b.from(coded(1, ppp.IPv4, up))
	b.wantsDown("another request", control(ppp.CCP, ccp.ResetRequest, 1))
	r := &b.stats.Resets
	if got := b.count.Snapshot(); got.HistoriesLost != 2 || got.ResetsAsked != 2 || got.ResetsObeyed != 1 ||
		r.Lost.Load() != 2 || r.Asked.Load() != 2 || r.Obeyed.Load() != 1 {
		t.Errorf("the call has %+v, the program lost %d, asked %d, obeyed %d", got, r.Lost.Load(), r.Asked.Load(), r.Obeyed.Load())
	}
	b.SetCoding(Coding{})
	b.from(control(ppp.CCP, ccp.ResetRequest, 8), control(ppp.CCP, ccp.ResetAck, 8))
	b.wantsDown("nothing is coded", nil...)
}

// TestDataBehindAConfigureAck has all come in one batch: what follows the
// Configure-Ack waits until the session has read that and done what it means.
func TestDataBehindAConfigureAck(t *testing.T) {
	b := newBench(t, Options{})
	up := ipv4(sara, intranet, 17, []byte("up"))
	ack, other := control(ppp.CCP, cp.ConfigureAck, 1), control(ppp.LCP, 9, 1)
	b.from(ack, coded(0, ppp.IPv4, up), other, coded(1, ppp.IPv4, up))
	b.wantsLAN("it is held")
	for _, want := range [][]byte{ack, other} {
		f := b.Next()
		if f == nil || !slices.Equal(f.Octets, want) {
			t.Fatalf("the session has %v, want % x", f, want)
		}
		f.Free()
		b.wantsLAN("it is held still")
	}
	b.open()
	b.code(false)
	if f := b.Next(); f != nil {
		t.Fatalf("the session has % x", f.Octets)
	}
	b.wantsLAN("in its order", up, up)
	b.from(coded(2, ppp.IPv4, up))
	b.wantsLAN("at once", up)
	b.from(ack)
	for range maxHeld + 5 {
		b.from(frame(up))
	}
	b.wantsDropped(map[string]uint64{"session-busy": 5})
	b.Close()
	if f := b.Next(); f == nil {
		t.Fatal("the Configure-Ack is gone")
	}
	b.Next()
	b.wantsLAN("nothing more once it is closed")
}
