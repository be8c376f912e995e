package call

import (
	"strconv"
	"testing"

	"carrier/shared/record"
)

// A call that ends is listed once all the time, as running or as ended.
func TestCallsListsEachOnce(t *testing.T) {
	all := New(Options{History: 2})
	for n := range 2000 {
		c := &call{Calls: all}
		c.rec.Store(&record.Call{Name: "atlanta/" + strconv.Itoa(n)})
		all.enter(c)
		left := make(chan struct{})
		go func() {
			defer close(left)
			all.leave(c)
		}()
		for over := false; !over; {
			select {
			case <-left:
				over = true
			default:
			}
			if list := all.Calls(); list[0].Name != c.known().Name || len(list) > 1 && list[1].Name == c.known().Name {
				t.Fatalf("call %d is not listed once: %+v", n, list)
			}
		}
	}
}
