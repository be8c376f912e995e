package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// workers is how many calls or handshakes are under way at a time.
const workers = 16

const bareHandshakes = "bare control handshakes"

// callRows are about many calls at one PNS, or PAC.
func callRows() []Row {
	return []Row{
		{Name: "full call set-ups: PPTP, LCP, MS-CHAPv2, IPCP", Unit: "a second", Bars: []Bar{AtLeast(0.1, bareHandshakes)}, Prepare: prepareSetups},
		{Name: "1,000 calls hung up, pns", Unit: "s", Bars: []Bar{AtMost(1, "")}, Prepare: prepareHangups},
		{Name: "1,000 calls hung up, pac", Unit: "s", Bars: []Bar{AtMost(1, "")}, Prepare: prepareCarriers},
		{Name: "CPU a packet up, pns with 10,000 calls", Unit: "µs", Bars: []Bar{AtMost(1.2, fewCalls)}, Prepare: prepareManyCalls(up, cpuOf, manyCalls, 100)},
		{Name: "CPU a packet down, pns with 10,000 calls", Unit: "µs", Bars: []Bar{AtMost(1.2, fewCalls)}, Prepare: prepareManyCalls(down, cpuOf, manyCalls, 100)},
		{Name: "CPU a packet up, pac with 10,000 calls", Unit: "µs", Bars: []Bar{AtMost(1.2, fewCalls)}, Prepare: prepareManyLines(up, manyCalls, 100)},
		{Name: "CPU a packet down, pac with 10,000 calls", Unit: "µs", Bars: []Bar{AtMost(1.2, fewCalls)}, Prepare: prepareManyLines(down, manyCalls, 100)},
		{Name: "allocations a packet up, pns", Unit: "objects", Bars: []Bar{AtMost(few, "")}, Prepare: prepareManyCalls(up, mallocsOf, 100)},
		{Name: "allocations a packet down, pns", Unit: "objects", Bars: []Bar{AtMost(few, "")}, Prepare: prepareManyCalls(down, mallocsOf, 100)},
	}
}

func prepareSetups(ctx context.Context, w *Workshop) ([]Candidate, error) {
	a, pns, crowd, err := w.scene(ctx)
	if err != nil {
		return nil, err
	}
	for i := range workers - 1 { // a control connection each
		if err := pns.ip(ctx, fmt.Sprintf("addr add 10.77.0.%d/24 dev cable", 3+i)); err != nil {
			return nil, err
		}
	}
	handshake, err := w.Program(ctx, "deploy/bench/rivals/handshake")
	if err != nil {
		return nil, err
	}
	return []Candidate{
		{"pns", func(ctx context.Context) (float64, error) {
			_, stop, err := pns.start(ctx)
			if err != nil {
				return 0, err
			}
			defer stop()
			c, err := start(a.command(ctx, crowd, "-local", a.addr, "-pns", pns.addr))
			if err != nil {
				return 0, err
			}
			defer c.stop()
			return c.number("setups 3s %d", workers)
		}},
		{bareHandshakes, func(ctx context.Context) (float64, error) {
			server, err := start(pns.command(ctx, handshake, "serve", pns.addr+":1723"))
			if err != nil {
				return 0, err
			}
			defer server.stop()
			out, err := a.command(ctx, handshake, "ask", pns.addr+":1723", strconv.Itoa(workers), "3s").Output()
			if err != nil {
				return 0, err
			}
			return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		}},
	}, nil
}

// held is a PNS with calls that a crowd holds.
type held struct {
	*pnsAt
	pid   int
	crowd *party
}

// hold starts a PNS in one of two new spaces and a crowd with n calls in the
// other.
func (w *Workshop) hold(ctx context.Context, n int) (*held, error) {
	a, pns, bin, err := w.scene(ctx)
	if err != nil {
		return nil, err
	}
	return w.holdAt(ctx, n, a, pns, bin)
}

// holdAt is hold where all of that is there; flags are the crowd's.
func (w *Workshop) holdAt(ctx context.Context, n int, a *space, pns *pnsAt, bin string, flags ...string) (_ *held, err error) {
	h := &held{pnsAt: pns}
	var stop func()
	if h.pid, stop, err = pns.start(ctx); err != nil {
		return nil, err
	}
	w.Cleanup(stop)
	if h.crowd, err = start(a.command(ctx, bin, append([]string{"-local", a.addr, "-pns", pns.addr}, flags...)...)); err != nil {
		return nil, err
	}
	w.Cleanup(h.crowd.stop)
	return h, h.gather(n)
}

func (h *held) gather(n int) error {
	_, err := h.crowd.ask("calls %d", n)
	return err
}

// prepareHangups measures from the moment when all carriers are lost until the
// PNS has no call any more.
func prepareHangups(ctx context.Context, w *Workshop) ([]Candidate, error) {
	h, err := w.hold(ctx, 0)
	if err != nil {
		return nil, err
	}
	return []Candidate{{"pns", func(ctx context.Context) (float64, error) {
		if err := h.gather(hungUp); err != nil {
			return 0, err
		}
		return untilQuiet(ctx, h.crowd, h.bin, h.file)
	}}}, nil
}

