//go:build netns

package tun

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"carrier/shared/netstack"
)

var (
	router = netip.MustParseAddr("2.1.1.60")
	saran  = netip.MustParseAddr("2.1.1.129")
	bob    = netip.MustParseAddr("2.1.1.130")
	pool   = []netip.Prefix{netip.MustParsePrefix("2.1.1.128/26")}
)

// inside runs f on a thread with a network namespace of its own, in which only
// lo is up. Sockets opened in f belong there for ever.
func inside(t testing.TB, f func(ns *namespace)) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			t.Error(err)
			return
		}
		lo, err := netlink.LinkByName("lo")
		if err = errors.Join(err, netlink.LinkSetUp(lo)); err != nil {
			t.Error(err)
			return
		}
		ns := new(namespace)
		defer func() {
			for _, end := range ns.ends {
				end()
			}
		}()
		f(ns)
	}()
	<-done
}

// A namespace is where inside runs.
type namespace struct {
	ends []func()
}

// run starts the network, and ends it with the namespace. Its Run is on a
// thread of the namespace too: it may have to make the interface again.
func (ns *namespace) run(t testing.TB, o Options) *LAN {
	o.Name, o.Local, o.Forward = "carrier0", router, true
	if o.Routes == nil {
		o.Routes = pool
	}
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := beside(t, func() error { return l.Run(ctx) })
	ns.ends = append(ns.ends, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return l
}

// beside runs f on another thread of the calling thread's namespace.
func beside(t testing.TB, f func() error) <-chan error {
	t.Helper()
	here, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked
		err := unix.Setns(here, unix.CLONE_NEWNET)
		unix.Close(here)
		ended <- errors.Join(err, f())
	}()
	return ended
}

// A caller has a TCP/IP of her own.
type caller struct {
	*netstack.Stack
	detach func()
}

func attach(t testing.TB, l *LAN, addr netip.Addr, mtu int) *caller {
	c := new(caller)
	var err error
	c.Stack, err = netstack.New(netstack.Options{Addr: addr, MTU: mtu, Output: func(packets [][]byte) { l.Write(packets...) }})
	if err != nil {
		t.Fatal(err)
	}
	if c.detach, err = l.Attach(addr, mtu, c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (c *caller) Deliver(packets [][]byte) {
	for _, p := range packets {
		c.Write(p)
	}
}

// listen accepts connections on a port of the kernel.
func listen(t testing.TB, addr string) net.Listener {
	s, err := net.Listen("tcp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// echoBack answers each connection with what it sends.
func echoBack(s net.Listener) {
	for {
		c, err := s.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}
