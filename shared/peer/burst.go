package peer

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// A burst bounds the log lines of one kind that outsiders can cause: so many a
// minute, then only their number.
type burst struct {
	mu      sync.Mutex
	since   time.Time
	n       int
	dropped int
}

const burstLines = 20 // a minute

// log writes the line unless there were too many; the next that is written says
// how many were not.
func (b *burst) log(l *slog.Logger, level slog.Level, msg string, args ...any) {
	b.mu.Lock()
	now := time.Now()
	if now.Sub(b.since) >= time.Minute {
		b.since, b.n = now, 0
	}
	b.n++
	if b.n > burstLines {
		b.dropped++
		b.mu.Unlock()
		return
	}
	dropped := b.dropped
	b.dropped = 0
	b.mu.Unlock()
	if dropped > 0 {
		args = append(args, "not_logged", dropped)
	}
	l.Log(context.Background(), level, msg, args...)
}
