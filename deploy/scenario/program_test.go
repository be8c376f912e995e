package scenario

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"carrier/deploy/testbed"
	pac "carrier/pac/app"
	pns "carrier/pns/app"
	"carrier/shared/console"
	"carrier/shared/record"
)

// A program is a pac or a pns that runs in this process.
type program struct {
	t     *testing.T
	name  string
	panel net.Addr
	calls func() []record.Call
	wait  func() error
	end   context.CancelFunc // as SIGTERM does
	// reload takes another configuration, as SIGHUP does.
	reload func(file string, text []byte) (restart []string, err error)

	log             *logbook
	*console.Client // what its commands ask
}

func startPAC(t *testing.T, config []byte, socket string) *program {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	log := new(logbook)
	p, err := pac.Start(ctx, "pac.toml", config, pac.Env{Log: log.logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	return started(&program{t: t, name: "pac", panel: p.Panel(), calls: p.Calls, wait: p.Wait, end: end, reload: p.Reload, log: log}, socket)
}

func startPNS(t *testing.T, config []byte, socket string) *program {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	log := new(logbook)
	p, err := pns.Start(ctx, "pns.toml", config, pns.Env{Log: log.logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	return started(&program{t: t, name: "pns", panel: p.Panel(), calls: p.Calls, wait: p.Wait, end: end, reload: p.Reload, log: log}, socket)
}

func started(p *program, socket string) *program {
	p.Client = console.NewClient(socket, p.name)
	p.t.Cleanup(p.stop)
	return p
}

func logger(t *testing.T) *slog.Logger { return new(logbook).logger(t) }

// A logbook keeps what is logged.
type logbook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logbook) logger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), l), nil))
}

// Write takes a line.
func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(line))
	return len(line), nil
}

// said checks that a line has been logged that has all of the words.
func (p *program) said(words ...string) {
	p.t.Helper()
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	if !slices.ContainsFunc(p.log.lines, func(line string) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) })
	}) {
		p.t.Errorf("%s logged no line with %q", p.name, words)
	}
}

// stop ends the program as SIGTERM does; it must end without an error.
func (p *program) stop() {
	p.end()
	if err := p.wait(); err != nil {
		p.t.Errorf("%s ended with %v", p.name, err)
	}
}

// ended waits until n calls have ended and returns the last one that did.
func (p *program) ended(n int) record.Call {
	p.t.Helper()
	var last record.Call
	testbed.Until(p.t, p.name+"'s call ends", func() bool {
		all := p.calls()
		past := 0
		for i := len(all) - 1; i >= 0; i-- { // the oldest first
			if all[i].Reason != record.Running {
				last = all[i]
				past++
			}
		}
		return past >= n
	})
	return last
}

// wants checks why a call ended: the reason and a part of the text.
func (p *program) wants(c record.Call, why record.EndReason, text string) {
	p.t.Helper()
	if c.Reason != why || !strings.Contains(c.Text, text) {
		p.t.Errorf("%s remembers %v: %q, want %v: %q", p.name, c.Reason, c.Text, why, text)
	}
}

// metric is the value of one line of the panel, "name{label=\"value\"}".
func (p *program) metric(line string) float64 {
	p.t.Helper()
	for l := range strings.Lines(p.metrics()) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(l), line+" "); ok {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return v
		}
	}
	p.t.Errorf("%s's panel has no %s", p.name, line)
	return 0
}

// metrics is the panel's page.
func (p *program) metrics() string {
	p.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + p.panel.String() + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(page)
}
