package relay

import (
	"bytes"
	"context"
	"testing"
	"time"

	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/record"
)

// A burst is what a port brings at once, which takes one octet of each buffer for
// itself, as Telnet does.
type burst struct {
	*mute
	all  []byte
	done chan struct{} // closed when all is read
}

func (b *burst) Read(to []byte) (int, error) {
	if len(b.all) == 0 {
		close(b.done)
		return b.mute.Read(to)
	}
	n := copy(to[:len(to)-1], b.all)
	b.all = b.all[n:]
	return n, nil
}

// A tally notes how large the batches are that are sent.
type tally struct {
	null
	packets []int
}

func (c *tally) Send(packets ...[]byte) error {
	c.packets = append(c.packets, len(packets))
	return nil
}

// What came together goes up together, but for what fits the small buffer.
func TestABurstGoesUpTogether(t *testing.T) {
	const frames = 8
	frame := hdlc.AppendFull(nil, ip(bytes.Repeat([]byte{'x'}, 127)...))
	b := &burst{mute: &mute{over: make(chan struct{})}, all: bytes.Repeat(frame, frames), done: make(chan struct{})}
	up := new(tally)
	r := New(Options{Line: b, Tunnel: up, Counters: new(record.Counters), Errors: new(LineErrors), Packets: new(gre.Counters)})
	r.lcp.open = true
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error)
	go func() { ran <- runUntil(ctx, r) }()
	select {
	case <-b.done:
	case <-time.After(10 * time.Second):
		t.Error("the line is not read")
	}
	stop()
	<-ran
	sum := 0
	for _, n := range up.packets {
		sum += n
	}
	if sum != frames || len(up.packets) > 2 {
		t.Errorf("%d packets in %v, want %d in two batches at most", sum, up.packets, frames)
	}
}
