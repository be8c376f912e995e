package modem

import (
	"context"
	"time"
)

// How many lines within a second an idle modem may say: more than chatty of
// them, and something is wrong with it, which is logged; more than flood are left
// in the port for the rest of the second. A port of 115,200 bit/s brings fewer.
const (
	chatty = 100
	flood  = 4000
)

// A chatter counts what an idle modem says.
type chatter struct {
	since time.Time // of the second that is counted
	lines int
	told  bool // that was logged
}

// heard counts a line, and waits where there are too many. Its error is that of
// ctx.
func (m *Modem) heard(ctx context.Context, text string) error {
	c, now := &m.chat, time.Now()
	if now.Sub(c.since) >= time.Second {
		c.since, c.lines = now, 0
	}
	c.lines++
	if c.lines > chatty && !c.told {
		c.told = true
		m.o.Log.Warn("the idle modem talks without end: look at it and its cable", "says", text)
	}
	if c.lines <= flood {
		return nil
	}
	return rest(ctx, c.since.Add(time.Second).Sub(now))
}
