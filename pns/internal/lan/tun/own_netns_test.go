//go:build netns

package tun

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// pings waits until a caller gets a ping through.
func (c *caller) pings(t testing.TB, when string) {
	t.Helper()
	eventually(t, "a ping passes "+when, func() bool {
		_, err := c.Ping(within(t, 100*time.Millisecond), router, 8)
		return err == nil
	})
}

// An interface of another program's that gets our name is let be, ours is ours
// by whatever name, and the doctor says that in one sentence.
func TestRenamed(t *testing.T) {
	inside(t, func(ns *namespace) {
		stats := new(Stats)
		var log written
		ethernet(t, "eth0", "2.1.1.60/24")
		l := ns.run(t, Options{Stats: stats, ProxyARP: []string{"eth0"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		her := attach(t, l, saran, 1400)
		her.pings(t, "at first")
		ip(t, "link set carrier0 name foo0")
		o := Options{Name: "carrier0", Local: router, Routes: pool, ProxyARP: []string{"eth0"}}
		diagnosed(t, o, "interface carrier0 is called foo0 now: filters that name it do not see callers: run ip link set foo0 name carrier0, once no other has that name")

		ethernet(t, "carrier0", "")
		ip(t, "link set foo0 down")
		ip(t, "link set foo0 up")
		her.pings(t, "after ours was put up, which has another name")
		more := append(pool, netip.MustParsePrefix("10.9.0.0/24"))
		if err := l.Reroute(more); err != nil {
			t.Errorf("other addresses: %v", err)
		}
		if got := ip(t, "route show dev foo0"); !strings.Contains(got, "10.9.0.0/24 ") || !strings.Contains(got, "2.1.1.128/26 ") {
			t.Errorf("our routes are %q", got)
		}
		let := func() {
			t.Helper()
			if got := ip(t, "-4 addr show dev carrier0") + ip(t, "-4 route show dev carrier0"); got != "" {
				t.Errorf("the stranger has got %q", got)
			}
		}
		let()

		ip(t, "link del foo0")
		eventually(t, "it is lost", func() bool { return stats.Lost.Load() == 1 })
		o.Routes = more
		diagnosed(t, o, "interface carrier0 is another program's, so callers reach nothing: remove or rename it, and pns makes its own within a second")
		if err := l.Reroute(pool); err != nil {
			t.Errorf("other addresses while there is no interface: %v", err)
		}
		ip(t, "link set carrier0 down")
		ip(t, "link set carrier0 up")
		ip(t, "link set eth0-far down")
		eventually(t, "what is told later is heard", func() bool { return log.times("interface eth0 has no carrier") > 0 })
		let()
		ip(t, "link del carrier0")
		her.pings(t, "after the stranger has gone")
		if got := ip(t, "route show dev carrier0"); strings.Contains(got, "10.9.0.0/24") || !strings.Contains(got, "2.1.1.128/26 ") {
			t.Errorf("routes %q", got)
		}
	})
}

// diagnosed wants one sentence of the doctor.
func diagnosed(t testing.TB, o Options, want string) {
	t.Helper()
	if err := Check(o, true); err != nil {
		t.Errorf("Check: %v", err)
	}
	if err := Examine(o); err == nil || err.Error() != want {
		t.Errorf("Examine: got\n%v\nwant\n%s", err, want)
	}
}

// An interface that was moved to another namespace has gone, and another one is
// made.
func TestMovedAway(t *testing.T) {
	inside(t, func(ns *namespace) {
		pid := elsewhere(t)
		stats := new(Stats)
		l := ns.run(t, Options{Stats: stats})
		her := attach(t, l, saran, 1400)
		her.pings(t, "at first")
		ip(t, fmt.Sprintf("link set carrier0 netns %d", pid))
		her.pings(t, "after it was moved")
		if n := stats.Lost.Load(); n != 1 {
			t.Errorf("lost %d times", n)
		}
		if err := Examine(Options{Name: "carrier0", Local: router, Routes: pool}); err != nil {
			t.Errorf("the new one: %v", err)
		}
	})
}

// elsewhere is a process in another network namespace, until the test ends.
func elsewhere(t testing.TB) (pid int) {
	t.Helper()
	here, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("unshare", "-n", "sleep", "600")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	eventually(t, "there is another namespace", func() bool {
		there, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", c.Process.Pid))
		return err == nil && there != here
	})
	return c.Process.Pid
}
