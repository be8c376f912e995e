package app

import (
	"errors"
	"fmt"
	"maps"
	"syscall"

	"carrier/hardware/line"
	"carrier/hardware/netport"
	"carrier/pac/internal/bank"
	"carrier/pac/internal/config"
)

// listen listens where banks do. When one place cannot be had nothing is
// changed. The listeners that are not needed any more are left: they are closed
// when their lines are no more. p.mu is held.
func (p *Program) listen(banks []config.Bank) (left map[string]*line.Listener, err error) {
	now, left := map[string]*line.Listener{}, maps.Clone(p.listeners)
	for _, b := range banks {
		key := netport.Key(b.Listen)
		if l := p.listeners[key]; l != nil {
			now[key] = l
			delete(left, key)
		}
	}
	bound := map[string]*line.Listener{}
	for _, b := range banks {
		key := netport.Key(b.Listen)
		if b.Listen == "" || now[key] != nil {
			continue
		}
		l, err := p.bind(b, left)
		if err != nil {
			p.unlisten(bound)
			p.resume(left)
			return nil, fmt.Errorf("bank %s: %w", b.Name, err)
		}
		now[key], bound[key] = l, l
	}
	for _, b := range banks {
		if l := now[netport.Key(b.Listen)]; l != nil {
			l.Hunt(b.Hunt)
		}
	}
	p.listeners = now
	return left, nil
}

// bind listens where a bank does. An address may overlap one that is left: the
// kernel gives it only when that is given up.
func (p *Program) bind(b config.Bank, left map[string]*line.Listener) (*line.Listener, error) {
	l, err := line.Listen(b.Listen, b.Hunt, p.log)
	if !errors.Is(err, syscall.EADDRINUSE) || len(left) == 0 {
		return l, err
	}
	for url, old := range left {
		if err := old.Suspend(); err != nil {
			p.log.Warn("closing", "at", url, "error", err)
		}
	}
	return line.Listen(b.Listen, b.Hunt, p.log)
}

// resume listens again where bind gave up.
func (p *Program) resume(left map[string]*line.Listener) {
	for url, l := range left {
		if err := l.Resume(); err != nil {
			p.log.Error("nobody listens any more", "at", url, "error", err)
		}
	}
}

// unlisten closes listeners.
func (p *Program) unlisten(all map[string]*line.Listener) {
	for url, l := range all {
		if err := l.Close(); err != nil {
			p.log.Warn("closing", "at", url, "error", err)
		}
	}
}

// deaf listens nowhere any more.
func (p *Program) deaf() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unlisten(p.listeners)
	p.listeners, p.ending = nil, true
}

// direct are the lines of a listener. When it is another one, be it at the same
// address, they are made anew.
func direct(b config.Bank, l *line.Listener) []bank.Member {
	all := make([]bank.Member, b.Lines)
	for n := range all {
		all[n] = bank.Member{Bank: b.Name, Key: fmt.Sprintf("%s#%d", netport.Key(b.Listen), n+1), Port: b.Listen, Settings: fmt.Sprintf("%p", l),
			Open: func(name string) (line.Line, error) { return l.Line(name, n), nil }}
	}
	return all
}
