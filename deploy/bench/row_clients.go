package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"carrier/deploy/bench/turns"
)

const (
	manyClients = 1000
	oneClient   = "one of them alone"
	// flat is more packets a second than anybody carries.
	flat = 2_000_000
)

// clientRows are about users' own machines, which open tunnels and encrypt.
func clientRows() []Row {
	return []Row{
		{Name: "1,000 voluntary sessions with MPPE-128, set up", Unit: "a second", Bars: shown, Prepare: clients(func(ctx context.Context, h *held) (float64, error) {
			return h.crowd.number("calls %d", manyClients)
		})},
		{Name: "idle voluntary session with MPPE-128, 1,000 of them, pns", Unit: "KiB", Rounds: 1, Bars: shown, Prepare: clients(weighClients)},
		{Name: "UDP up through 1,000 voluntary sessions with MPPE-128", Unit: "Gbit/s", Bars: []Bar{AtLeast(0.8, oneClient)}, Prepare: prepareClients},
	}
}

// clients has ours do something with a PNS for clients, and a crowd that has opened
// no call yet.
func clients(run func(context.Context, *held) (float64, error)) func(context.Context, *Workshop) ([]Candidate, error) {
	return func(context.Context, *Workshop) ([]Candidate, error) {
		return []Candidate{{"pns", withClients(run)}}, nil
	}
}

func withClients(run func(context.Context, *held) (float64, error)) func(context.Context) (float64, error) {
	return anew(func(ctx context.Context, w *Workshop) (float64, error) {
		a, pns, bin, err := w.scene(ctx)
		if err != nil {
			return 0, err
		}
		if pns, err = pns.forClients(); err != nil {
			return 0, err
		}
		h, err := w.holdAt(ctx, 0, a, pns, bin, "-encrypt", "-voluntary")
		if err != nil {
			return 0, err
		}
		return run(ctx, h)
	})
}

// forClients is the same PNS for clients in place of a PAC; it requires MPPE of them.
func (p *pnsAt) forClients() (*pnsAt, error) {
	text, err := os.ReadFile(p.file)
	if err != nil {
		return nil, err
	}
	before, rest, _ := strings.Cut(string(text), "[[pac]]\n")
	_, after, _ := strings.Cut(rest, "[lan]\n")
	other := *p
	other.file = filepath.Join(filepath.Dir(p.file), "pns-clients.toml")
	return &other, os.WriteFile(other.file, []byte(before+"[clients]\nfrom = [\"10.77.0.1\"]\ncalls_per_source = 1000\ncalls_per_second = 10000\n[lan]\n"+after), 0o600)
}

// weighClients weighs the PNS once each session has carried a little both ways.
func weighClients(ctx context.Context, h *held) (float64, error) {
	if err := h.gather(manyClients); err != nil {
		return 0, err
	}
	if _, err := h.send((turns.Burst*manyClients/pace + 1) * time.Second); err != nil {
		return 0, err
	}
	if err := h.flood(manyClients, time.Second); err != nil {
		return 0, err
	}
	if back, err := h.crowd.number("received"); err != nil || back < manyClients {
		return 0, fmt.Errorf("%.0f packets came down: %w", back, err)
	}
	return weigh(ctx, h.pid, manyClients)
}

// size is that of a client's full packets, with which nothing is cut in two.
const size = 1400

// prepareClients has as many full packets sent as the machine can, in turn by all
// sessions or by one, and counts those that reach the LAN.
func prepareClients(context.Context, *Workshop) ([]Candidate, error) {
	through := func(n int) func(context.Context) (float64, error) {
		return withClients(func(ctx context.Context, h *held) (float64, error) {
			if err := h.gather(n); err != nil {
				return 0, err
			}
			return h.throughput(5 * time.Second)
		})
	}
	return []Candidate{{"all together", through(manyClients)}, {oneClient, through(1)}}, nil
}

// throughput is what reaches the LAN, in Gbit/s, of packets that are sent flat out.
func (h *held) throughput(long time.Duration) (float64, error) {
	if _, err := h.crowd.ask("send 500ms %d %s %d", flat, sink, size); err != nil { // all are warm
		return 0, err
	}
	before, err := h.reached()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	if _, err := h.crowd.ask("send %v %d %s %d", long, flat, sink, size); err != nil {
		return 0, err
	}
	took := time.Since(start)
	after, err := h.reached()
	if n := after - before; err == nil && n < pace {
		return math.NaN(), fmt.Errorf("only %.0f packets", n)
	}
	return (after - before) * size * 8 / took.Seconds() / 1e9, err
}

// reached is how many packets the kernel has taken from the PNS.
func (h *held) reached() (packets float64, err error) {
	err = h.within(func() error {
		b, err := os.ReadFile("/proc/thread-self/net/dev")
		if err != nil {
			return err
		}
		_, rest, found := strings.Cut(string(b), "carrier0:")
		if !found {
			return fmt.Errorf("no carrier0 in %s", b)
		}
		var octets float64
		_, err = fmt.Sscan(rest, &octets, &packets)
		return err
	})
	return packets, err
}
