package flow

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"

	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/record"
)

var (
	sara     = netip.MustParseAddr("2.1.1.129")
	intranet = netip.MustParseAddr("2.1.1.10")
)

// A bench is a flow between a PAC that speaks GRE by itself and a LAN.
type bench struct {
	*Flow
	t     *testing.T
	pac   gre.Session
	sent  [][]byte // GRE packets towards the PAC
	lan   [][]byte // packets to the LAN
	calls int      // of the LAN's Write
	wake  time.Time
	rung  int // since the session last looked
	stats Stats
	count record.Counters
}

func newBench(t *testing.T, o Options) *bench {
	b := &bench{t: t, pac: gre.NewSession(gre.Options{}, time.Now())}
	o.Tunnel, o.LAN, o.Stats, o.Counters, o.Ring = b, b, &b.stats, &b.count, func() { b.rung++ }
	b.Flow = New(o)
	return b
}

func (b *bench) Send(packets ...[]byte) error {
	for _, p := range packets {
		b.sent = append(b.sent, bytes.Clone(p))
	}
	return nil
}

func (b *bench) WakeAt(t time.Time) { b.wake = t }

func (b *bench) Write(packets ...[]byte) {
	b.calls++
	for _, p := range packets {
		b.lan = append(b.lan, bytes.Clone(p))
	}
}

// open is what the session does when IPCP opens.
func (b *bench) open() *bench {
	b.SetNetwork(Network{Open: true, Remote: sara, MRU: 1400})
	return b
}

// from brings frames of the caller's, in one batch.
func (b *bench) from(frames ...[]byte) {
	var packets [][]byte
	for _, f := range frames {
		packets = append(packets, b.pac.Append(time.Now(), nil, f))
	}
	b.Receive(packets)
}

// arrived is what came to the PAC since it was last asked.
func (b *bench) arrived() (frames [][]byte) {
	b.t.Helper()
	for _, p := range b.sent {
		if _, err := b.pac.Receive(time.Now(), p, func(f []byte) { frames = append(frames, bytes.Clone(f)) }); err != nil {
			b.t.Errorf("% x: %v", p, err)
		}
	}
	b.sent = nil
	return frames
}

func (b *bench) wantsDown(what string, want ...[]byte) {
	b.t.Helper()
	if got := b.arrived(); !slices.EqualFunc(got, want, bytes.Equal) {
		b.t.Errorf("%s: to the caller went % x, want % x", what, got, want)
	}
}

func (b *bench) wantsLAN(what string, want ...[]byte) {
	b.t.Helper()
	if !slices.EqualFunc(b.lan, want, bytes.Equal) {
		b.t.Errorf("%s: to the LAN went % x, want % x", what, b.lan, want)
	}
	b.lan = nil
}

// wantsSession reads what waits for the session, which was told of each.
func (b *bench) wantsSession(what string, want ...[]byte) {
	b.t.Helper()
	if b.rung != len(want) {
		b.t.Errorf("%s: rang %d times for %d frames", what, b.rung, len(want))
	}
	b.rung = 0
	var got [][]byte
	for f := b.Next(); f != nil; f = b.Next() {
		got = append(got, bytes.Clone(f.Octets))
		f.Free()
	}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		b.t.Errorf("%s: the session got % x, want % x", what, got, want)
	}
}

// dropped compares what was dropped, by reason, since the bench began.
func (b *bench) wantsDropped(want map[string]uint64) {
	b.t.Helper()
	var total uint64
	b.stats.Dropped(func(reason string, n uint64) {
		total += n
		if n != want[reason] {
			b.t.Errorf("%d dropped as %s, want %d", n, reason, want[reason])
		}
	})
	if got := b.count.Dropped.Load(); got != total {
		b.t.Errorf("%d dropped of the session, %d by reason", got, total)
	}
}

// ipv4 is a packet of that protocol, without header checksum: nobody here
// looks at it.
func ipv4(from, to netip.Addr, protocol byte, payload []byte) []byte {
	p := make([]byte, 20, 20+len(payload))
	p[0], p[8], p[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(p[2:], uint16(20+len(payload)))
	copy(p[12:], from.AsSlice())
	copy(p[16:], to.AsSlice())
	return append(p, payload...)
}

func frame(packet []byte) []byte { return ppp.Append(nil, ppp.IPv4, packet) }
