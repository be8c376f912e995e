package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/hardware/netport"
	"carrier/pac/internal/bank"
	"carrier/pac/internal/config"
)

// lookEvery is how often devices are looked for that came or went.
const lookEvery = 2 * time.Second

// open gives the banks their first lines.
func (p *Program) open() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.listen(p.config.Banks); err != nil {
		return err
	}
	p.seat(bank.NoLimit)
	return nil
}

// seat gives the banks their lines, as the configuration names them and devices
// are there. The calls of lines that are no more get so much time. p.mu is held.
func (p *Program) seat(grace time.Duration) {
	seats, clashes := serials.seats(p.config.Banks)
	for _, c := range clashes {
		if !slices.Contains(p.clashes, c) {
			p.log.Warn("two entries name one device", "clash", c)
		}
	}
	p.clashes = clashes
	was := serials.renamed(seats, p.banks.Keys())
	var members []bank.Member
	for _, b := range p.config.Banks {
		p.metrics.bankKnown(b.Name)
		if l := p.listeners[netport.Key(b.Listen)]; l != nil {
			members = append(members, direct(b, l)...)
		}
		for _, s := range seats {
			if s.bank.Name == b.Name {
				m := p.modem(s)
				m.Was = was[m.Key]
				members = append(members, m)
			}
		}
	}
	for _, a := range p.config.PACs {
		p.metrics.bankKnown(a.Name)
		members = append(members, trunks(a, p.trunk(a.Name))...)
	}
	p.banks.Set(members, grace)
}

// modem is the line of a port, with a modem or a cable at it. They open their
// ports themselves, again and again: one that is away is no fault of the line's.
func (p *Program) modem(s seat) bank.Member {
	b, log := s.bank, p.log
	m := bank.Member{Bank: b.Name, Key: netport.Key(s.port), Port: s.port, BusyOut: b.BusyOut, Dials: b.Dials(),
		Settings: fmt.Sprintf("%q %v %v %v %q %v %q", s.port, b.Cable, b.Speed, b.Flow, b.Profile, b.LineRate, b.Init)}
	if strings.HasPrefix(s.port, "/") {
		m.Label = filepath.Base(s.port)
	}
	m.Open = func(name string) (line.Line, error) {
		if b.Cable {
			open := func(ctx context.Context) (line.Wire, error) { return openPort(ctx, s.port, b) }
			return line.NewCable(line.CableOptions{Name: name, Open: open, Log: log.With("line", name)}), nil
		}
		open := func(ctx context.Context) (modem.Port, error) { return openPort(ctx, s.port, b) }
		return modem.New(modem.Options{Name: name, Open: open, Profile: b.Profile, Init: b.Init, LineRate: b.LineRate, Log: log.With("line", name)}), nil
	}
	return m
}

// look looks for devices until ctx ends, and for control connections and calls
// whose PNS is configured no more.
func (p *Program) look(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.mu.Lock()
			if !p.ending {
				if slices.ContainsFunc(p.config.Banks, config.Bank.Devices) {
					p.seat(bank.NoLimit)
				}
				p.dismiss()
				p.endLeft() // also a call that was under way to its PNS then
			}
			p.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// answer has all lines answer until ctx ends. Then they take no more calls;
// those that run may go on for a while.
func (p *Program) answer(ctx context.Context) error {
	calls, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	defer context.AfterFunc(ctx, func() {
		p.banks.Drain()
		p.deaf()
		time.AfterFunc(p.settings().Drain, func() { end(context.Cause(ctx)) })
	})()
	go p.look(ctx)
	p.banks.Run(calls)
	p.deaf() // if that has not been done yet
	return ctx.Err()
}
