package daemon

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// NoFile is the configuration's source of a program that was started without
// one.
func NoFile[C any]() (none C, err error) {
	return none, errors.New("this program was started without a file")
}

// Reload has a program use another configuration, which read reads. A mistake is
// logged, and changes nothing. It returns the keys that changed and need a
// restart.
func Reload[C any](log *slog.Logger, read func() (C, error), use func(C) (restart []string, err error)) (restart []string, err error) {
	c, err := read()
	if err == nil {
		restart, err = use(c)
	}
	if err != nil {
		log.Error("not reloaded", "error", err)
		return nil, err
	}
	return restart, nil
}

// OnHangup calls reload at each SIGHUP, until ctx ends. systemd sees the program
// reload; the error of reload, which logs its own, changes nothing. A reload that
// hangs does not hold up the end.
func OnHangup(ctx context.Context, log *slog.Logger, reload func() (restart []string, err error)) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-hangups:
			told := Notify(reloading())
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = reload()
			}()
			select {
			case <-done:
			case <-ctx.Done(): // what it reads may never come
				return ctx.Err()
			}
			if err := errors.Join(told, Notify(Ready)); err != nil {
				log.Warn("systemd could not be told", "error", err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
