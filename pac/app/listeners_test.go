package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A complaint is a log that keeps what is worse than news.
type complaint struct {
	mu   sync.Mutex
	text strings.Builder
}

func (c *complaint) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.Write(b)
}

func (c *complaint) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// A terminal is a caller who types.
type terminal struct {
	t *testing.T
	net.Conn
}

func connect(t *testing.T, at string) terminal {
	t.Helper()
	c, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return terminal{t, c}
}

// types types a line and waits for a prompt.
func (c terminal) types(line, prompt string) {
	c.t.Helper()
	if _, err := c.Write([]byte(line + "\r")); err != nil {
		c.t.Fatal(err)
	}
	got := ""
	for b := make([]byte, 100); !strings.Contains(got, prompt); {
		n, err := c.Read(b)
		if got += string(b[:n]); err != nil {
			c.t.Fatalf("%q, %v; want %q", got, err, prompt)
		}
	}
}

// free is a TCP port of this host's that nobody has.
func free(t *testing.T) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// A bank may listen at an address that overlaps its last one: calls go on, the
// next come to the new one, and nothing is complained of. When the new one, or
// another beside it, cannot be had, all is as before.
func TestListeningMoves(t *testing.T) {
	port := free(t)
	socket := filepath.Join(t.TempDir(), "socket")
	text := func(at, more string) []byte {
		return fmt.Appendf(nil, "name = \"atlanta\"\nsocket = %q\n[[bank]]\nname = \"direct\"\nlisten = \"tcp://%s:%d\"\n%s\n[default]\ntunnel = [\"d\"]\n"+
			"[[pns]]\nname = \"d\"\nat = \"192.0.2.1\"\ntransport = \"udp\"\n[security]\naccept = [\"open-tunnel\", \"pap\", \"text-login\", \"mschap\", \"open-line\"]\n", socket, at, port, more)
	}
	ctx, end := context.WithCancel(t.Context())
	var log complaint
	p, err := Start(ctx, "pac.toml", text("127.0.0.1", "lines = 2"), Env{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	here, there := fmt.Sprintf("127.0.0.1:%d", port), fmt.Sprintf("127.0.0.2:%d", port)
	first := connect(t, here)
	first.types("", "login: ")
	if _, err := p.Reload("pac.toml", text("0.0.0.0", "")); err != nil {
		t.Fatal(err)
	}
	second := connect(t, there)
	second.types("", "login: ")
	first.types("saran", "Password: ")
	first.Close()
	second.Close()
	for range 10 { // also of lines that wait
		for _, at := range []string{"127.0.0.1", "0.0.0.0"} {
			if _, err := p.Reload("pac.toml", text(at, "lines = 20")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := log.String(); got != "" {
		t.Errorf("complaints:\n%s", got)
	}

	_, err = p.Reload("pac.toml", text("127.0.0.1", "[[bank]]\nname = \"x\"\nlisten = \"tcp://192.0.2.1:1\"\n"))
	if err == nil || !strings.Contains(err.Error(), "bank x: ") {
		t.Error(err)
	}
	third := connect(t, there)
	third.types("", "login: ")
	third.Close()
	other, err := net.Listen("tcp", fmt.Sprintf("127.0.0.3:%d", free(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := strings.Replace(string(text("127.0.0.3", "")), fmt.Sprintf("127.0.0.3:%d", port), other.Addr().String(), 1)
	if _, err := p.Reload("pac.toml", []byte(taken)); err == nil || !strings.Contains(err.Error(), "in use by another program") {
		t.Error(err)
	}
	if _, err := p.Reload("pac.toml", []byte("nonsense")); err == nil {
		t.Error("nonsense is a configuration")
	}
	if got := log.String(); strings.Count(got, "\n") != 3 || strings.Count(got, `level=ERROR msg="not reloaded"`) != 3 {
		t.Errorf("of three mistakes the log has\n%s", got)
	}
	fourth := connect(t, there)
	fourth.types("", "login: ")
	fourth.Close()

	elsewhere := fmt.Sprintf("127.0.0.2:%d", free(t))
	if _, err := p.Reload("pac.toml", []byte(strings.Replace(string(text("127.0.0.2", "")), there, elsewhere, 1))); err != nil {
		t.Fatal(err)
	}
	connect(t, elsewhere).types("", "login: ")
	if c, err := net.Dial("tcp", there); err == nil {
		c.Close()
		t.Error("somebody listens at the old port")
	}
	end()
	if err := p.Wait(); err != nil {
		t.Error(err)
	}
}
