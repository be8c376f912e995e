package flow

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/capture"
	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/mppe"
	"carrier/shared/record"
)

// An end is one of the two that a lossy way joins: a flow with GRE, the caller's
// as well as the PNS's. Its LAN has a stream for the other end.
type end struct {
	*Flow
	t        *testing.T
	from, to netip.Addr
	stats    Stats
	count    record.Counters
	out      [][]byte // GRE packets on their way to the other end
	late     []byte   // one that comes behind the next
	wake     time.Time
	coded    int // frames that went as Compressed Datagrams

	other       *end
	stream, got []byte // what is sent, and what came
	missing     []bool // chunks of got
	left        int    // how many
	next        int    // chunk to send
	random      *rand.Rand
	dropped     int
	reordered   int
}

const chunk = 512 // octets of a stream that a packet has

func newEnd(t *testing.T, from, to netip.Addr, seed uint64, in, out ccp.Choice) *end {
	e := &end{t: t, from: from, to: to, got: make([]byte, streamLength), missing: make([]bool, streamLength/chunk),
		left: streamLength / chunk, random: rand.New(rand.NewPCG(seed, 0))}
	for i := range e.missing {
		e.missing[i] = true
	}
	e.stream = stream(seed)
	e.Flow = New(Options{Tunnel: e, LAN: e, Ring: func() {}, Counters: &e.count, Stats: &e.stats, Tap: e})
	outbound, err := ccp.NewOutbound(out, 1500)
	if err != nil {
		t.Fatal(err)
	}
	inbound, err := ccp.NewInbound(in, 1500)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.SetNetwork(Network{Open: true, Remote: to, MRU: 1400}); err != nil {
		t.Fatal(err)
	}
	e.SetCoding(Coding{In: inbound, Out: outbound})
	return e
}

// stream is text, with noise in it.
func stream(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b []byte
	for len(b) < streamLength {
		switch r.IntN(12) {
		case 0:
			for range 300 {
				b = append(b, byte(r.Uint32()))
			}
		default:
			b = append(b, "the quick brown fox jumps over the lazy dog and more often than not "[r.IntN(20):][:r.IntN(45)]...)
		}
	}
	return b[:streamLength]
}

// Send, WakeAt, Write and PPP make an end a Tunnel, a LAN and a Tap.

func (e *end) Send(packets ...[]byte) error {
	for _, p := range packets {
		e.out = append(e.out, bytes.Clone(p))
	}
	return nil
}

func (e *end) WakeAt(at time.Time) { e.wake = at }

func (e *end) Write(packets ...[]byte) {
	for _, p := range packets {
		i := int(binary.BigEndian.Uint32(p[20:]))
		if i >= len(e.missing) || !bytes.Equal(p[24:], e.other.stream[i*chunk:][:chunk]) {
			e.t.Errorf("to %v: chunk %d is not what was sent", e.from, i)
			continue
		}
		copy(e.got[i*chunk:], p[24:])
		if e.missing[i] {
			e.missing[i] = false
			e.left--
		}
	}
}

func (e *end) PPP(_ string, dir capture.Direction, frame []byte) {
	if p, _, err := ppp.Split(frame); err == nil && p == ppp.Compressed && dir == capture.Sent {
		e.coded++
	}
}

// offer brings the next packets of the stream that the other end lacks.
func (e *end) offer() {
	for n := 0; n < 4 && e.other.left > 0; e.next = (e.next + 1) % len(e.missing) {
		if !e.other.missing[e.next] {
			continue
		}
		payload := binary.BigEndian.AppendUint32(nil, uint32(e.next))
		payload = append(payload, e.stream[e.next*chunk:][:chunk]...)
		e.Deliver([][]byte{ipv4(e.from, e.to, 17, payload)})
		n++
	}
}

// carry brings what waits to the other end, all but one in a hundred, some in
// another order.
func (e *end) carry() {
	var arrive [][]byte
	for _, p := range e.out {
		switch e.random.IntN(100) {
		case 0:
			e.dropped++
			continue
		case 1, 2:
			if e.late == nil {
				e.late = p
				e.reordered++
				continue
			}
		}
		arrive = append(arrive, p)
		if e.late != nil && e.random.IntN(2) == 0 {
			arrive = append(arrive, e.late)
			e.late = nil
		}
	}
	e.out = nil
	if len(arrive) > 0 {
		e.other.Receive(arrive)
	}
}

