package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"carrier/deploy/bench/turns"
	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/codectest"
	"carrier/shared/ppp/mppe"
)

const inClear = "the same in clear"

// shown is a figure without a bar.
var shown = []Bar{{AtMost: math.Inf(1)}}

// codingRows are about what CCP agrees on: through the whole path, and each
// method alone, on traffic that is mixed of text, noise and short packets.
func codingRows() []Row {
	all := []Row{
		{Name: "TCP through one call, MPPE-128 stateless", Unit: "Gbit/s", Bars: []Bar{AtLeast(0.5, inClear)}, Prepare: prepareEncrypted},
		{Name: fmt.Sprintf("idle call with MPPE-128, MPPC and VJ, %d of them, pns", codedCalls), Unit: "KiB", Rounds: 1, Bars: shown, Prepare: prepareIdleCoded},
	}
	return append(all, millRows(effort{cpu: 250 * time.Millisecond, turns: 50})...)
}

// An effort is how much is done for one figure of a mill.
type effort struct {
	cpu   time.Duration // of CPU time at least, for a rate
	turns int           // of all packets, to count allocations
}

// millRows are each method alone.
func millRows(e effort) (all []Row) {
	keys := mppe.FromMSCHAPv2([16]byte{1, 2, 3}, [24]byte{4, 5, 6}, mppe.Server)
	theirs := mppe.FromMSCHAPv2([16]byte{1, 2, 3}, [24]byte{4, 5, 6}, mppe.Client)
	for _, c := range []struct {
		name     string
		out, in  ccp.Method
		compress bool
	}{
		{"MPPE-128 stateless", ccp.MPPE{Can: mppe.Key128 | mppe.Stateless, Keys: keys}, ccp.MPPE{Can: mppe.Key128 | mppe.Stateless, Keys: theirs}, false},
		{"MPPE-128 stateful", ccp.MPPE{Can: mppe.Key128, Keys: keys}, ccp.MPPE{Can: mppe.Key128, Keys: theirs}, false},
		{"MPPC", ccp.MPPE{Can: mppe.MPPC}, ccp.MPPE{Can: mppe.MPPC}, true},
		{"Deflate", ccp.Deflate{Window: 15}, ccp.Deflate{Window: 15}, true},
		{"BSD Compress, 12 bits", ccp.BSD{Bits: 12}, ccp.BSD{Bits: 12}, true},
		{"LZS", ccp.LZS{}, ccp.LZS{}, true},
		{"Predictor", ccp.Predictor{}, ccp.Predictor{}, true},
	} {
		m := &mill{out: c.out, in: c.in, compress: c.compress, effort: e}
		all = append(all,
			m.row(c.name+", there", "MB/s", shown, (*mill).outward),
			m.row(c.name+", back", "MB/s", shown, (*mill).inward),
			m.row(c.name+", allocations there and back, of 256 packets", "objects", []Bar{AtMost(0, "")}, (*mill).mallocs))
	}
	return all
}

// prepareEncrypted has both ends of the call encrypt, on the same machine.
func prepareEncrypted(ctx context.Context, w *Workshop) ([]Candidate, error) {
	a, pns, crowd, err := w.scene(ctx)
	if err != nil {
		return nil, err
	}
	sealed, err := pns.coding("encryption = \"required\"\ncompression = []\nvj = false\n")
	if err != nil {
		return nil, err
	}
	return []Candidate{
		{"encrypted", func(ctx context.Context) (float64, error) { return tcpThroughCall(ctx, a, sealed, crowd, "-encrypt") }},
		{inClear, func(ctx context.Context) (float64, error) { return tcpThroughCall(ctx, a, pns, crowd) }},
	}, nil
}

const codedCalls = 1000

// prepareIdleCoded is prepareIdlePNS with fewer calls that hold more. A history
// is only there once something was sent: each call carries some both ways.
func prepareIdleCoded(context.Context, *Workshop) ([]Candidate, error) {
	return []Candidate{{"pns", anew(func(ctx context.Context, w *Workshop) (float64, error) {
		a, pns, bin, err := w.scene(ctx)
		if err != nil {
			return 0, err
		}
		if pns, err = pns.coding("encryption = \"required\"\n"); err != nil {
			return 0, err
		}
		h, err := w.holdAt(ctx, codedCalls, a, pns, bin, "-encrypt", "-compress")
		if err != nil {
			return 0, err
		}
		if _, err := h.send((turns.Burst*codedCalls/pace + 1) * time.Second); err != nil {
			return 0, err
		}
		if err := h.flood(codedCalls, time.Second); err != nil {
			return 0, err
		}
		if back, err := h.crowd.number("received"); err != nil || back < codedCalls {
			return 0, fmt.Errorf("%.0f packets came down: %w", back, err)
		}
		return weigh(ctx, h.pid, codedCalls)
	})}}, nil
}

