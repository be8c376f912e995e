package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/hardware/netport"
	"carrier/pac/internal/bank"
	"carrier/pac/internal/config"
)

// openBanks makes the lines of every bank. Modems' ports are opened by the
// lines themselves, again and again: one that is away is no reason not to
// start.
func (p *Program) openBanks() error {
	for _, b := range p.config.Banks {
		lines, err := p.openLines(b)
		if err != nil {
			return fmt.Errorf("bank %s: %w", b.Name, err)
		}
		p.metrics.bankKnown(b.Name)
		one := bank.New(bank.Options{Name: b.Name, Lines: lines, Taker: p.calls.For(b.Name), Log: p.log.With("bank", b.Name)})
		p.banks = append(p.banks, one)
	}
	return nil
}

// answer has all lines answer until ctx ends. Then they take no more calls;
// those that run may go on for a while.
func (p *Program) answer(ctx context.Context) error {
	calls, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	defer context.AfterFunc(ctx, func() {
		for _, b := range p.banks {
			b.Drain()
		}
		time.AfterFunc(p.config.Drain, func() { end(context.Cause(ctx)) })
	})()
	var banks sync.WaitGroup
	for _, b := range p.banks {
		banks.Go(func() { b.Run(calls) })
	}
	banks.Wait()
	return ctx.Err()
}

func (p *Program) openLines(b config.Bank) ([]line.Line, error) {
	var lines []line.Line
	name := func(n int) string { return fmt.Sprintf("%s/%d", b.Name, n) }
	if b.Listen != "" {
		l, err := line.Listen(b.Listen, p.log.With("bank", b.Name))
		if err != nil {
			return nil, err
		}
		for n := range b.Lines {
			lines = append(lines, l.Line(name(n+1)))
		}
		return lines, nil
	}
	for n, url := range b.Ports {
		open := func(ctx context.Context) (modem.Port, error) { return netport.Open(ctx, url) }
		lines = append(lines, modem.New(modem.Options{Name: name(n + 1), Open: open, Init: b.Init,
			Log: p.log.With("line", name(n+1))}))
	}
	return lines, nil
}

func (p *Program) lines() (n int) {
	for _, b := range p.banks {
		n += len(b.Status())
	}
	return n
}
