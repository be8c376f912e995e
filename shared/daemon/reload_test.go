package daemon

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// systemd is who is told states; its Read ends with the test.
func systemd(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	t.Setenv("NOTIFY_SOCKET", path)
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// heard is the next state that systemd is told.
func heard(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	b := make([]byte, 200)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

func TestReload(t *testing.T) {
	told := systemd(t)
	ctx, stop := context.WithCancel(t.Context())
	var log bytes.Buffer
	reloads, done := make(chan struct{}, 100), make(chan error, 1)
	beside := make(chan os.Signal, 1) // so that the test survives the first one
	signal.Notify(beside, syscall.SIGHUP)
	defer signal.Stop(beside)
	go func() {
		done <- Reload(ctx, slog.New(slog.NewTextHandler(&log, nil)), func() error {
			reloads <- struct{}{}
			return errors.New("line 3 is odd")
		})
	}()
	for came := false; !came; {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		<-beside
		select {
		case <-reloads:
			came = true
		default: // Reload did not listen yet
		}
	}
	if got := heard(t, told); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("systemd was told %q", got)
	}
	if got := heard(t, told); got != Ready {
		t.Errorf("then %q", got)
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !strings.Contains(log.String(), `msg=SIGHUP error="line 3 is odd"`) {
		t.Errorf("logged %s", &log)
	}
}

func TestWatchdog(t *testing.T) {
	told := systemd(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	ctx, stop := context.WithCancel(t.Context())
	done, asked := make(chan error, 1), 0
	go func() {
		done <- Watchdog(ctx, func(asking context.Context) error {
			switch asked++; asked {
			case 2:
				return errors.New("no answer")
			case 3: // in time for no deadline
				<-asking.Done()
				return nil
			case 5:
				stop()
			}
			return nil
		})
	}()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for range 2 { // of the first and the fourth
		if got := heard(t, told); got != watchdog {
			t.Errorf("systemd was told %q", got)
		}
	}
	if err := told.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := told.Read(make([]byte, 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("systemd was told of a program that is stuck")
	}
}

func TestNobodyWatches(t *testing.T) {
	systemd(t)
	for _, pid := range []string{"", "1"} {
		t.Setenv("WATCHDOG_PID", pid)
		t.Setenv("WATCHDOG_USEC", map[string]string{"": "", "1": "1000"}[pid])
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := Watchdog(ctx, func(context.Context) error { t.Error("asked"); return nil }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}
