//go:build netns

package tun

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carrier/pns/internal/lan"
	"carrier/shared/netstack"
)

// What a caller sends reaches the kernel, and what the kernel sends reaches
// her, whole, with large segments joined and split on the way; so does what
// goes from caller to caller.
func TestCallersReachTheKernelAndEachOther(t *testing.T) {
	data := make([]byte, 4<<20)
	rand.NewChaCha8([32]byte{}).Read(data)
	inside(t, func(ns *namespace) {
		stats := new(Stats)
		l := ns.run(t, Options{Stats: stats})
		her, him := attach(t, l, saran, 1400), attach(t, l, bob, 576)
		for _, c := range []*caller{her, him} {
			for _, size := range []int{0, 56, 500} {
				if _, err := c.Ping(within(t, 10*time.Second), router, size); err != nil {
					t.Errorf("ping of %d octets: %v", size, err)
				}
			}
		}
		if _, err := her.Ping(within(t, 10*time.Second), bob, 56); err != nil {
			t.Errorf("ping from caller to caller: %v", err)
		}
		s := listen(t, "2.1.1.60:80")
		go echoBack(s)
		for _, c := range []*caller{her, him} {
			conn, err := c.DialContext(within(t, 10*time.Second), "tcp", "2.1.1.60:80")
			if err != nil {
				t.Fatal(err)
			}
			conn.SetDeadline(time.Now().Add(30 * time.Second))
			go conn.Write(data)
			back := sha256.New()
			if n, err := io.CopyN(back, conn, int64(len(data))); err != nil {
				t.Errorf("after %d octets: %v", n, err)
			}
			if want := sha256.Sum256(data); !bytes.Equal(back.Sum(nil), want[:]) {
				t.Error("other octets came back")
			}
			conn.Close()
		}
		if u, d := stats.Up.Load(), stats.Down.Load(); u < 10000 || d < 10000 {
			t.Errorf("%d packets up, %d down", u, d)
		}
		for name, n := range map[string]uint64{"malformed": stats.Malformed.Load(), "unwritten": stats.Unwritten.Load()} {
			if n != 0 {
				t.Errorf("%s: %d", name, n)
			}
		}
		before := stats.Unattached.Load()
		if _, err := her.Ping(within(t, 10*time.Second), bob.Next(), 8); !errors.Is(err, netstack.ErrUnreachable) {
			t.Errorf("ping of nobody: %v", err)
		}
		if n := stats.Unattached.Load() - before; n != 1 {
			t.Errorf("%d packets for nobody", n)
		}
	})
}

// A packet over what the receiver takes comes in fragments, or its sender is
// told, if it may not be cut.
func TestTooLarge(t *testing.T) {
	inside(t, func(ns *namespace) {
		stats := new(Stats)
		l := ns.run(t, Options{Stats: stats})
		her, him := attach(t, l, saran, 1400), attach(t, l, bob, 576)
		him.detach()
		var err error
		if him.detach, err = l.Attach(bob, 296, him); err != nil {
			t.Fatal(err)
		}
		if _, err := her.Ping(within(t, 10*time.Second), bob, 1000); err != nil {
			t.Errorf("a ping that may be cut: %v", err)
		}
		s, err := him.ListenTCP(80)
		if err != nil {
			t.Fatal(err)
		}
		go echoBack(s)
		c, err := her.DialContext(within(t, 10*time.Second), "tcp", "2.1.1.130:80")
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(10 * time.Second))
		go c.Write(make([]byte, 10000)) // with DF, and the MSS of 576 octets
		if _, err := io.ReadFull(c, make([]byte, 10000)); err != nil {
			t.Errorf("path MTU discovery: %v", err)
		}
		if stats.TooBig.Load() == 0 {
			t.Error("no packet was too big")
		}
	})
}

// Of errors about what nobody takes, no flood is sent.
func TestErrorsAreLimited(t *testing.T) {
	inside(t, func(ns *namespace) {
		stats := new(Stats)
		l := ns.run(t, Options{Stats: stats})
		var errs errorCounter
		if _, err := l.Attach(saran, 1400, &errs); err != nil {
			t.Fatal(err)
		}
		const n = 400 // the interface's queue has room for 500
		began := time.Now()
		for range n {
			l.Write(segmentsOf(t, 1, 10, saran, bob)...)
		}
		eventually(t, "all have come back", func() bool { return stats.Unattached.Load() == n })
		eventually(t, "some are reported", func() bool { return errs.Load() >= errorBurst })
		if got, most := errs.Load(), errorBurst+int64(errorRate*time.Since(began).Seconds()); got > most {
			t.Errorf("%d errors of %d packets, want %d at most", got, n, most)
		}
	})
}

// An errorCounter counts the ICMP errors that a caller gets.
type errorCounter struct{ atomic.Int64 }

func (c *errorCounter) Deliver(packets [][]byte) {
	for _, p := range packets {
		if p[9] == lan.ICMP && p[20] == lan.HostUnreachable.Type {
			c.Add(1)
		}
	}
}

func TestTakenName(t *testing.T) {
	inside(t, func(ns *namespace) {
		ns.run(t, Options{})
		_, err := New(Options{Name: "carrier0", Local: router, Routes: pool})
		if err == nil || !strings.Contains(err.Error(), "interface carrier0: an interface of this name exists already") {
			t.Errorf("a second one: %v", err)
		}
		_, err = New(Options{Name: "carrier1", Local: router, Routes: pool})
		if err == nil || !strings.Contains(err.Error(), "overlap the route to 2.1.1.128/26 over carrier0") {
			t.Errorf("a second one for the same callers: %v", err)
		}
		_, err = New(Options{Name: "lo", Local: router, Routes: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/24")}})
		if err == nil || !strings.Contains(err.Error(), "interface lo: an interface of this name exists already") {
			t.Errorf("lo: %v", err)
		}
	})
}
