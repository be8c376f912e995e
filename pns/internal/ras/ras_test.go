package ras

import (
	"strconv"
	"testing"

	"carrier/pns/internal/guard"
	"carrier/pns/internal/session"
	"carrier/shared/peer"
	"carrier/shared/record"
)

// A call that ends is listed once all the time, as running or as ended.
func TestCallsListsEachOnce(t *testing.T) {
	r := New(Options{History: 2, Guard: guard.New(guard.Policy{})})
	for n := range 2000 {
		rec := record.Call{Name: "atlanta/" + strconv.Itoa(n)}
		call, left := new(peer.Call), make(chan struct{})
		r.running[call] = &visit{Session: session.New(session.Options{Common: &session.Common{}, Counters: new(record.Counters)}, rec)}
		go func() {
			defer close(left)
			r.leave(call, rec)
		}()
		for over := false; !over; {
			select {
			case <-left:
				over = true
			default:
			}
			if all := r.Calls(); all[0].Name != rec.Name || len(all) > 1 && all[1].Name == rec.Name {
				t.Fatalf("call %d is not listed once: %+v", n, all)
			}
		}
	}
}
