package exchange

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// quick is a network without the waiting.
var quick = Timing{Setup: time.Millisecond, RingEvery: 20 * time.Millisecond, Train: time.Millisecond, Redial: 10 * time.Millisecond}

// running makes an exchange that serves its ports until the test ends, when
// nothing of it may be left.
func running(t *testing.T, s ...Subscriber) *Exchange {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
			if time.Now().After(end) {
				t.Errorf("%d goroutines are left of %d", runtime.NumGoroutine(), before)
				return
			}
		}
	})
	x, err := New(Options{Subscribers: s, Timing: quick})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- x.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return x
}

// dial connects to a subscriber's port as a DTE.
func dial(t *testing.T, l *Line) *dte {
	t.Helper()
	network, address, _ := strings.Cut(l.URL(), "://")
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	d := newDTE(t, l.URL(), c)
	d.send("ATE0\r")
	d.want("ATE0\r\r\nOK\r\n")
	return d
}

// exchangeData sends a MiB each way at once and compares.
func exchangeData(t *testing.T, a, b *dte) {
	t.Helper()
	data := bytes.Repeat([]byte("all octets \x00\x11\x13\xff"), 1<<20/15)
	sum := sha256.Sum256(data)
	for _, d := range []*dte{a, b} {
		go func() { _, _ = d.port.Write(append(data[:len(data):len(data)], "the end"...)) }()
	}
	for _, d := range []*dte{a, b} {
		if got := sha256.Sum256([]byte(d.want("the end"))); got != sum {
			t.Errorf("%s: the data changed", d.name)
		}
	}
}

func TestTCPAndUnix(t *testing.T) {
	x := running(t, Subscriber{Number: "1", At: "tcp://127.0.0.1:0"},
		Subscriber{Number: "2", At: "unix://" + filepath.Join(t.TempDir(), "modem")})
	a, b := dial(t, x.Lines()[0]), dial(t, x.Lines()[1])
	connectCall(t, a, b, "2")
	exchangeData(t, a, b)
	a.close()
	b.want("\r\nNO CARRIER\r\n")
	a = dial(t, x.Lines()[0]) // at once again
	connectCall(t, b, a, "1")
}

func TestOneDTEAtATime(t *testing.T) {
	x := running(t, Subscriber{Number: "1", At: "tcp://127.0.0.1:0"})
	first := dial(t, x.Lines()[0])
	c, err := net.Dial("tcp", strings.TrimPrefix(x.Lines()[0].URL(), "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if got, err := io.ReadAll(c); string(got) != "\r\nBUSY\r\n" {
		t.Errorf("the second one was told %q, %v", got, err)
	}
	first.says("AT", "OK\r\n")
}

// The exchange connects to its DTE, and again when that has come back.
func TestConnect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ttyS1.sock")
	x := running(t, Subscriber{Number: "1", At: "unix://" + path, Connect: true}, Subscriber{Number: "2", At: "tcp://127.0.0.1:0"})
	b := dial(t, x.Lines()[1])
	for range 2 {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		a := newDTE(t, path, c)
		a.send("ATE0\r")
		a.want("OK\r\n")
		connectCall(t, a, b, "2")
		a.close()
		b.want("NO CARRIER\r\n")
	}
}

// A slow line slows down who sends: the sockets hold little for it.
func TestBackPressureReachesTheSocket(t *testing.T) {
	x := running(t, Subscriber{Number: "1", At: "tcp://127.0.0.1:0", Conditions: Conditions{Rate: 28800}},
		Subscriber{Number: "2", At: "tcp://127.0.0.1:0"})
	a, b := dial(t, x.Lines()[0]), dial(t, x.Lines()[1])
	connectCall(t, a, b, "2")
	c := a.port.(*net.TCPConn)
	if err := c.SetWriteBuffer(4096); err != nil {
		t.Fatal(err)
	}
	if err := c.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := c.Write(make([]byte, 1<<20))
	if err == nil || n > 3600+24<<10 { // a second of the line and what the kernel holds
		t.Errorf("%d octets in a second, %v", n, err)
	}
}

func TestPTY(t *testing.T) {
	link := filepath.Join(t.TempDir(), "modem")
	x := running(t, Subscriber{Number: "1", At: "pty", Link: link}, Subscriber{Number: "2", At: "tcp://127.0.0.1:0"})
	b := dial(t, x.Lines()[1])
	if x.Lines()[0].URL() != link {
		t.Fatalf("the pty is at %s", x.Lines()[0].URL())
	}
	for range 2 { // opened, closed, opened again
		f, err := os.OpenFile(link, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		a := newDTE(t, link, f)
		a.send("ATE0\r")
		a.want("ATE0\r\r\nOK\r\n")
		connectCall(t, b, a, "1")
		data := "\x00\x03\x04\x11\x13\x1a\r\n\x7f\xff" // a terminal would take these for itself
		a.send(data)
		b.want(data)
		b.send(data)
		a.want(data)
		b.send("left unread")
		a.close() // the last close drops DTR
		b.want("NO CARRIER\r\n")
	}
}

// A link of ours is replaced and removed, another's file is not touched.
func TestPTYLink(t *testing.T) {
	dir := t.TempDir()
	link, file := filepath.Join(dir, "link"), filepath.Join(dir, "file")
	if err := os.Symlink("/nowhere", link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Subscribers: []Subscriber{{Number: "1", At: "pty", Link: file}}}); err == nil {
		t.Error("a file was taken for a link")
	}
	x, err := New(Options{Subscribers: []Subscriber{{Number: "1", At: "pty", Link: link}}})
	if err != nil {
		t.Fatal(err)
	}
	if at, err := os.Readlink(link); err != nil || !strings.HasPrefix(at, "/dev/pts/") {
		t.Errorf("the link leads to %q, %v", at, err)
	}
	if err := x.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(link); !os.IsNotExist(err) {
		t.Errorf("the link is left: %v", err)
	}
	if b, err := os.ReadFile(file); string(b) != "precious" {
		t.Errorf("the file has %q, %v", b, err)
	}
}
