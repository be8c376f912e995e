//go:build peers

package caller

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// slirp starts that program, a PPP that we did not write, and returns the line
// to it. What it says before PPP, its banner, comes over the line too.
func slirp(t *testing.T) Port {
	t.Helper()
	path, err := exec.LookPath("slirp-fullbolt")
	if err != nil {
		t.Fatalf("%v: install Debian's package slirp", err)
	}
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, its := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "slirp's")
	defer ours.Close()
	defer its.Close()
	line, err := net.FileConn(ours)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, "-P")
	c.Stdin, c.Stdout, c.Stderr = its, its, its
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "HOME="+c.Dir) // no settings of this computer's
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		line.Close()
		c.Process.Kill()
		c.Wait()
	})
	return line
}

func TestSlirp(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			fmt.Fprint(w, "a page of the host")
			return
		}
		io.Copy(w, r.Body)
	}))
	defer web.Close()
	_, port, err := net.SplitHostPort(web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	url := "http://10.0.2.2:" + port + "/" // slirp's name for this host
	var s story
	c, err := Dial(within(t, 30*time.Second), slirp(t), Options{Story: s.tell,
		Addr: netip.MustParseAddr("10.0.2.15"), PeerAddr: netip.MustParseAddr("10.0.2.20")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if c.Addr() != netip.MustParseAddr("10.0.2.15") || c.Peer() != netip.MustParseAddr("10.0.2.20") ||
		s.count(LinkUp) != 1 || s.count(NetworkUp) != 1 {
		t.Errorf("address %v, peer's %v, story %+v", c.Addr(), c.Peer(), s.events)
	}
	if _, err := c.Ping(within(t, 20*time.Second), netip.MustParseAddr("10.0.2.2")); err != nil {
		t.Errorf("ping: %v", err)
	}
	if b, err := c.Get(within(t, 20*time.Second), url); err != nil || string(b) != "a page of the host" {
		t.Errorf("page %q, %v", b, err)
	}
	sent := make([]byte, 64<<10)
	rand.NewChaCha8([32]byte{}).Read(sent)
	up, back, err := c.Upload(within(t, 60*time.Second), url, bytes.NewReader(sent), int64(len(sent)))
	if err != nil || up.SHA256 != sha256.Sum256(sent) || !bytes.Equal(back, sent) {
		t.Errorf("64 KiB there and back: %v, %d octets, %v", up, len(back), err)
	}
	if c.Spoiled() > 1 { // the banner
		t.Errorf("%d spoiled frames", c.Spoiled())
	}
	if err := c.Close(); err != nil || c.Err() != nil {
		t.Errorf("hanging up: %v, %v", err, c.Err())
	}
}

// Whatever address we wish for, slirp gives its own choice.
func TestSlirpInsists(t *testing.T) {
	for _, wish := range []netip.Addr{{}, netip.MustParseAddr("192.0.2.1")} {
		c, err := Dial(within(t, 60*time.Second), slirp(t), Options{Addr: wish, Restart: time.Second})
		if err != nil {
			t.Errorf("wish %v: %v", wish, err)
			continue
		}
		if c.Addr() != netip.MustParseAddr("10.0.2.15") {
			t.Errorf("wish %v: given %v", wish, c.Addr())
		}
		c.Close()
	}
}
