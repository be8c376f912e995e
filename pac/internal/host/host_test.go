package host

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/netport"
	"carrier/shared/record"
)

// A wire is a call on a fake clock: what the test holds of both ends.
type wire struct {
	line, host net.Conn // the far ends
	counters   record.Counters
	ended      chan error
}

// carry begins a call that carries octets.
func carry(t *testing.T, ctx context.Context, o Options) *wire {
	ours, line := net.Pipe()
	there, host := net.Pipe()
	w := &wire{line: line, host: host, ended: make(chan error, 1)}
	go func() {
		err := Carry(ctx, ours, there, o, &w.counters)
		go ours.Write([]byte("bye")) // the line's deadlines are cleared
		there.Close()
		w.ended <- err
	}()
	t.Cleanup(func() { line.Close(); host.Close(); ours.Close() })
	return w
}

// passes checks that octets get from one end to the other at once.
func passes(t *testing.T, from io.Writer, to io.Reader, text string) {
	t.Helper()
	begin := time.Now()
	go from.Write([]byte(text))
	b := make([]byte, len(text))
	if _, err := io.ReadFull(to, b); err != nil || string(b) != text || time.Since(begin) > 0 {
		t.Errorf("%q became %q after %v, %v", text, b, time.Since(begin), err)
	}
}

// screen is more than fits in any buffer.
var screen = strings.Repeat("~\xff\x00\x11 text ", 1000)

func TestCarry(t *testing.T) {
	for what, tt := range map[string]struct {
		o    Options
		end  func(w *wire, cancel context.CancelCauseFunc)
		want string
		took time.Duration
	}{
		"the host closes":     {Options{}, func(w *wire, _ context.CancelCauseFunc) { w.host.Close() }, ErrClosed.Error(), 0},
		"the caller hangs up": {Options{}, func(w *wire, _ context.CancelCauseFunc) { w.line.Close() }, "line: EOF", 0},
		"the operator":        {Options{}, func(_ *wire, cancel context.CancelCauseFunc) { cancel(errors.New("operator")) }, "operator", 0},
		"idle":                {Options{Idle: time.Minute}, nil, ErrIdle.Error(), time.Minute},
		"session":             {Options{Idle: time.Hour, Session: time.Minute}, nil, ErrSession.Error(), time.Minute},
		"typing, then idle": {Options{Idle: time.Minute}, func(w *wire, _ context.CancelCauseFunc) {
			for range 3 {
				time.Sleep(50 * time.Second)
				passes(t, w.line, w.host, "x")
			}
		}, ErrIdle.Error(), 3*50*time.Second + time.Minute},
		"typing, but the session is over": {Options{Idle: time.Minute, Session: 90 * time.Second}, func(w *wire, _ context.CancelCauseFunc) {
			time.Sleep(50 * time.Second)
			passes(t, w.host, w.line, "x")
		}, ErrSession.Error(), 90 * time.Second},
		"idle though the host has more than the caller takes": {Options{Idle: time.Minute}, func(w *wire, _ context.CancelCauseFunc) {
			go w.host.Write([]byte(screen))
		}, ErrIdle.Error(), time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			w := carry(t, ctx, tt.o)
			passes(t, w.line, w.host, "saran\r\a")
			passes(t, w.host, w.line, screen)
			passes(t, w.line, w.host, screen)
			begin := time.Now()
			if tt.end != nil {
				tt.end(w, cancel)
			}
			err := <-w.ended
			if err.Error() != tt.want || time.Since(begin) != tt.took {
				t.Errorf("%s: %v after %v", what, err, time.Since(begin))
			}
			up, down := w.counters.OctetsUp.Load(), w.counters.OctetsDown.Load()
			if n := uint64(len(screen)); up < n+7 || up > n+10 || down < n || down > n+downBuffer {
				t.Errorf("%s: %d octets up, %d down", what, up, down)
			}
			if what != "the caller hangs up" {
				passes(t, io.Discard, w.line, "bye")
			}
			cancel(nil)
		})
	}
}

// What the host says before it closes is all written, however slow the line.
func TestLastWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := carry(t, t.Context(), Options{})
		go func() {
			w.host.Write([]byte(screen))
			w.host.Close()
		}()
		var got bytes.Buffer
		for b := make([]byte, 40); got.Len() < len(screen); {
			time.Sleep(time.Second) // a screen takes minutes
			n, err := w.line.Read(b)
			if err != nil {
				t.Fatal(err)
			}
			got.Write(b[:n])
		}
		if err := <-w.ended; err != ErrClosed || got.String() != screen {
			t.Errorf("%v, %d octets", err, got.Len())
		}
	})
}

func TestOpen(t *testing.T) {
	l, err := netport.Listen("tcp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	gone, err := netport.Listen("tcp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	var log []string
	trying := func(url string) { log = append(log, "try "+Name(url)) }
	failed := func(url string, err error) { log = append(log, "no "+Name(url)) }
	p, url, err := Open(t.Context(), []string{gone.URL(), l.URL()}, Options{}, trying, failed)
	if err != nil || url != l.URL() {
		t.Fatalf("%s, %v", url, err)
	}
	p.Close()
	if got, want := strings.Join(log, ", "), "try "+Name(gone.URL())+", no "+Name(gone.URL())+", try "+Name(l.URL()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	_, _, err = Open(t.Context(), []string{gone.URL(), "tcp://127.0.0.1:0"}, Options{}, trying, failed)
	var none *OpenError
	if !errors.As(err, &none) || len(none.Errors) != 2 || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v", err)
	}
	why := errors.New("the caller hung up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, _, err := Open(ctx, []string{l.URL()}, Options{}, trying, failed); err != why {
		t.Errorf("%v", err)
	}
}
