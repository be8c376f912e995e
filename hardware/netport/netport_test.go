package netport

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCheckSaysWhatIsWrong(t *testing.T) {
	for url, want := range map[string]string{
		"tcp://192.0.2.9:2001":                "",
		"tcp://[::1]:0":                       "",
		"tcp://terminal-server:1":             "",
		"unix:///run/vm.sock":                 "",
		"/dev/ttyS0":                          "it has no scheme; use tcp://host:port, telnet://host:port, rfc2217://host:port or unix:///path",
		"192.0.2.9:2001":                      "it has no scheme; use tcp://host:port, telnet://host:port, rfc2217://host:port or unix:///path",
		"":                                    "it has no scheme; use tcp://host:port, telnet://host:port, rfc2217://host:port or unix:///path",
		"udp://192.0.2.9:1":                   `"udp" is not a kind of port; use tcp://host:port, telnet://host:port, rfc2217://host:port or unix:///path`,
		"tcp://192.0.2.9":                     "the port number is missing; use tcp://host:port",
		"tcp://192.0.2.9:":                    "the port number is missing; use tcp://host:port",
		"tcp://:2001":                         "the host is missing; use tcp://host:port",
		"tcp://192.0.2.9:65536":               "port number 65536 is above 65535",
		"tcp://192.0.2.9:http":                `invalid port ":http" after host`,
		"tcp://192.0.2.9:1/modem":             `a TCP port has no path "/modem"`,
		"tcp://me@192.0.2.9:1":                "user, query and fragment mean nothing here",
		"unix:///run/vm.sock?x=1":             "user, query and fragment mean nothing here",
		"unix://run/vm.sock":                  "a path is absolute, with three slashes: unix:///run/vm.sock",
		"unix:///":                            "the path is missing; use unix:///path",
		"unix://":                             "the path is missing; use unix:///path",
		"unix:////":                           "the path is missing; use unix:///path",
		"unix:///run/":                        "a path that ends with / is that of a folder; use unix:///path",
		"rfc2217://":                          "the host is missing; use rfc2217://host:port",
		"telnet:///":                          "the host is missing; use telnet://host:port",
		"unix:///" + strings.Repeat("x", 107): "the path has 108 octets, a socket's name at most 107",
	} {
		err := Check(url)
		var e *Error
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", url, err)
		case want != "" && (!errors.As(err, &e) || e.Err.Error() != want || e.URL != url):
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
	if got := Check("x").Error(); got != `port "x": it has no scheme; use tcp://host:port, telnet://host:port, rfc2217://host:port or unix:///path` {
		t.Error(got)
	}
}

func TestCheckOpen(t *testing.T) {
	for url, want := range map[string]string{
		"tcp://[::1]:1":        "",
		"unix:///run/vm.sock":  "",
		"tcp://[::1]:0":        "nobody is at port number 0",
		"rfc2217://h:00":       "nobody is at port number 0",
		"tcp://192.0.2.9":      "the port number is missing; use tcp://host:port",
		"telnet://192.0.2.9:0": "nobody is at port number 0",
	} {
		err := CheckOpen(url)
		var e *Error
		if (err != nil) != (want != "") || err != nil && (!errors.As(err, &e) || e.Err.Error() != want || e.URL != url) {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
}

// The URLs of a line are of one place, those of two lines of two.
func TestKey(t *testing.T) {
	of := map[string]string{}
	for _, same := range [][]string{
		{"tcp://127.0.0.1:2001", "TCP://127.0.0.1:2001", "tcp://localhost:2001", "tcp://LocalHost.:02001/", "telnet://[::ffff:127.0.0.1]:2001", "rfc2217://[::FFFF:7f00:1]:2001"},
		{"tcp://[::1]:2001", "tcp://[0:0:0:0:0:0:0:1]:2001", "tcp://ip6-localhost:2001", "tcp://IP6-loopback:2001"},
		{"tcp://127.0.0.1:2002"},
		{"tcp://127.0.0.2:2001"},
		{"tcp://ts.example:2001", "tcp://TS.Example.:2001"},
		{"tcp://ts:2001"},
		{"tcp://[2001:db8::1]:1", "tcp://[2001:DB8:0::0:1]:1"},
		{"tcp://[fe80::1%25eth0]:1"},
		{"tcp://[fe80::1%25eth1]:1"},
		{"unix:///run/modem", "unix:///run//modem", "unix:///run/x/../modem", "unix:///run/%6Dodem"},
		{"unix:///run/Modem"},
		{"/dev/ttyS0"},
		{"tcp://"},
	} {
		for _, url := range same {
			if Key(url) != Key(same[0]) {
				t.Errorf("%s has the key %s, and %s has %s", url, Key(url), same[0], Key(same[0]))
			}
		}
		if other, there := of[Key(same[0])]; there {
			t.Errorf("%s and %s have one key", same[0], other)
		}
		of[Key(same[0])] = same[0]
	}
}

func TestOverlap(t *testing.T) {
	for _, tt := range []struct {
		url, listen       string
		overlaps, reaches bool
	}{
		{"tcp://127.0.0.1:1", "tcp://localhost:1", true, true},
		{"tcp://127.0.0.1:1", "tcp://0.0.0.0:1", true, true},
		{"tcp://[::1]:1", "tcp://0.0.0.0:1", true, true},
		{"tcp://[::]:1", "tcp://0.0.0.0:1", true, true},
		{"telnet://192.0.2.1:1", "tcp://[::]:1", true, false},
		{"tcp://ts.example:1", "tcp://[::]:1", true, false},
		{"tcp://0.0.0.0:1", "tcp://192.0.2.1:1", true, false},
		{"tcp://0.0.0.0:1", "tcp://127.0.0.1:1", true, true},
		{"tcp://[::]:1", "tcp://ip6-localhost:1", true, true},
		{"tcp://127.0.0.2:1", "tcp://127.0.0.1:1", false, false},
		{"tcp://127.0.0.1:1", "tcp://192.0.2.1:1", false, false},
		{"tcp://127.0.0.1:1", "tcp://0.0.0.0:2", false, false},
		{"tcp://127.0.0.1:0", "tcp://0.0.0.0:0", false, false},
		{"unix:///run/a", "tcp://0.0.0.0:1", false, false},
		{"/dev/ttyS0", "tcp://0.0.0.0:1", false, false},
	} {
		if Overlap(tt.url, tt.listen) != tt.overlaps || Overlap(tt.listen, tt.url) != tt.overlaps || Reaches(tt.url, tt.listen) != tt.reaches {
			t.Errorf("%s and %s: overlap %v, reaches %v", tt.url, tt.listen, Overlap(tt.url, tt.listen), Reaches(tt.url, tt.listen))
		}
	}
}

// pair opens url's listener from the other side.
func pair(t *testing.T, url string) (ours, theirs *Port) {
	l, err := Listen(url)
	if err != nil {
		t.Fatal(err)
	}
	ours, err = Open(t.Context(), l.URL())
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close(); l.Close() })
	if ours.String() != l.URL() {
		t.Errorf("the port is called %s", ours)
	}
	return ours, theirs
}

// urls are one listener of each kind.
func urls(t *testing.T) map[string]string {
	return map[string]string{"tcp": "tcp://127.0.0.1:0", "unix": "unix://" + filepath.Join(t.TempDir(), "modem")}
}

func TestPort(t *testing.T) {
	for kind, url := range urls(t) {
		t.Run(kind, func(t *testing.T) {
			ours, theirs := pair(t, url)
			if _, err := ours.Write([]byte("AT\r")); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 10)
			if n, err := theirs.Read(b); string(b[:n]) != "AT\r" || err != nil {
				t.Fatalf("%q, %v", b[:n], err)
			}
			// A deadline frees a read that is under way.
			read := make(chan error)
			go func() { _, err := ours.Read(b); read <- err }()
			ours.SetReadDeadline(time.Unix(1, 0))
			if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("read: %v", err)
			}
			theirs.Close()
			ours.SetReadDeadline(time.Time{})
			if _, err := ours.Read(b); err != io.EOF {
				t.Errorf("read: %v", err)
			}
		})
	}
}