// prepareCarriers likewise, until each line of pac is ready for the next call.
func prepareCarriers(context.Context, *Workshop) ([]Candidate, error) {
	return []Candidate{{"pac", anew(func(ctx context.Context, w *Workshop) (float64, error) {
		t, err := w.town(ctx, hungUp)
		if err != nil {
			return 0, err
		}
		return untilQuiet(ctx, t.street, t.bin, t.file)
	})}}, nil
}

const hungUp = 1000

// untilQuiet has the callers hang up, all of them, and is how many seconds pass until a
// program has no call any more, and only idle lines.
func untilQuiet(ctx context.Context, callers *party, bin, file string) (float64, error) {
	start := time.Now()
	if n, err := callers.number("hangup"); err != nil {
		return 0, err
	} else if n != hungUp {
		return 0, fmt.Errorf("only %.0f calls hung up", n)
	}
	for ctx.Err() == nil {
		out, err := exec.CommandContext(ctx, bin, "status", "-c", file, "--json").Output()
		if err != nil {
			return 0, err
		}
		took := time.Since(start).Seconds()
		var now struct {
			Calls int
			Lines []struct{ State string }
		}
		if err := json.Unmarshal(out, &now); err != nil {
			return 0, err
		}
		busy := slices.ContainsFunc(now.Lines, func(l struct{ State string }) bool { return l.State != "idle" })
		if now.Calls == 0 && !busy {
			return took, nil
		}
	}
	return 0, ctx.Err()
}

const (
	manyCalls = 10_000
	fewCalls  = "100 calls"
	// pace is so many packets a second, far from what would overrun anybody.
	pace = 20_000
)

// A direction is which way data goes: from the callers, or towards them.
type direction int

const (
	up direction = iota
	down
)

func (d direction) String() string { return [...]string{"up", "down"}[d] }

// few allocations a packet are those of the program's clocks and of the asking;
// each that a packet needs would be 1.
const few = 0.1

// A gauge reads what a held PNS has used so far.
type gauge func(context.Context, *held) (float64, error)

func cpuOf(_ context.Context, h *held) (float64, error) {
	t, err := cpuTime(h.pid)
	return float64(t.Microseconds()), err
}

func mallocsOf(ctx context.Context, h *held) (float64, error) { return h.mallocs(ctx) }

// prepareManyCalls gives packets to calls in turn, and reads what each packet
// needed, for each of the numbers of calls.
func prepareManyCalls(way direction, read gauge, calls ...int) func(context.Context, *Workshop) ([]Candidate, error) {
	return prepareNumbers(calls, func(ctx context.Context, w *Workshop, n int) (float64, error) {
		h, err := w.hold(ctx, n)
		if err != nil {
			return 0, err
		}
		return h.perPacket(ctx, way, n, read)
	})
}

// prepareManyLines does so for the CPU time of pac.
func prepareManyLines(way direction, calls ...int) func(context.Context, *Workshop) ([]Candidate, error) {
	return prepareNumbers(calls, func(ctx context.Context, w *Workshop, n int) (float64, error) {
		t, err := w.town(ctx, n)
		if err != nil {
			return 0, err
		}
		return t.perPacket(way)
	})
}

// prepareNumbers has a candidate for each number of calls.
func prepareNumbers(calls []int, run func(context.Context, *Workshop, int) (float64, error)) func(context.Context, *Workshop) ([]Candidate, error) {
	return func(context.Context, *Workshop) ([]Candidate, error) {
		var all []Candidate
		for _, n := range calls {
			all = append(all, Candidate{fmt.Sprintf("%d calls", n), anew(func(ctx context.Context, w *Workshop) (float64, error) { return run(ctx, w, n) })})
		}
		return all, nil
	}
}

// send has the callers send for a while, and returns how many packets that were.
// An answer to any of them would be another packet to carry.
func (h *held) send(d time.Duration) (packets float64, err error) {
	if packets, err = h.crowd.number("send %v %d %s 128", d, pace, sink); err != nil {
		return 0, err
	}
	back, err := h.crowd.number("received")
	if err == nil && back > 0 {
		err = fmt.Errorf("%.0f packets came back", back)
	}
	return packets, err
}

// perPacket is what the PNS needed for a packet.
func (h *held) perPacket(ctx context.Context, way direction, n int, read gauge) (float64, error) {
	if _, err := h.crowd.ask("received"); err != nil {
		return 0, err
	}
	before, err := read(ctx, h)
	if err != nil {
		return 0, err
	}
	var packets float64
	if way == up {
		packets, err = h.send(3 * time.Second)
	} else if err = h.flood(n, 3*time.Second); err == nil {
		packets, err = h.crowd.number("received")
	}
	if err != nil {
		return 0, err
	}
	after, err := read(ctx, h)
	if err != nil {
		return 0, err
	}
	if packets < pace { // a third of what was sent
		return math.NaN(), fmt.Errorf("only %.0f packets", packets)
	}
	return max(after-before, 0) / packets, nil // what asking costs is reckoned: it may be more than all there was
}
