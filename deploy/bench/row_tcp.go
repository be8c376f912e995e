package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	batchForwarder  = "bare forwarder, batches"
	singleForwarder = "bare forwarder, a packet a call"
)

// tcpRows compare a call with a forwarder that knows of no calls: TCP through
// GRE between two TUNs.
func tcpRows() []Row {
	return []Row{{Name: "TCP through one call, GRE to TUN", Unit: "Gbit/s",
		Bars: []Bar{AtLeast(0.9, batchForwarder), AtLeast(1.4, singleForwarder)}, Prepare: prepareTCP}}
}

func prepareTCP(ctx context.Context, w *Workshop) ([]Candidate, error) {
	a, pns, crowd, err := w.scene(ctx)
	if err != nil {
		return nil, err
	}
	forwarder, err := w.Program(ctx, "deploy/bench/rivals/forwarder")
	if err != nil {
		return nil, err
	}
	return []Candidate{
		{"pns and a PAC's peer", func(ctx context.Context) (float64, error) { return tcpThroughCall(ctx, a, pns, crowd) }},
		{batchForwarder, func(ctx context.Context) (float64, error) { return tcpForwarded(ctx, a, pns.space, forwarder) }},
		{singleForwarder, func(ctx context.Context) (float64, error) {
			return tcpForwarded(ctx, a, pns.space, forwarder, "-single")
		}},
	}, nil
}

// A pnsAt is a PNS to be started in a space.
type pnsAt struct {
	*space
	bin, file, socket string
}

// scene is a PNS in one of two new spaces, to be started, and the other with the
// program of the crowd that calls it.
func (w *Workshop) scene(ctx context.Context) (a *space, pns *pnsAt, crowd string, err error) {
	a, b, err := w.spaces(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	if pns, err = w.newPNS(ctx, b); err != nil {
		return nil, nil, "", err
	}
	crowd, err = w.Program(ctx, "deploy/bench/crowd")
	return a, pns, crowd, err
}

const (
	pnsLocal = "10.99.255.254" // the PNS's address towards callers
	// sink is where callers' packets are dropped in silence: without that route
	// the host would answer with ICMP, more of it the more callers there are, and
	// the PNS would have that to carry too.
	sink = "198.18.0.1"
)

// newPNS prepares a PNS with a TUN and room for a good ten thousand callers, all
// of whom are user bench.
func (w *Workshop) newPNS(ctx context.Context, s *space) (*pnsAt, error) {
	p := &pnsAt{space: s, file: filepath.Join(w.Folder, "pns.toml"), socket: filepath.Join(w.Folder, "pns.socket")}
	var err error
	if p.bin, err = w.Program(ctx, "pns"); err != nil {
		return nil, err
	}
	text := fmt.Sprintf(`name = "bench"
listen = "0.0.0.0:1723"
socket = %q
panel  = %q
[[pac]]
name   = "crowd"
from   = ["10.77.0.1", "127.0.0.1"]
window = false
calls            = 32767 # the street's at once, and of set-ups as many as there can be
calls_per_second = 10000
[lan]
mode      = "tun"
local     = %q
addresses = ["10.99.0.2-10.99.60.1"]
hold      = "0s"
[ppp]
encryption  = "none"
compression = []
vj          = false
[limits]
echo = "0s"
[[user]]
name     = "bench"
password = "bench"
`, p.socket, panel, pnsLocal)
	if err := os.WriteFile(p.file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return p, s.ip(ctx, "route add blackhole "+sink)
}

// coding is the same PNS with another [ppp] in its configuration.
func (p *pnsAt) coding(ppp string) (*pnsAt, error) {
	text, err := os.ReadFile(p.file)
	if err != nil {
		return nil, err
	}
	before, rest, _ := strings.Cut(string(text), "[ppp]\n")
	_, after, _ := strings.Cut(rest, "[limits]\n")
	other := *p
	other.file = filepath.Join(filepath.Dir(p.file), "pns-coding.toml")
	return &other, os.WriteFile(other.file, []byte(before+"[ppp]\n"+ppp+"[limits]\n"+after), 0o600)
}

// start starts it, and returns its process as well.
func (p *pnsAt) start(ctx context.Context) (pid int, stop func(), err error) {
	cmd := p.command(ctx, p.bin, "run", "-c", p.file)
	stop, err = daemon(ctx, cmd)
	if err != nil {
		return 0, nil, err
	}
	return cmd.Process.Pid, stop, nil
}

// tcpThroughCall is ours: the program pns at one end, and at the other our
// shared/peer and shared/gre with a TUN.
func tcpThroughCall(ctx context.Context, a *space, pns *pnsAt, crowd string, flags ...string) (float64, error) {
	_, stop, err := pns.start(ctx)
	if err != nil {
		return 0, err
	}
	defer stop()
	c, err := start(a.command(ctx, crowd, append([]string{"-local", a.addr, "-pns", pns.addr}, flags...)...))
	if err != nil {
		return 0, err
	}
	defer c.stop()
	addr, err := c.ask("tun bench0")
	if err != nil {
		return 0, err
	}
	for _, words := range []string{"addr add " + addr + "/32 dev bench0", "link set bench0 mtu 1400 up", "route add " + pnsLocal + "/32 dev bench0 src " + addr} {
		if err := a.ip(ctx, words); err != nil {
			return 0, err
		}
	}
	return throughput(a, pns.space, pnsLocal)
}

func tcpForwarded(ctx context.Context, a, b *space, forwarder string, flags ...string) (float64, error) {
	for i, s := range []*space{a, b} {
		other := []*space{b, a}[i]
		p, err := start(s.command(ctx, forwarder, append([]string{"-local", s.addr, "-peer", other.addr}, flags...)...))
		if err != nil {
			return 0, err
		}
		defer p.stop()
		if err := s.ip(ctx, fmt.Sprintf("addr add 10.78.0.%d/24 dev tun0", i+1)); err != nil {
			return 0, err
		}
		if err := s.ip(ctx, "link set tun0 mtu 1400 up"); err != nil {
			return 0, err
		}
	}
	return throughput(a, b, "10.78.0.2")
}
