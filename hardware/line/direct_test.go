package line

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/hardware/netport"
)

func listen(t *testing.T, url string) *Listener {
	l, err := Listen(url, First, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func dial(t *testing.T, l *Listener) *netport.Port {
	p, err := netport.Open(t.Context(), l.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestDirectCall(t *testing.T) {
	for _, url := range []string{"tcp://127.0.0.1:0", "unix://" + filepath.Join(t.TempDir(), "line")} {
		l := listen(t, url)
		var d Line = l.Line("emulators/1", 0)
		if d.Name() != "emulators/1" || d.State() != Idle {
			t.Errorf("%s is %v", d.Name(), d.State())
		}
		for range 2 {
			caller := dial(t, l)
			r, err := d.Ring(t.Context())
			if err != nil || r.Calling != "" || r.Called != "" || r.Name == "" || r.Gone != nil || d.State() != Ringing {
				t.Fatalf("%+v, %v, state %v", r, err, d.State())
			}
			c, err := d.Answer(t.Context())
			if err != nil || c != (Connect{Text: "direct"}) || d.State() != Connected {
				t.Fatalf("%+v, %v, state %v", c, err, d.State())
			}
			carries(t, caller, d)
			carries(t, d, caller)
			lost := d.Lost()
			caller.Close()
			if _, err := d.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("read: %v", err)
			}
			<-lost
			if _, err := d.Write([]byte("x")); !errors.Is(err, ErrNoCarrier) {
				t.Errorf("write: %v", err)
			}
			for range 2 {
				if err := d.HangUp(t.Context()); err != nil || d.State() != Idle {
					t.Errorf("%v, state %v", err, d.State())
				}
			}
		}
	}
}

// carries checks that octets get from one end to the other.
func carries(t *testing.T, from io.Writer, to io.Reader) {
	t.Helper()
	const data = "~\xff}#\xc0!"
	if _, err := from.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len(data))
	if n, err := io.ReadFull(to, b); string(b) != data {
		t.Fatalf("%q, %v", b[:n], err)
	}
}

func TestDirectHangUpEndsTheCall(t *testing.T) {
	l := listen(t, "tcp://127.0.0.1:0")
	d := l.Line("1", 0)
	caller := dial(t, l)
	if _, err := d.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Answer(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := d.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	select {
	case <-d.Lost():
		t.Error("a deadline is no loss")
	default:
	}
	d.HangUp(t.Context())
	if _, err := caller.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the caller reads %v", err)
	}
	if _, err := d.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("read: %v", err)
	}
	<-d.Lost()
	if _, err := d.Answer(t.Context()); !errors.Is(err, ErrNoCarrier) {
		t.Errorf("answered %v", err)
	}
	if _, err := d.Dial(t.Context(), "5551212"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("dialled %v", err)
	}
}

func TestLinesShareTheirListener(t *testing.T) {
	l := listen(t, "tcp://127.0.0.1:0")
	lines := []*Direct{l.Line("1", 0), l.Line("2", 1)}
	for _, d := range lines {
		dial(t, l)
		if _, err := d.Ring(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// All lines have calls: one more caller is told so, but not at once.
	begin := time.Now()
	third := dial(t, l)
	got, err := io.ReadAll(third)
	if string(got) != "\r\nBUSY\r\n" || err != nil || time.Since(begin) < patience {
		t.Errorf("%q, %v after %v", got, err, time.Since(begin))
	}
	// One who waits gets the first line that is free.
	fourth := dial(t, l)
	if _, err := lines[1].Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	carries(t, fourth, lines[1])
}

func TestDirectRingIsFreed(t *testing.T) {
	l := listen(t, "tcp://127.0.0.1:0")
	first, second := l.Line("1", 0), l.Line("2", 1)
	why := errors.New("shutdown")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := first.Ring(ctx); err != why {
		t.Errorf("cancelled: %v", err)
	}
	ring := make(chan error)
	go func() { _, err := first.Ring(t.Context()); ring <- err }()
	first.Close()
	if err := <-ring; err != ErrClosed || first.State() != Down {
		t.Errorf("closed: %v, state %v", err, first.State())
	}
	first.Close() // a second time does not count
	dial(t, l)
	if _, err := second.Ring(t.Context()); err != nil {
		t.Errorf("the other line: %v", err)
	}
	l.Close()
	if _, err := second.Ring(t.Context()); err != ErrClosed {
		t.Errorf("the other line, closed: %v", err)
	}
	if _, err := netport.Open(t.Context(), l.URL()); err == nil {
		t.Error("somebody still listens")
	}
}

// An emulator may speak Telnet to us or not: the call is the same.
func TestDirectCallInTelnet(t *testing.T) {
	l := listen(t, "tcp://127.0.0.1:0")
	d := l.Line("1", 0)
	for _, scheme := range []string{"telnet", "tcp"} {
		caller, err := netport.Open(t.Context(), scheme+strings.TrimPrefix(l.URL(), "tcp"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Ring(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Answer(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			carries(t, caller, d)
			carries(t, d, caller)
		}
		caller.Close()
		d.HangUp(t.Context())
	}
}

// While a listener is suspended its address is free for another one; lines that
// wait have the next call after it.
func TestSuspend(t *testing.T) {
	for _, url := range []string{"tcp://127.0.0.1:0", "unix://" + filepath.Join(t.TempDir(), "line")} {
		l := listen(t, url)
		d := l.Line("1", 0)
		rang := make(chan error, 1)
		go func() { _, err := d.Ring(t.Context()); rang <- err }()
		for range 2 {
			if err := l.Suspend(); err != nil {
				t.Error(err)
			}
		}
		at := l.URL()
		if _, err := netport.Open(t.Context(), at); err == nil {
			t.Error("somebody listens")
		}
		other := listen(t, at)
		if err := l.Resume(); err == nil {
			t.Error("two listen at once")
		}
		other.Close()
		for range 2 {
			if err := l.Resume(); err != nil || l.URL() != at {
				t.Fatalf("%v; %s, was %s", err, l.URL(), at)
			}
		}
		dial(t, l)
		if err := <-rang; err != nil {
			t.Error(err)
		}
		l.Close()
		if _, err := netport.Open(t.Context(), at); err == nil {
			t.Error("somebody listens still")
		}
	}
}
