package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// A mistake, be it found by who reads or by who uses, is logged and told, and
// what was read with it is not used.
func TestReload(t *testing.T) {
	var log bytes.Buffer
	used := 0
	use := func(c int) ([]string, error) {
		if used = c; c < 0 {
			return []string{"all"}, errors.New("no such place")
		}
		return []string{"name"}, nil
	}
	for _, tt := range []struct {
		read         func() (int, error)
		used         int
		restart, err string
	}{
		{func() (int, error) { return 1, nil }, 1, "[name]", ""},
		{func() (int, error) { return 2, errors.New("line 3 is odd") }, 1, "[]", "line 3 is odd"},
		{func() (int, error) { return -1, nil }, -1, "[]", "no such place"},
		{NoFile[int], -1, "[]", "this program was started without a file"},
	} {
		log.Reset()
		restart, err := Reload(slog.New(slog.NewTextHandler(&log, nil)), tt.read, use)
		if used != tt.used || fmt.Sprint(restart) != tt.restart || (err != nil) != (tt.err != "") || err != nil && err.Error() != tt.err {
			t.Errorf("used %d, restart %v, %v; want %+v", used, restart, err, tt)
		}
		if want := `level=ERROR msg="not reloaded" error="` + tt.err + `"`; strings.Contains(log.String(), want) != (tt.err != "") || tt.err == "" && log.Len() > 0 {
			t.Errorf("%s: logged %s", tt.err, &log)
		}
	}
}

func TestOnHangup(t *testing.T) {
	told := systemd(t)
	ctx, stop := context.WithCancel(t.Context())
	var log bytes.Buffer
	reloads, done := make(chan struct{}, 100), make(chan error, 1)
	beside := make(chan os.Signal, 1) // so that the test survives the first one
	signal.Notify(beside, syscall.SIGHUP)
	defer signal.Stop(beside)
	go func() {
		done <- OnHangup(ctx, slog.New(slog.NewTextHandler(&log, nil)), func() ([]string, error) {
			reloads <- struct{}{}
			return nil, errors.New("line 3 is odd")
		})
	}()
	hangUp(t, beside, reloads)
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
	if log.Len() > 0 { // systemd heard all, and reload logs its own
		t.Errorf("logged %s", &log)
	}
}

// hangUp sends SIGHUP until it has had a reload begin; before OnHangup listens it
// has not.
func hangUp(t *testing.T, beside <-chan os.Signal, reloads <-chan struct{}) {
	for {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		<-beside
		select {
		case <-reloads:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// What a reload reads may never come, as from a file system that hangs.
func TestAReloadThatHangsHoldsNoEndUp(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	reloads, never, done := make(chan struct{}, 100), make(chan struct{}), make(chan error, 1)
	defer close(never)
	beside := make(chan os.Signal, 1)
	signal.Notify(beside, syscall.SIGHUP)
	defer signal.Stop(beside)
	go func() {
		done <- OnHangup(ctx, slog.New(slog.DiscardHandler), func() ([]string, error) {
			reloads <- struct{}{}
			<-never
			return nil, nil
		})
	}()
	hangUp(t, beside, reloads)
	stop()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it hangs")
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
