package flow

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"carrier/shared/gre"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/deflate"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
	"carrier/shared/record"
)

// A lane is what is on its way from one of two flows to the other, and what has come out
// of the other, of which it keeps nothing: it allocates nothing itself.
type lane struct {
	batch gre.Batch
	want  []byte // every packet that comes out
	coded int    // packets that went as Compressed Datagrams, or with a compressed header
	came  int
	wrong int
}

func (l *lane) WakeAt(time.Time) {}

func (l *lane) Send(packets ...[]byte) error {
	for _, p := range packets {
		if bytes.Contains(p, []byte{0xFF, 3, 0, 0xFD}) || bytes.Contains(p, []byte{0xFF, 3, 0, 0x2D}) {
			l.coded++
		}
		l.batch.Add(append(l.batch.Next(), p...))
	}
	return nil
}

// advance has the next packet be the next of its TCP connection: of one that comes again
// the header is not compressed.
func (l *lane) advance() {
	seq := l.want[24:28]
	binary.BigEndian.PutUint32(seq, binary.BigEndian.Uint32(seq)+uint32(len(l.want)-40))
}

// sum gives an IPv4 header its checksum, which whoever has it back computes.
func sum(packet []byte) []byte {
	var n uint32
	for i := 0; i < 20; i += 2 {
		n += uint32(binary.BigEndian.Uint16(packet[i:]))
	}
	binary.BigEndian.PutUint16(packet[10:], ^uint16(n+n>>16))
	return packet
}

// arrivals are where a flow writes what came by a lane.
type arrivals struct{ *lane }

func (a arrivals) Write(packets ...[]byte) {
	for _, p := range packets {
		if a.came++; !bytes.Equal(p, a.want) {
			a.wrong++
		}
	}
}

// Whatever CCP agreed on, a packet that is coded at one end and comes out at the other
// costs neither of them an allocation.
func TestCodedPacketsDoNotAllocate(t *testing.T) {
	ours := mppe.FromMSCHAPv2([16]byte{1, 2, 3}, [24]byte{4, 5, 6}, mppe.Server)
	theirs := mppe.FromMSCHAPv2([16]byte{1, 2, 3}, [24]byte{4, 5, 6}, mppe.Client)
	const strong = mppe.Key128 | mppe.Stateless
	both := func(m ccp.Method) [2]ccp.Method { return [2]ccp.Method{m, m} }
	keyed := func(can mppe.Bits) [2]ccp.Method {
		return [2]ccp.Method{ccp.MPPE{Can: can, Keys: ours}, ccp.MPPE{Can: can, Keys: theirs}}
	}
	for _, tt := range []struct {
		name string
		ends [2]ccp.Method // nil: nothing is coded
		vj   vj.Slots
	}{
		{"MPPE-128 stateless", keyed(strong), vj.Slots{}},
		{"MPPE-128 stateful", keyed(mppe.Key128), vj.Slots{}},
		{"MPPE-40 stateless", keyed(mppe.Key40 | mppe.Stateless), vj.Slots{}},
		{"MPPC and MPPE-128", keyed(strong | mppe.MPPC), vj.Slots{}},
		{"MPPC", both(ccp.MPPE{Can: mppe.MPPC}), vj.Slots{}},
		{"Deflate", both(ccp.Deflate{Window: deflate.MaxWindow}), vj.Slots{}},
		{"BSD Compress", both(ccp.BSD{Bits: 12}), vj.Slots{}},
		{"LZS", both(ccp.LZS{}), vj.Slots{}},
		{"Predictor", both(ccp.Predictor{}), vj.Slots{}},
		{"TCP headers", [2]ccp.Method{}, vj.Slots{Count: 16}},
		{"TCP headers, MPPC and MPPE-128", keyed(strong | mppe.MPPC), vj.Slots{Count: 16}},
	} {
		t.Run(tt.name, func(t *testing.T) { costsNothing(t, tt.ends, tt.vj) })
	}
}

func costsNothing(t *testing.T, ends [2]ccp.Method, slots vj.Slots) {
	text := bytes.Repeat([]byte("the quick brown fox "), 64)
	segment := func(n byte) []byte { // of TCP, with the acknowledgement and no options
		return append([]byte{0, 80, 4, n, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0x10, 0, 0, 0, 0, 0}, text...)
	}
	up, down := &lane{want: sum(ipv4(sara, intranet, 6, segment(1)))}, &lane{want: sum(ipv4(intranet, sara, 6, segment(2)))}
	var flows [2]*Flow
	var counts [2]record.Counters
	for i, o := range []Options{{Tunnel: down, LAN: arrivals{up}}, {Tunnel: up, LAN: arrivals{down}}} {
		o.Ring, o.Stats, o.Counters = func() {}, &Stats{}, &counts[i]
		flows[i] = New(o)
		n := Network{Open: true, Remote: sara, MRU: 1400, SendVJ: slots, ReceiveVJ: slots}
		if i == 1 {
			n.Remote = intranet
		}
		if err := flows[i].SetNetwork(n); err != nil {
			t.Fatal(err)
		}
		if ends[i] == nil {
			continue
		}
		out, err := ccp.NewOutbound(ccp.Choice{Method: ends[i], Value: ends[i].Value()}, 1500)
		if err != nil {
			t.Fatal(err)
		}
		in, err := ccp.NewInbound(ccp.Choice{Method: ends[i], Value: ends[i].Value()}, 1500)
		if err != nil {
			t.Fatal(err)
		}
		flows[i].SetCoding(Coding{In: in, Out: out})
	}
	hers, ours := [][]byte{up.want}, [][]byte{down.want}
	step := func() {
		up.advance()
		down.advance()
		flows[0].Deliver(ours)
		flows[1].Receive(down.batch.Take())
		flows[1].Deliver(hers)
		flows[0].Receive(up.batch.Take())
	}
	for range 50 { // histories fill
		step()
	}
	const runs = 200
	n := testing.AllocsPerRun(runs, step)
	for name, l := range map[string]*lane{"up": up, "down": down} {
		if l.came != 50+runs+1 || l.wrong != 0 || l.coded < runs {
			t.Errorf("%s: %d packets came, %d wrong, %d of them coded", name, l.came, l.wrong, l.coded)
		}
	}
	if n != 0 && !raced {
		t.Errorf("%v allocations for a packet each way", n)
	}
	if a, b := counts[0].Dropped.Load(), counts[1].Dropped.Load(); a != 0 || b != 0 {
		t.Errorf("%d and %d dropped", a, b)
	}
}
