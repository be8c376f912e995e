// Package app is the program pns: it reads the configuration, wires the parts
// and runs them. It alone knows the metrics library.
package app

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"

	"carrier/pns/internal/config"
	"carrier/pns/internal/doctor"
	"carrier/pns/internal/security"
	"carrier/shared/console"
	"carrier/shared/daemon"
)

// Run is the program: it executes a command line, without the program's name,
// and returns the exit status. A daemon that it starts ends with ctx.
func Run(ctx context.Context, args []string, std console.Stdio) int {
	return console.Commands{
		Name:        "pns",
		Short:       "pns authenticates the callers that PACs bring and lets them into the LAN",
		Config:      config.File,
		Run:         serve,
		Doctor:      doctor.Look,
		Locks:       true,
		Negotiation: true,
		Dialling:    true,
		Check: func(file string) error {
			_, err := config.Read(file)
			return err
		},
		Security: security.Check,
		Socket:   func(file string) (string, error) { return daemon.Socket(file, config.Socket) },
	}.Execute(ctx, args, std)
}

// serve is the daemon.
func serve(ctx context.Context, file string, asJSON bool, std console.Stdio) error {
	c, err := config.Read(file)
	if err != nil {
		return err
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	level := new(slog.LevelVar)
	level.Set(c.Level)
	p, err := open(c, Env{Log: daemon.Logger(std.Err, level, asJSON)})
	if err != nil {
		return err
	}
	p.level, p.file, p.source = level, path, func() (*config.Config, error) { return config.Read(file) }
	p.parts.Add("signals", func(ctx context.Context) error { return daemon.OnHangup(ctx, p.log, p.reread) })
	p.parts.Add("watchdog", func(ctx context.Context) error { return daemon.Watchdog(ctx, p.alive) })
	p.parts.Add("memory", func(ctx context.Context) error { return daemon.Thrift(ctx, 25, 32<<20) })
	return p.run(ctx)
}

// Env is what a program gets from its surroundings.
type Env struct {
	Log *slog.Logger
	// Resolver finds the addresses of servers that are dialled; nil: the system's.
	Resolver *net.Resolver
}

// Start starts the program inside another one, with a configuration at hand;
// file is how mistakes in it are called. It ends with ctx.
func Start(ctx context.Context, file string, text []byte, env Env) (*Program, error) {
	c, err := config.Parse(file, text)
	if err != nil {
		return nil, err
	}
	p, err := open(c, env)
	if err != nil {
		return nil, err
	}
	p.ended = make(chan struct{})
	go func() {
		defer close(p.ended)
		p.err = p.run(ctx)
	}()
	return p, nil
}

// Wait returns when the program has ended, with the error that ended it, if it
// was not its context.
func (p *Program) Wait() error {
	<-p.ended
	return p.err
}
