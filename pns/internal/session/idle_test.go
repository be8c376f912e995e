//go:build !race

package session

import (
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"

	"carrier/pns/internal/users"
	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// A session that is online waits on a stack of 4 KiB, though all that brought it
// there needed more. The race detector makes larger frames.
func TestAnIdleSessionsStackIsSmall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 256 // what the runtime keeps for other goroutines is little beside that
		p := newPlace(t, "10.0.0.1-10.0.1.99", saran(func(u *users.User) { u.Address = netip.Addr{} }))
		before := stacks()
		var all []*visit
		for range n {
			v := p.call()
			all = append(all, v)
			c := v.dial(sara("saran", "secret", auth.MSCHAPv2))
			synctest.Wait()
			c.stop()
			<-c.stopped
		}
		if each := (stacks() - before) / n; each > 4<<10+512 {
			t.Errorf("an idle session's stack has %d octets", each)
		}
		for _, v := range all {
			if r := v.s.Record(); r.Stage != record.Online {
				t.Errorf("%+v", r)
			}
			v.cancel()
			v.over(t)
		}
	})
}

// stacks is the memory of all stacks, after what is too much was given back.
func stacks() uint64 {
	for range 3 { // each halves those that are too large
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.StackInuse
}
