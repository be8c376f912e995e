// Exchange is an emulated telephone network: numbers with modems on them that
// programs, emulators and virtual machines dial with. docs/exchange.md says how
// to use it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"carrier/hardware/exchange"
	"carrier/shared/conf"
	"carrier/shared/daemon"
)

func main() {
	ctx, stop := daemon.Signals()
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "exchange:", err)
		os.Exit(1)
	}
}

// run tells on stdout where each subscriber's modem is, and serves them until
// ctx ends.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("exchange", flag.ContinueOnError)
	flags.SetOutput(stderr)
	path := flags.String("c", "exchange.toml", "the configuration `file`")
	check := flags.Bool("check", false, "only check the configuration")
	json := flags.Bool("json", false, "log in JSON on a terminal too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there are no commands, so what is %q? exchange -h shows the flags", flags.Arg(0))
	}
	f, err := conf.Read(*path)
	if err != nil {
		return err
	}
	c, err := read(f)
	if err != nil || *check {
		return err
	}
	return serve(ctx, c, *json, stdout, stderr)
}

func serve(ctx context.Context, c *config, json bool, stdout, stderr io.Writer) error {
	log := daemon.Logger(stderr, c.level, json)
	c.options.Log = log
	if c.record != "" {
		r, err := newRecorder(c.record)
		if err != nil {
			return err
		}
		c.options.Record = r.record
	}
	x, err := exchange.New(c.options)
	if err != nil {
		return err
	}
	for _, l := range x.Lines() {
		if _, err := fmt.Fprintf(stdout, "%s\t%s\n", l.Number(), l.URL()); err != nil {
			log.Warn("standard output", "error", err)
		}
	}
	if err := daemon.Notify(daemon.Ready); err != nil {
		log.Warn("readiness", "error", err)
	}
	return x.Run(ctx)
}
