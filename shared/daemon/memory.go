package daemon

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// When memory is given back.
const (
	lookEvery = 10 * time.Second
	quiet     = 8 << 20  // octets allocated between two looks, while no wave of calls comes or goes
	worth     = 32 << 20 // octets allocated since, of which most are garbage by now
	rounds    = 3        // each halves the stacks that grew too large
)

// Thrift gives memory that a wave of calls has left unused back to the system
// soon after it; it returns when ctx ends. The runtime itself would collect
// garbage only when as much again is needed, and an idle call needs nothing.
//
// headroom is how much garbage may gather before it is collected, in percent of what
// is used and ballast: calls that come among much garbage lie scattered afterwards.
// GOGC in the environment goes before it. ballast, in octets, counts as used though
// nobody touches it and it takes no memory: with none, a program with few calls that
// come and go fast collects its garbage after every second call.
func Thrift(ctx context.Context, headroom, ballast int) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(headroom)
		defer runtime.KeepAlive(make([]byte, ballast))
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	var t thrift
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		metrics.Read(sample)
		if t.due(sample[0].Value.Uint64()) {
			debug.FreeOSMemory()
		}
	}
}

// thrift decides by how much was ever allocated.
type thrift struct {
	last, given uint64 // at the last look; when memory was given back
	left        int    // rounds that are still to come
}

// due says whether now is a time to give memory back.
func (t *thrift) due(allocated uint64) bool {
	calm := allocated-t.last < quiet
	t.last = allocated
	if allocated-t.given >= worth {
		t.left = rounds
	}
	if !calm || t.left == 0 {
		return false
	}
	t.left--
	t.given = allocated
	return true
}