// A mill codes packets one way and back.
type mill struct {
	out, in  ccp.Method
	compress bool // less must come out than goes in
	effort

	packets, infos [][]byte
	octets         int
	c              *ccp.Outbound
	d              *ccp.Inbound
}

func (m *mill) row(name, unit string, bars []Bar, run func(*mill) (float64, error)) Row {
	return Row{Name: name, Unit: unit, Bars: bars, Prepare: func(context.Context, *Workshop) ([]Candidate, error) {
		return []Candidate{{"shared/ppp", func(context.Context) (float64, error) {
			if err := m.prepare(); err != nil {
				return 0, err
			}
			return run(m)
		}}}, nil
	}}
}

// packetsOfMill is how many packets a mill has.
const packetsOfMill = 256

// prepare makes fresh ends and packets, and sees that all comes out as it went
// in.
func (m *mill) prepare() (err error) {
	if err = m.renew(); err != nil {
		return err
	}
	*m = mill{out: m.out, in: m.in, compress: m.compress, effort: m.effort, c: m.c, d: m.d}
	traffic, coded := codectest.NewTraffic(1), 0
	for len(m.packets) < packetsOfMill {
		p, rest, err := ppp.Split(traffic.Next())
		if err != nil || !mppe.Encrypts(p) {
			continue // what is not coded costs nothing
		}
		packet := append([]byte{0, byte(p)}, rest...) // as a call has it
		m.packets = append(m.packets, packet)
		m.octets += len(packet)
		info, ok := m.c.Compress(nil, packet)
		m.infos = append(m.infos, info)
		if coded += len(info); !ok {
			if coded += len(packet); !m.compress {
				return fmt.Errorf("%x goes as it is", packet)
			}
			m.d.Uncompressed(packet)
		} else if got, err := m.d.Receive(nil, info); err != nil || !codectest.Same(got, packet) {
			return fmt.Errorf("%x becomes %x: %w", packet, got, err)
		}
	}
	if m.compress && coded >= m.octets {
		return errors.New("nothing is gained")
	}
	return nil
}

func (m *mill) renew() (err error) {
	if m.c, err = ccp.NewOutbound(ccp.Choice{Method: m.out, Value: m.out.Value()}, codectest.MRU); err == nil {
		m.d, err = ccp.NewInbound(ccp.Choice{Method: m.in, Value: m.in.Value()}, codectest.MRU)
	}
	return err
}

// outward is MB/s of packets coded, by CPU time.
func (m *mill) outward() (float64, error) {
	info := make([]byte, 0, 2*codectest.MRU)
	return m.rate(func() (took time.Duration, err error) {
		start := threadTime()
		for _, packet := range m.packets {
			m.c.Compress(info, packet)
		}
		return threadTime() - start, nil
	})
}

// inward is MB/s of packets that come out, by CPU time. Each turn begins with
// fresh ends.
func (m *mill) inward() (float64, error) {
	got := make([]byte, 0, 2*codectest.MRU)
	return m.rate(func() (took time.Duration, err error) {
		if err := m.renew(); err != nil {
			return 0, err
		}
		start := threadTime()
		for i, info := range m.infos {
			if len(info) == 0 {
				m.d.Uncompressed(m.packets[i])
			} else if _, err := m.d.Receive(got, info); err != nil {
				return 0, err
			}
		}
		return threadTime() - start, nil
	})
}

// rate has turns for as much CPU time as the mill's effort says.
func (m *mill) rate(turn func() (time.Duration, error)) (float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	octets, took := 0, time.Duration(0)
	for took < m.cpu {
		t, err := turn()
		if err != nil {
			return 0, err
		}
		took += t
		octets += m.octets
	}
	return float64(octets) / took.Seconds() / 1e6, nil
}

// mallocs is how many objects a turn there and back allocates, once all is warm.
func (m *mill) mallocs() (n float64, err error) {
	info, got := make([]byte, 0, 2*codectest.MRU), make([]byte, 0, 2*codectest.MRU)
	n = testing.AllocsPerRun(m.turns, func() {
		for _, packet := range m.packets {
			coded, ok := m.c.Compress(info, packet)
			if !ok {
				m.d.Uncompressed(packet)
			} else if _, e := m.d.Receive(got, coded); e != nil {
				err = e
			}
		}
	})
	return n, err
}
