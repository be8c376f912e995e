package exchange

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"carrier/hardware/netport"
)

// maxRedial bounds the delay before a lost port is opened again.
const maxRedial = 10 * time.Second

// kernel holds little of what a DTE sends, so that it feels the line's speed.
var kernel = netport.Kernel{ReadBuffer: 4 << 10}

// A jack is where the DTEs of one line come from.
type jack interface {
	// serve hands each DTE's port to use, which returns when it has closed it,
	// until ctx ends or the jack is closed.
	serve(ctx context.Context, use func(context.Context, Port))
	URL() string
	Close() error
}

// openJack makes the jack of a subscriber; nil when only Plug brings ports.
func openJack(s Subscriber, redial time.Duration, log *slog.Logger) (jack, error) {
	switch {
	case s.Link != "" && s.At != "pty":
		return nil, errors.New(`link goes with at = "pty" only`)
	case s.At == "" && s.Connect:
		return nil, errors.New("connect needs an address to connect to")
	case s.At == "":
		return nil, nil
	case s.At == "pty" && s.Connect:
		return nil, errors.New("connect = true goes with tcp:// and unix:// only")
	case s.At == "pty":
		return openPTY(s.Link)
	case s.Connect:
		if err := netport.Check(s.At); err != nil {
			return nil, err
		}
		return &opener{s.At, redial, log}, nil
	}
	l, err := kernel.Listen(s.At)
	if err != nil {
		return nil, err
	}
	return &listener{l, log}, nil
}

// A listener waits for DTEs that connect.
type listener struct {
	*netport.Listener
	log *slog.Logger
}

func (l *listener) serve(ctx context.Context, use func(context.Context, Port)) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		p, err := l.Accept()
		switch {
		case err == nil:
			wg.Go(func() { use(ctx, p) })
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		default: // out of descriptors, say
			l.log.Error("port", "at", l.URL(), "error", err)
			pause(ctx, time.Second)
		}
	}
}

// An opener connects to its DTE and does so again, after growing delays, when
// it is lost.
type opener struct {
	url    string
	redial time.Duration
	log    *slog.Logger
}

func (o *opener) serve(ctx context.Context, use func(context.Context, Port)) {
	delay := o.redial
	for ctx.Err() == nil {
		p, err := kernel.Open(ctx, o.url)
		if err == nil {
			opened := time.Now()
			use(ctx, p)
			if time.Since(opened) > delay { // it really was one
				delay = o.redial
			}
		} else if delay == o.redial {
			o.log.Info("port cannot be opened, trying on", "at", o.url, "error", err)
		}
		pause(ctx, delay)
		delay = min(2*delay, maxRedial)
	}
}

// URL is what it connects to.
func (o *opener) URL() string { return o.url }

// Close does nothing: no port is open outside serve.
func (o *opener) Close() error { return nil }

// pause waits for d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
