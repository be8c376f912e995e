package testbed

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience is how long the testbed waits for what should happen soon.
const Patience = 60 * time.Second

// Until asks again and again, for things that nobody announces, until f says
// yes; the test fails when it does not in time. What is asked about is at work
// meanwhile, often on the same processors: three quarters of the time are left to it.
func Until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); ; {
		asked := time.Now()
		if f() {
			return
		}
		now := time.Now()
		if now.After(end) {
			t.Fatalf("not within %v: %s", Patience, what)
		}
		<-time.After(max(20*time.Millisecond, 3*now.Sub(asked)))
	}
}

// A Process is a program of ours that runs on a host and has said that it is
// ready.
type Process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	log  output
	done chan struct{}
}

// Start runs a program on a host and waits until it tells systemd's way that it
// is ready (sd_notify). It is ended with the test, and its log shown if the
// test failed.
func Start(h *Host, program string, args ...string) *Process {
	h.t.Helper()
	t := h.t
	socket := filepath.Join(t.TempDir(), "notify")
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notify.Close()
	p := &Process{t: t, name: filepath.Base(program), cmd: h.Command(program, args...), done: make(chan struct{})}
	p.log.grown = make(chan struct{})
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait()
		close(p.done)
		notify.SetReadDeadline(time.Unix(1, 0))
	}()
	t.Cleanup(func() {
		if strings.Contains(p.Stop(), "DATA RACE") {
			t.Errorf("%s has a data race", p.name)
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, p.log.String())
		}
	})
	notify.SetReadDeadline(time.Now().Add(Patience))
	for b := make([]byte, 4096); ; {
		n, err := notify.Read(b)
		if err != nil {
			t.Fatalf("%s never said that it is ready", p.name)
		}
		if strings.Contains(string(b[:n]), "READY=1") {
			return p
		}
	}
}

// Stop ends the program as an operator would, with SIGTERM, and returns what it
// logged.
func (p *Process) Stop() string {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(Patience):
		p.t.Errorf("%s did not end after SIGTERM", p.name)
		p.Kill()
	}
	return p.log.String()
}

// Kill ends the program without warning.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	<-p.done
}

// Logged waits until the program's log has a line with all of the words, and
// returns it.
func (p *Process) Logged(words ...string) string {
	p.t.Helper()
	timeout := time.After(Patience)
	for {
		text, grown := p.log.watch()
		for line := range strings.Lines(text) {
			if containsAll(line, words) {
				return line
			}
		}
		select {
		case <-grown:
		case <-timeout:
			p.t.Fatalf("%s logged no line with %q", p.name, words)
		}
	}
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// output keeps what a program prints and tells when it grows.
type output struct {
	mu    sync.Mutex
	b     bytes.Buffer
	grown chan struct{}
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.grown)
	o.grown = make(chan struct{})
	return o.b.Write(b)
}

func (o *output) String() string {
	s, _ := o.watch()
	return s
}

func (o *output) watch() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String(), o.grown
}