// TestLoss carries a stream each way by each method, where one packet of a
// hundred is lost and others come in another order. All of it arrives and is
// right; what depends on what was before asks for resets and gets them.
func TestLoss(t *testing.T) {
	mppeOf := func(bits mppe.Bits) func(mppe.Role) ccp.Method {
		return func(r mppe.Role) ccp.Method {
			return ccp.MPPE{Can: bits, Keys: mppe.FromMSCHAPv2([16]byte{1, 2, 3}, [24]byte{4, 5, 6}, r)}
		}
	}
	is := func(m ccp.Method) func(mppe.Role) ccp.Method { return func(mppe.Role) ccp.Method { return m } }
	for _, tt := range []struct {
		name   string
		method func(mppe.Role) ccp.Method
		value  []byte // nil: what the method asks for
		resets bool
	}{
		{"nothing", nil, nil, false},
		{"MPPE 128, stateless", mppeOf(mppe.Key128 | mppe.Stateless), nil, false},
		{"MPPE 128 and MPPC, stateless", mppeOf(mppe.Key128 | mppe.MPPC | mppe.Stateless), nil, false},
		{"MPPE 128", mppeOf(mppe.Key128), nil, true},
		{"MPPE 56", mppeOf(mppe.Key56), nil, true},
		{"MPPE 40", mppeOf(mppe.Key40), nil, true},
		{"MPPC", mppeOf(mppe.MPPC), nil, true},
		{"MPPE 128 and MPPC", mppeOf(mppe.Key128 | mppe.MPPC), nil, true},
		{"Deflate", is(ccp.Deflate{Window: 15}), nil, true},
		{"BSD Compress", is(ccp.BSD{Bits: 12}), nil, true},
		{"Predictor", is(ccp.Predictor{}), nil, true},
		{"LZS", is(ccp.LZS{}), nil, true},
		{"LZS, extended", is(ccp.LZS{}), []byte{0, 1, 4}, true},
		{"LZS, no history", is(ccp.LZS{}), []byte{0, 0, 1}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			choice := func(r mppe.Role) (c ccp.Choice) {
				if tt.method == nil {
					return c
				}
				c.Method, c.Value = tt.method(r), tt.value
				if c.Value == nil {
					c.Value = c.Method.Value()
				}
				return c
			}
			synctest.Test(t, func(t *testing.T) {
				server, client := choice(mppe.Server), choice(mppe.Client)
				pns := newEnd(t, intranet, sara, 1, server, server)
				caller := newEnd(t, sara, intranet, 2, client, client)
				pns.other, caller.other = caller, pns
				exchange(pns, caller)
				pns.check(tt.method != nil, tt.resets)
				caller.check(tt.method != nil, tt.resets)
			})
		})
	}
}

// exchange goes on until both streams have arrived.
func exchange(a, b *end) {
	for began := time.Now(); a.left+b.left > 0; time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > 5*time.Minute {
			a.t.Fatalf("after %v the PNS lacks %d chunks, the caller %d", time.Since(began), a.left, b.left)
		}
		for _, e := range []*end{a, b} {
			e.offer()
			e.carry()
			if !e.wake.IsZero() && !time.Now().Before(e.wake) {
				e.wake = time.Time{}
				e.Wake(time.Now())
			}
		}
	}
}

// check holds what came from the other end against what it sent.
func (e *end) check(coded, resets bool) {
	t, other := e.t, e.other
	t.Helper()
	if sha256.Sum256(e.got) != sha256.Sum256(other.stream) {
		t.Errorf("what came to %v is not what was sent", e.from)
	}
	late := e.Stats().Received[gre.Held]
	if other.dropped == 0 || other.reordered == 0 || late == 0 || e.Stats().Lost == 0 {
		t.Errorf("to %v: the way lost %d packets and reordered %d; GRE missed %d and held %d", e.from, other.dropped, other.reordered, e.Stats().Lost, late)
	}
	if packets := streamLength / chunk; coded && other.coded < packets/2 || !coded && other.coded > 0 {
		t.Errorf("to %v %d of %d packets went coded", e.from, other.coded, packets)
	}
	in, out := e.count.Snapshot(), other.count.Snapshot()
	if n := [3]uint64{in.HistoriesLost, in.ResetsAsked, out.ResetsObeyed}; resets != (n[0] > 0) || resets != (n[1] > 0) || resets != (n[2] > 0) {
		t.Errorf("to %v: lost, asked and obeyed %d, want some: %v", e.from, n, resets)
	}
	if in.ResetsAsked < in.HistoriesLost || out.ResetsObeyed > in.ResetsAsked {
		t.Errorf("to %v: %d losses, %d requests, %d obeyed", e.from, in.HistoriesLost, in.ResetsAsked, out.ResetsObeyed)
	}
	t.Logf("to %v: %d lost on the way, %d reordered, %d histories lost, %d resets asked for, %d undecoded", e.from, other.dropped,
		other.reordered, in.HistoriesLost, in.ResetsAsked, e.stats.Undecoded.Load())
}
