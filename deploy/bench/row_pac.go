package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	pptpctrl = "pptpctrl"
	// paced is so many frames of 1400 octets a second, which both take whole.
	paced = 10_000
	// gentle is so many that a line is never full.
	gentle = 1_000
)

// pacRows compare pac with pptpctrl, pptpd's process for a call: HDLC on a line
// at one side, GRE at the other.
func pacRows() []Row {
	return []Row{
		{Name: "pac, line to GRE", Unit: "packets/s", Bars: []Bar{AtLeast(1, pptpctrl)}, Prepare: preparePAC(side{dir: "up"}, work.rate, pptpctrl)},
		{Name: "pac, line to GRE, CPU a packet at full rate", Unit: "µs", Bars: []Bar{AtMost(1.1, pptpctrl)}, Prepare: preparePAC(side{dir: "up"}, work.cpu, pptpctrl)},
		{Name: "pac, line to GRE, CPU a packet at 10,000 a second", Unit: "µs", Bars: []Bar{Beside(pptpctrl)}, Prepare: preparePAC(side{dir: "up", rate: paced}, work.cpu, pptpctrl)},
		{Name: "pac, GRE to line, overrun", Unit: "packets/s", Bars: []Bar{AtLeast(2.5, pptpctrl)}, Prepare: preparePAC(side{dir: "down"}, work.rate, pptpctrl)},
		{Name: "memory of a call of pac that is overrun, with four of them", Unit: "KiB", Bars: []Bar{AtMost(1024, "")}, Prepare: preparePAC(side{dir: "down", lines: 4}, work.memory)},
		{Name: "allocations a packet, pac, line to GRE", Unit: "objects", Bars: []Bar{AtMost(few, "")}, Prepare: preparePAC(side{dir: "up", rate: paced, objects: true}, work.mallocs)},
		{Name: "allocations a packet, pac, GRE to line", Unit: "objects", Bars: []Bar{AtMost(few, "")}, Prepare: preparePAC(side{dir: "down", rate: paced, objects: true}, work.mallocs)},
	}
}

// work is what a program did in a while.
type work struct {
	packets float64
	took    time.Duration
	cpuTime time.Duration
	objects float64 // allocated
	grown   float64 // memory of a call since the lines took all that came, KiB
}

func (w work) rate() float64    { return w.packets / w.took.Seconds() }
func (w work) cpu() float64     { return float64(w.cpuTime.Microseconds()) / w.packets }
func (w work) mallocs() float64 { return max(w.objects, 0) / w.packets }
func (w work) memory() float64  { return w.grown }

// A side is one candidate between a line and a network.
type side struct {
	w    *Workshop
	a, b *space
	wire string
	dir  string
	rate int // frames a second of each line; 0: as fast as it goes
	// lines have a call each; 0: one.
	lines int
	// objects: what was allocated is asked too, which allocates.
	objects bool
}

func preparePAC(s side, figure func(work) float64, rivals ...string) func(context.Context, *Workshop) ([]Candidate, error) {
	return func(ctx context.Context, w *Workshop) ([]Candidate, error) {
		a, b, err := w.spaces(ctx)
		if err != nil {
			return nil, err
		}
		wire, err := w.Program(ctx, "deploy/bench/wire")
		if err != nil {
			return nil, err
		}
		pac, err := w.Program(ctx, "pac")
		if err != nil {
			return nil, err
		}
		s := s
		s.w, s.a, s.b, s.wire, s.lines = w, a, b, wire, max(s.lines, 1)
		candidate := func(name string, f func(context.Context) (work, error)) Candidate {
			return Candidate{name, func(ctx context.Context) (float64, error) {
				done, err := f(ctx)
				if err == nil && done.packets < 100 {
					err = fmt.Errorf("only %.0f packets came through", done.packets)
				}
				return figure(done), err
			}}
		}
		all := []Candidate{candidate("pac", func(ctx context.Context) (work, error) { return s.ours(ctx, pac) })}
		for _, name := range rivals {
			all = append(all, candidate(name, s.theirs))
		}
		return all, nil
	}
}

// lineArgs are those of wire's end of line n.
func (s *side) lineArgs(n int) []string {
	rate := s.rate
	if s.dir == "down" {
		rate = 0
	}
	return []string{"-dir", s.dir, "-rate", strconv.Itoa(rate), "-count", s.countFile(n)}
}

func (s *side) countFile(n int) string { return filepath.Join(s.w.Folder, fmt.Sprint("count", n)) }