func TestASlowReaderIsNotFarBehind(t *testing.T) {
	for kind, url := range urls(t) {
		t.Run(kind, func(t *testing.T) {
			ours, _ := pair(t, url)
			ours.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			held, err := 0, error(nil)
			for err == nil {
				var n int
				n, err = ours.Write(make([]byte, 100))
				held += n
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			if held > 64<<10 {
				t.Errorf("%d octets are on their way", held) // with the kernel's own settings it is megabytes
			}
			switch n, known := ours.Unsent(); {
			case known != (kind == "tcp"):
				t.Errorf("whether the kernel can tell: %v", known)
			case known && (n <= 0 || n > held):
				t.Errorf("%d octets unsent of %d", n, held)
			}
		})
	}
}

func TestOpenNamesTheURL(t *testing.T) {
	l, err := Listen("tcp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, err = Open(t.Context(), l.URL())
	if err == nil || !strings.HasPrefix(err.Error(), `port "`+l.URL()+`": `) || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, l.URL()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Open(t.Context(), "nonsense"); err == nil {
		t.Error("opened nonsense")
	}
	if _, err := Listen("nonsense"); err == nil {
		t.Error("listening on nonsense")
	}
}

func TestListen(t *testing.T) {
	for kind, url := range urls(t) {
		t.Run(kind, func(t *testing.T) {
			first, err := Listen(url)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Listen(first.URL()); err == nil || !strings.Contains(err.Error(), "address already in use") {
				t.Errorf("twice: %v", err)
			}
			accepted := make(chan error)
			go func() { _, err := first.Accept(); accepted <- err }()
			first.Close()
			if err := <-accepted; !errors.Is(err, net.ErrClosed) {
				// What the second Listen tried may have come first.
				if _, err := first.Accept(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("accept: %v", err)
				}
			}
			again, err := Listen(first.URL())
			if err != nil {
				t.Fatalf("again: %v", err)
			}
			again.Close()
		})
	}
}

func TestAnAbandonedSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "modem")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false) // as when its program was killed
	dead.Close()
	l, err := Listen("unix://" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := Open(t.Context(), l.URL()); err != nil {
		t.Error(err)
	}
	file := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(file, []byte("not a socket"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen("unix://" + file); err == nil {
		t.Error("a file was replaced")
	}
	if b, _ := os.ReadFile(file); string(b) != "not a socket" {
		t.Errorf("the file holds %q", b)
	}
}
