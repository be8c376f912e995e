package line

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// busyLine is a listener whose only line has a call.
func busyLine(t *testing.T) (*Listener, *Direct) {
	t.Helper()
	l := listen(t, "tcp://127.0.0.1:0")
	d := l.Line("1", 0)
	dial(t, l)
	if _, err := d.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l, d
}

// waiting waits until so many connections wait for a line.
func waiting(t *testing.T, l *Listener, n int) {
	t.Helper()
	for until := time.Now().Add(10 * time.Second); ; {
		l.mu.Lock()
		got := len(l.held)
		l.mu.Unlock()
		if got == n {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%d connections wait, want %d", got, n)
		}
	}
}

// Connections that were closed while they waited are nobody's calls: the line
// has the first caller who is still there.
func TestWhoHasGoneIsNotServed(t *testing.T) {
	l, d := busyLine(t)
	for range 40 {
		dial(t, l).Close()
	}
	caller := dial(t, l)
	waiting(t, l, 41)
	if _, err := d.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	carries(t, caller, d)
}

// Each waits for itself alone: nobody hears of it later for having come behind
// others.
func TestAllWaitAtTheSameTime(t *testing.T) {
	l, _ := busyLine(t)
	begin := time.Now()
	for _, c := range []io.Reader{dial(t, l), dial(t, l), dial(t, l)} {
		if got, err := io.ReadAll(c); string(got) != "\r\nBUSY\r\n" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if took := time.Since(begin); took < patience || took > 2*patience {
		t.Errorf("all were told after %v, want %v", took, patience)
	}
}

// Where as many wait as may, the next one is told at once.
func TestNoMoreWaitThanMay(t *testing.T) {
	l, _ := busyLine(t)
	var log bytes.Buffer
	l.log = slog.New(slog.NewTextHandler(&log, nil))
	for range mostHeld {
		dial(t, l)
	}
	waiting(t, l, mostHeld)
	for range 3 {
		if got, err := io.ReadAll(dial(t, l)); string(got) != "\r\nBUSY\r\n" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := strings.Count(log.String(), "all lines are busy"); n != 1 || len(l.held) != mostHeld {
		t.Errorf("the log has it %d times, and %d wait", n, len(l.held))
	}
}

// A listener that is closed keeps nobody waiting.
func TestCloseEndsTheWait(t *testing.T) {
	l, _ := busyLine(t)
	c := dial(t, l)
	waiting(t, l, 1)
	l.Close()
	if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
