package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Idle calls: how many, and on how many listening banks of pac.
const (
	idleCalls = 10_000
	idleBanks = 10
)

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
func weigh(ctx context.Context, pid int) (float64, error) {
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
			return kib / idleCalls, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}

// prepareIdlePAC: a caller on each line of pac, who has reached a PNS that is
// not ours to weigh.
func prepareIdlePAC(ctx context.Context, w *Workshop) ([]Candidate, error) {
	_, b, err := w.spaces(ctx)
	if err != nil {
		return nil, err
	}
	pac, err := w.Program(ctx, "pac")
	if err != nil {
		return nil, err
	}
	street, err := w.Program(ctx, "deploy/bench/street")
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(`name   = "bench"
socket = %q
[default]
tunnel = ["127.0.0.2"]
[[pns]]
name      = "street"
at        = "127.0.0.2"
transport = "udp"
`, filepath.Join(w.Folder, "pac.socket"))
	for i := range idleBanks {
		text += fmt.Sprintf("[[bank]]\nname = \"bank%d\"\nlisten = \"unix://%s\"\nlines = %d\n", i, w.bank(i), idleCalls/idleBanks)
	}
	file := filepath.Join(w.Folder, "pac.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return []Candidate{{"pac", func(ctx context.Context) (float64, error) {
		return w.idlePAC(ctx, b.command(ctx, street), b.command(ctx, pac, "run", "-c", file))
	}}}, nil
}

func (w *Workshop) bank(i int) string { return filepath.Join(w.Folder, fmt.Sprintf("bank%d.sock", i)) }

func (w *Workshop) idlePAC(ctx context.Context, street, pac *exec.Cmd) (float64, error) {
	callers, err := start(street)
	if err != nil {
		return 0, err
	}
	defer callers.stop()
	stop, err := daemon(ctx, pac)
	if err != nil {
		return 0, err
	}
	defer stop()
	for i := range idleBanks {
		if _, err := callers.ask("calls %d %s", idleCalls/idleBanks, w.bank(i)); err != nil {
			return 0, err
		}
	}
	return weigh(ctx, pac.Process.Pid)
}

// prepareIdlePNS: callers of pns, who are all on one PAC that is not ours to
// weigh.
func prepareIdlePNS(context.Context, *Workshop) ([]Candidate, error) {
	return []Candidate{{"pns", func(ctx context.Context) (float64, error) {
		w, err := newWorkshop() // of this round
		if err != nil {
			return 0, err
		}
		defer w.close()
		h, err := w.hold(ctx, idleCalls)
		if err != nil {
			return 0, err
		}
		const long = (burst*idleCalls/pace + 1) * time.Second
		if packets, err := h.send(long); err != nil {
			return 0, err
		} else if packets < burst*idleCalls {
			return 0, fmt.Errorf("only %.0f packets: some calls sent none", packets)
		}
		return weigh(ctx, h.pid)
	}}}, nil
}
