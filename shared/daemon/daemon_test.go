package daemon

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"encoding/json"
)

func TestLogIsJSONUnlessOnATerminal(t *testing.T) {
	var b bytes.Buffer
	log := Logger(&b, slog.LevelInfo, false)
	log.Debug("not this")
	log.With("call", "atlanta/4711").Info("call up", "user", "saran")
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, b.String())
	}
	if line["msg"] != "call up" || line["call"] != "atlanta/4711" || line["user"] != "saran" || line["level"] != "INFO" {
		t.Errorf("%v", line)
	}
}

func TestLogIsTextOnATerminal(t *testing.T) {
	master, slave := openPTY(t)
	Logger(slave, slog.LevelInfo, false).Info("ring", "line", "modem 1")
	b := make([]byte, 200)
	n, err := master.Read(b)
	if got := string(b[:n]); err != nil || !strings.Contains(got, `level=INFO msg=ring line="modem 1"`) {
		t.Errorf("%q, %v", got, err)
	}
	Logger(slave, slog.LevelInfo, true).Info("ring")
	if n, err = master.Read(b); err != nil || b[0] != '{' {
		t.Errorf("JSON was wanted, got %q, %v", b[:n], err)
	}
}

func TestFirstSignalEndsTheContext(t *testing.T) {
	ctx, stop := Signals()
	defer stop()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
}

func TestNotify(t *testing.T) {
	if err := Notify(Ready); err != nil {
		t.Errorf("without systemd: %v", err)
	}
	path := filepath.Join(t.TempDir(), "notify")
	t.Setenv("NOTIFY_SOCKET", path)
	if err := Notify(Ready); err == nil {
		t.Error("told nobody")
	}
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := Notify(Ready); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := c.Read(b)
	if got := string(b[:n]); err != nil || got != "READY=1" {
		t.Errorf("%q, %v", got, err)
	}
}

// services makes parts that note in log how they end; broken returns at once.
func services(log *[]string, names ...string) *Services {
	s := new(Services)
	for _, name := range names {
		s.Add(name, func(ctx context.Context) error {
			switch name {
			case "broken":
				return errBroken
			case "gone":
				return nil
			}
			<-ctx.Done()
			*log = append(*log, name)
			if name == "sour" {
				return errBroken
			}
			return context.Cause(ctx)
		})
	}
	return s
}

var errBroken = errors.New("broken")

func TestServicesEndInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log []string
		ctx, stop := context.WithCancelCause(t.Context())
		ready := false
		done := make(chan error, 1)
		s := services(&log, "socket", "panel", "bank")
		go func() { done <- s.Run(ctx, func() { ready = true }) }()
		synctest.Wait()
		if !ready || len(log) != 0 {
			t.Fatalf("ready %v, ended %v", ready, log)
		}
		stop(errors.New("signal"))
		if err := <-done; err != nil {
			t.Error(err)
		}
		if got := strings.Join(log, " "); got != "bank panel socket" {
			t.Errorf("ended in the order %s", got)
		}
	})
}

func TestOneServiceThatFailsEndsAll(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"broken", "broken: broken"},
		{"gone", "gone: ended unexpectedly"},
	} {
		var log []string
		err := services(&log, "socket", tt.name, "bank").Run(t.Context(), func() {})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := strings.Join(log, " "); got != "bank socket" {
			t.Errorf("ended in the order %s", got)
		}
	}
}

func TestAServiceThatEndsBadlyIsTold(t *testing.T) {
	var log []string
	ctx, stop := context.WithCancel(t.Context())
	stop()
	err := services(&log, "socket", "sour").Run(ctx, func() {})
	if !errors.Is(err, errBroken) || err.Error() != "sour: broken" {
		t.Error(err)
	}
}

func TestDurationsHaveTheirUnitInJSON(t *testing.T) {
	var out bytes.Buffer
	Logger(&out, slog.LevelInfo, true).Info("call ended", "duration", 1500*time.Millisecond)
	if !strings.Contains(out.String(), `"duration":"1.5s"`) {
		t.Errorf("logged %s", out.String())
	}
}
