// Package daemon is what a program that runs for months needs beside its work:
// a log, an end that waits, readiness for systemd, and the panel, an HTTP server
// for metrics and health.
package daemon

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// Logger logs to w: lines for people when w is a terminal and json is not
// wanted, else JSON.
func Logger(w io.Writer, level slog.Leveler, json bool) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: readable}
	if f, ok := w.(*os.File); ok && !json && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

// readable gives durations their unit, which JSON alone would leave out.
func readable(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// Signals returns a context that ends with the first SIGINT or SIGTERM; the
// next one ends the program at once, in case it does not end by itself.
func Signals() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