// ours has calls through pac, whose lines are pseudo-terminals, as pptpctrl's is.
func (s *side) ours(ctx context.Context, bin string) (work, error) {
	var ports []string
	for n := range s.lines {
		port := filepath.Join(s.w.Folder, fmt.Sprint("line", n))
		line, err := start(exec.CommandContext(ctx, s.wire, append([]string{"line", "-path", port}, s.lineArgs(n)...)...))
		if err != nil {
			return work{}, err
		}
		defer line.stop()
		ports = append(ports, strconv.Quote(port))
	}
	file := filepath.Join(s.w.Folder, "pac.toml")
	text := fmt.Sprintf("name = \"bench\"\nsocket = %q\npanel = %q\n[[bank]]\nname = \"lines\"\nkind = \"cable\"\nports = [%s]\n[default]\ntunnel = [%q]\n",
		filepath.Join(s.w.Folder, "pac.socket"), panel, strings.Join(ports, ", "), s.a.addr)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return work{}, err
	}
	network, err := start(s.a.command(ctx, s.wire, "net", "-local", s.a.addr))
	if err != nil {
		return work{}, err
	}
	defer network.stop()
	pac := s.b.command(ctx, bin, "run", "-c", file)
	stop, err := daemon(ctx, pac)
	if err != nil {
		return work{}, err
	}
	defer stop()
	return s.measure(ctx, network, func() (int, error) { return pac.Process.Pid, nil })
}

// theirs has a call through pptpctrl; in pppd's place is our end of the line.
func (s *side) theirs(ctx context.Context) (work, error) {
	ppp, conf := filepath.Join(s.w.Folder, "ppp.sh"), filepath.Join(s.w.Folder, "pptpd.conf")
	for file, text := range map[string]string{
		ppp:  "#!/bin/sh\nexec " + s.wire + " ppp " + strings.Join(s.lineArgs(0), " ") + "\n",
		conf: "localip 10.80.0.1\nremoteip 10.80.0.2-20\noption /dev/null\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			return work{}, err
		}
	}
	pptpd := s.b.command(ctx, "pptpd", "-f", "-e", ppp, "-c", conf, "-o", "/dev/null", "-l", s.b.addr, "-p", filepath.Join(s.w.Folder, "pid"))
	if err := pptpd.Start(); err != nil {
		return work{}, err
	}
	defer func() {
		for _, pid := range s.b.processes(context.WithoutCancel(ctx)) {
			syscall.Kill(pid, syscall.SIGKILL) // pptpctrl outlives its call otherwise
		}
		pptpd.Wait()
	}()
	time.Sleep(300 * time.Millisecond) // it says nowhere that it listens
	network, err := start(s.a.command(ctx, s.wire, "net", "-local", s.a.addr, "-pac", s.b.addr))
	if err != nil {
		return work{}, err
	}
	defer network.stop()
	return s.measure(ctx, network, func() (int, error) {
		for _, pid := range s.b.processes(ctx) {
			if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); strings.TrimSpace(string(name)) == pptpctrl {
				return pid, nil
			}
		}
		return 0, fmt.Errorf("no process %s", pptpctrl)
	})
}

// warm is how long something goes on before it is looked at.
const warm = 700 * time.Millisecond

// measure has the calls made and looks at them for two seconds.
func (s *side) measure(ctx context.Context, network *party, process func() (int, error)) (done work, err error) {
	const long = 2 * time.Second
	for n := range s.lines {
		os.Remove(s.countFile(n))
		if _, err := network.ask("call"); err != nil {
			return done, err
		}
	}
	time.Sleep(warm)
	pid, err := process()
	if err != nil {
		return done, err
	}
	easy := 0.0
	if s.dir == "down" {
		if err := flood(network, gentle); err != nil {
			return done, err
		}
		if easy, err = resident(pid); err != nil {
			return done, err
		}
		if err := flood(network, s.rate); err != nil {
			return done, err
		}
	}
	before, err := s.read(ctx, network, pid)
	if err != nil {
		return done, err
	}
	time.Sleep(long)
	after, err := s.read(ctx, network, pid)
	return work{packets: after.packets - before.packets, took: after.at.Sub(before.at), cpuTime: after.cpu - before.cpu,
		objects: after.objects - before.objects, grown: (after.resident - easy) / float64(s.lines)}, err
}

// flood has so many packets a second sent down each call, from now on.
func flood(network *party, rate int) error {
	_, err := network.ask("flood %d", rate)
	time.Sleep(warm)
	return err
}

// A reading is what a program has done and used so far.
type reading struct {
	at                         time.Time
	cpu                        time.Duration
	packets, objects, resident float64
}

func (s *side) read(ctx context.Context, network *party, pid int) (r reading, err error) {
	if s.objects {
		if r.objects, err = s.b.mallocs(ctx); err != nil {
			return r, err
		}
	}
	if r.cpu, err = cpuTime(pid); err != nil {
		return r, err
	}
	if r.resident, err = resident(pid); err != nil {
		return r, err
	}
	r.at = time.Now()
	if s.dir == "up" {
		r.packets, err = network.number("count")
		return r, err
	}
	for n := range s.lines {
		text, err := os.ReadFile(s.countFile(n))
		if err != nil {
			return r, err
		}
		count, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			return r, err
		}
		r.packets += count
	}
	return r, nil
}
