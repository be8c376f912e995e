package scenario

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"carrier/deploy/testbed"
	"carrier/shared/capture"
)

// A tape keeps what is written to it.
type tape struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *tape) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(b)
}

func (t *tape) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// The beginnings of two control messages from the Magic Cookie on (RFC 2637 §2).
const (
	setLinkInfo    = "\x1A\x2B\x3C\x4D\x00\x0F\x00\x00"
	callDisconnect = "\x1A\x2B\x3C\x4D\x00\x0D\x00\x00"
)

// A PAC is told what its line needs, unless it is configured that it is not: the
// call goes on by what the PAC itself reads of LCP.
func TestSetLinkInfo(t *testing.T) {
	for key, told := range map[string]bool{`set_link_info = "yes"`: true, `set_link_info = "needed"`: true, `set_link_info = "no"`: false} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{denver: key})
			seen, captured := new(tape), make(chan error, 1)
			ctx, stop := context.WithCancel(within(t))
			go func() { captured <- w.pns.Capture(ctx, capture.Filter{}, seen) }()
			testbed.Until(t, "the capture begins", func() bool { return seen.String() != "" })
			c := w.dial(0, sara())
			w.reads(c)
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			testbed.Until(t, "the call's last message", func() bool { return strings.Contains(seen.String(), callDisconnect) })
			stop()
			<-captured
			if got := strings.Contains(seen.String(), setLinkInfo); got != told {
				t.Errorf("Set-Link-Info was sent: %v, want %v", got, told)
			}
		})
	}
}
