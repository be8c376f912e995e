package daemon

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"
)

func TestPanel(t *testing.T) {
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "pac_calls_active 1\n") })
	var closed atomic.Bool
	ready := func() error {
		if closed.Load() {
			return errors.New("there is no line")
		}
		return nil
	}
	p, err := OpenPanel(netip.MustParseAddrPort("127.0.0.1:0"), metrics, ready)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	wants := func(path, want string) {
		t.Helper()
		r, err := http.Get("http://" + p.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r.Body)
		r.Body.Close()
		if got := r.Status + " " + string(b); err != nil || got != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	wants("/metrics", "200 OK pac_calls_active 1\n")
	wants("/healthz", "200 OK ok\n")
	wants("/readyz", "200 OK ok\n")
	wants("/other", "404 Not Found 404 page not found\n")
	closed.Store(true)
	wants("/healthz", "200 OK ok\n")
	wants("/readyz", "503 Service Unavailable there is no line\n")
	_, err = OpenPanel(netip.MustParseAddrPort(p.Addr().String()), metrics, nil)
	if want := "panel: " + p.Addr().String() + " is in use by another program; choose another with `panel`"; err == nil || err.Error() != want {
		t.Errorf("taken port: %v", err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	again, err := OpenPanel(netip.MustParseAddrPort(p.Addr().String()), metrics, nil)
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	again.listener.Close()
}

func TestPanelOnAnAddressThatIsNotOurs(t *testing.T) {
	_, err := OpenPanel(netip.MustParseAddrPort("192.0.2.1:80"), http.NotFoundHandler(), nil)
	if err == nil || !strings.HasPrefix(err.Error(), "panel: listen tcp 192.0.2.1:80:") {
		t.Error(err)
	}
}

// openPTY opens a terminal and its other side.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	var unlock int32
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlock))); e != 0 {
		t.Fatal(e)
	}
	fd, _, e := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), 0x5441 /* TIOCGPTPEER */, syscall.O_RDWR|syscall.O_NOCTTY)
	if e != 0 {
		t.Fatal(e)
	}
	slave = os.NewFile(fd, "terminal")
	t.Cleanup(func() { slave.Close() })
	return master, slave
}
