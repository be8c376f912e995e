package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"carrier/deploy/bench/turns"
)

const idleCalls = 10_000

// settled is how long a program has had nothing to do when its memory is read:
// by then it has given back what setting up the calls left (daemon.Thrift).
const settled = 45 * time.Second

// idleRows weigh whole programs with many calls that are up and idle: all that
// is resident, divided by the calls. Each call has carried a little before.
func idleRows() []Row {
	return []Row{
		{Name: fmt.Sprintf("idle call, %d of them, pac", idleCalls), Unit: "KiB", Rounds: 1, Bars: []Bar{AtMost(16, "")}, Prepare: prepareIdlePAC},
		{Name: fmt.Sprintf("idle call, %d of them, pns", idleCalls), Unit: "KiB", Rounds: 1, Bars: []Bar{AtMost(16, "")}, Prepare: prepareIdlePNS},
	}
}

// weigh waits until nothing happens any more and returns KiB a call.
func weigh(ctx context.Context, pid, calls int) (float64, error) {
	select {
	case <-time.After(settled):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kib, err := strconv.ParseFloat(f[1], 64)
			return kib / float64(calls), err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}

// prepareIdlePAC: a caller on each line of pac, who has reached a PNS that is
// not ours to weigh.
func prepareIdlePAC(context.Context, *Workshop) ([]Candidate, error) {
	return []Candidate{{"pac", anew(func(ctx context.Context, w *Workshop) (float64, error) {
		t, err := w.town(ctx, idleCalls)
		if err != nil {
			return 0, err
		}
		return weigh(ctx, t.pid, idleCalls)
	})}}, nil
}

// prepareIdlePNS: callers of pns, who are all on one PAC that is not ours to
// weigh.
func prepareIdlePNS(context.Context, *Workshop) ([]Candidate, error) {
	return []Candidate{{"pns", anew(func(ctx context.Context, w *Workshop) (float64, error) {
		h, err := w.hold(ctx, idleCalls)
		if err != nil {
			return 0, err
		}
		const long = (turns.Burst*idleCalls/pace + 1) * time.Second
		if packets, err := h.send(long); err != nil {
			return 0, err
		} else if packets < turns.Burst*idleCalls {
			return 0, fmt.Errorf("only %.0f packets: some calls sent none", packets)
		}
		return weigh(ctx, h.pid, idleCalls)
	})}}, nil
}
