package exchange

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// A dte is a test's end of a port: it keeps what the modem said.
type dte struct {
	t    *testing.T
	port io.ReadWriteCloser
	name string

	mu   sync.Mutex
	got  []byte
	more chan struct{}
	done chan struct{}
}

// newDTE reads the port until the test ends.
func newDTE(t *testing.T, name string, port io.ReadWriteCloser) *dte {
	d := &dte{t: t, port: port, name: name, more: make(chan struct{}, 1), done: make(chan struct{})}
	go func() {
		defer close(d.done)
		buf := make([]byte, 4096)
		for {
			n, err := port.Read(buf)
			d.mu.Lock()
			d.got = append(d.got, buf[:n]...)
			d.mu.Unlock()
			select {
			case d.more <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(d.close)
	return d
}

// close ends the port and waits until the reader has seen it.
func (d *dte) close() {
	_ = d.port.Close()
	<-d.done
}

func (d *dte) send(s string) {
	d.t.Helper()
	if _, err := d.port.Write([]byte(s)); err != nil {
		d.t.Fatalf("%s: sending %q: %v", d.name, s, err)
	}
}

// want waits until the modem has said s and returns what came before it; both
// are forgotten.
func (d *dte) want(s string) string {
	d.t.Helper()
	late := time.NewTimer(5 * time.Minute)
	defer late.Stop()
	for {
		d.mu.Lock()
		before, after, ok := bytes.Cut(d.got, []byte(s))
		if ok {
			d.got = append([]byte(nil), after...)
			d.mu.Unlock()
			return string(before)
		}
		got := string(d.got)
		d.mu.Unlock()
		select {
		case <-d.more:
		case <-late.C:
			d.t.Fatalf("%s: got %q, want %q", d.name, got, s)
		}
	}
}

// says sends a command line without echo and wants exactly this answer.
func (d *dte) says(command, answer string) {
	d.t.Helper()
	d.send(command + "\r")
	if before := d.want(answer); strings.Trim(before, "\r\n") != "" {
		d.t.Errorf("%s: %s: %q before %q", d.name, command, before, answer)
	}
}

// silent wants nothing to come for so long.
func (d *dte) silent(long time.Duration) {
	d.t.Helper()
	time.Sleep(long)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.got) > 0 {
		d.t.Errorf("%s: got %q", d.name, d.got)
		d.got = nil
	}
}

// network makes an exchange with a DTE on a pipe for each subscriber, echo off.
func network(t *testing.T, o Options) (*Exchange, []*dte) {
	t.Helper()
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	var all []*dte
	for _, l := range x.Lines() {
		all = append(all, plugIn(t, l))
	}
	return x, all
}

// plugIn puts a DTE on a line.
func plugIn(t *testing.T, l *Line) *dte {
	t.Helper()
	ours, theirs := net.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- l.Plug(ctx, theirs) }()
	d := newDTE(t, l.Number(), ours)
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", l.Number(), err)
		}
	})
	d.send("ATE0\r")
	d.want("ATE0\r\r\nOK\r\n")
	return d
}

// two are the caller's and the called line of most tests.
var two = []Subscriber{{Number: "5550001", Name: "SARA N"}, {Number: "5551212"}}

// connectCall dials from a to b, which answers.
func connectCall(t *testing.T, a, b *dte, number string) {
	t.Helper()
	a.send("ATDT" + number + "\r")
	b.want("\r\nRING\r\n")
	b.send("ATA\r")
	a.want("\r\nCONNECT ")
	a.want("\r\n")
	b.want("\r\nCONNECT ")
	b.want("\r\n")
}
