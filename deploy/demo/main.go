// Demo shows the main job on this machine, without root: an emulated telephone
// exchange, a PAC, the RAS servers of two companies, and a caller who dials in
// and reads a page on her company's LAN. Nothing in it is staged: the story is
// what the programs log while it happens.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	once := flag.Bool("once", false, "end after the story; the exit status is 0 only if every step was seen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, *once); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// storyTime bounds the story: a modem trains for three seconds, and a page at
// 28,800 bit/s takes its time.
const storyTime = 2 * time.Minute

func run(ctx context.Context, out io.Writer, once bool) error {
	story, w := newStory(out), newWorld(ctx)
	if err := w.build(story); err != nil {
		return errors.Join(err, w.close())
	}
	bounded, stop := context.WithTimeoutCause(ctx, storyTime, fmt.Errorf("the story took longer than %v", storyTime))
	defer stop()
	err := w.tell(bounded, story)
	if err == nil && !once {
		w.invite(out)
		<-ctx.Done()
	}
	if ctx.Err() != nil && !once {
		err = nil // Ctrl-C ends the story wherever it is
	}
	return errors.Join(err, w.close())
}
