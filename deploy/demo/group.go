package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A group is parts of the world that end together.
type group struct {
	ctx     context.Context
	end     context.CancelFunc
	running sync.WaitGroup
	mu      sync.Mutex
	failed  error
}

func (g *group) begin(ctx context.Context) { g.ctx, g.end = context.WithCancel(ctx) }

// run keeps one part going and remembers why it failed.
func (g *group) run(name string, part func() error) {
	g.running.Go(func() {
		if err := part(); err != nil && !errors.Is(err, context.Canceled) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.failed = errors.Join(g.failed, fmt.Errorf("%s: %w", name, err))
		}
	})
}

// close ends the parts and returns what failed in them.
func (g *group) close() error {
	g.end()
	g.running.Wait()
	return g.failed
}
