package peer

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"carrier/shared/pptp"
)

// reset has the connection end with RST when it is closed, and closes it.
func (s *stranger) reset() {
	s.Conn.(*net.TCPConn).SetLinger(0)
	s.Close()
}

// Connections from eight addresses that come, some with a call, and break off at
// every point, over and over: memory, goroutines, descriptors and Call IDs stay as
// they are.
func TestCyclesLeaveNothing(t *testing.T) {
	const cycles = 100_000
	h := run(t, "2", nil)
	h.admits(func(from netip.AddrPort) (Remote, error) {
		return Remote{Name: "client", Transport: UDP, Limits: Limits{All: 1000, Source: 100, Rate: 1_000_000}}, nil
	})
	quit := make(chan struct{})
	var owner sync.WaitGroup
	owner.Go(func() {
		for {
			select {
			case c := <-h.outgoing:
				c.Answer(pptp.OutgoingCallReply{})
			case c := <-h.incoming:
				c.Accept(64, 0)
			case <-quit:
				return
			}
		}
	})
	defer owner.Wait()
	defer close(quit)

	aborts := [][]byte{
		nil,
		octets(t, linuxStart)[:77],
		octets(t, linuxStart),
		octets(t, linuxStart+" "+linuxCall),
		octets(t, linuxStart+" "+linuxCall+" "+linuxClear),
		octets(t, linuxStart+" "+messages[9]),
		octets(t, linuxStart+" "+linuxCall+" "+stopRequest),
		octets(t, linuxStart+" "+linuxCall+" FFFF"), // closed at once, perhaps before the reply is written
	}
	cycle := func(source string, i int) {
		s := h.from(t, source)
		how := i % len(aborts)
		s.Write(aborts[how])
		if i/len(aborts)%2 == 0 && how >= 2 && how < len(aborts)-1 {
			s.hear(ourStart) // it has got so far
		}
		if i%16 == 15 {
			s.Close()
		} else {
			s.reset()
		}
	}
	some := func(n int) {
		const sources = 8
		var all sync.WaitGroup
		for k := range sources {
			all.Go(func() {
				for i := range n / sources {
					cycle(fmt.Sprintf("127.0.1.%d", k+1), i)
				}
			})
		}
		all.Wait()
		eventually(t, "all are over", func() bool { return h.stats.Calls.Load() == 0 && h.established(0)() })
	}
	some(cycles / 10)
	before := h.standing(t)
	start := time.Now()
	some(cycles - cycles/10)
	t.Logf("%.0f cycles a second", float64(cycles-cycles/10)/time.Since(start).Seconds())
	eventually(t, "goroutines and descriptors are as before", func() bool {
		now := h.standing(t)
		return now.goroutines <= before.goroutines && now.files <= before.files
	})
	if now := h.standing(t); now.heap > before.heap+4<<20 {
		t.Errorf("%d octets of memory more than before", now.heap-before.heap)
	}
	if left := h.left(); left != "" {
		t.Error(left)
	}
}

// standing is what a process has.
type standing struct {
	goroutines, files int
	heap              int64
}

func (h *host) standing(t *testing.T) standing {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return standing{runtime.NumGoroutine(), descriptors(t), int64(m.HeapAlloc)}
}
