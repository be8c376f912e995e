package testbed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// scripts are those that run in a guest.
type scripts struct {
	mu    sync.Mutex
	begun int
	ended map[string]chan string // by the names of those that run: their status
	err   error                  // of the console; set before lost is closed
	lost  chan struct{}
}

// Run runs a script of bash in the guest and returns what it printed. A status
// other than zero is an error. When ctx ends first, the script goes on alone.
func (g *Guest) Run(ctx context.Context, script string) (string, error) {
	name, ended, err := g.begin(script)
	if err != nil {
		return "", err
	}
	select {
	case status := <-ended:
		if status != "0" {
			err = fmt.Errorf("guest script %s ended with status %s", name, status)
		}
	case <-g.lost:
		err = fmt.Errorf("guest: %w", g.err)
	case <-ctx.Done():
		err = fmt.Errorf("guest script %s: %w", name, context.Cause(ctx))
	}
	out, _ := os.ReadFile(filepath.Join(g.Share, name+".out"))
	return string(out), err
}

func (g *Guest) begin(script string) (name string, ended <-chan string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begun++
	name = strconv.Itoa(g.begun)
	if err := os.WriteFile(filepath.Join(g.Share, name+".sh"), []byte(script), 0o644); err != nil {
		return "", nil, err
	}
	status := make(chan string, 1)
	g.ended[name] = status
	_, err = fmt.Fprintln(g.console, name)
	return name, status, err
}

// follow hands out what the guest says of its scripts, until the console ends.
func (g *Guest) follow(lines *bufio.Scanner) {
	for lines.Scan() {
		name, status, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		g.mu.Lock()
		if ended := g.ended[name]; ended != nil {
			ended <- status
			delete(g.ended, name)
		}
		g.mu.Unlock()
	}
	g.err = errors.Join(errors.New("console closed"), lines.Err())
	close(g.lost)
}
