package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"carrier/pac/internal/config"
	"carrier/shared/console"
)

// daemon asks a daemon that runs what it has, and how that differs from the file.
func (v *visit) daemon(ctx context.Context) {
	var err error
	if v.Asks != nil {
		_, err = v.Asks.Status(ctx)
		v.running = !errors.Is(err, console.ErrNotRunning)
	}
	if v.running {
		if errors.Is(err, console.ErrOther) {
			err = fmt.Errorf("it cannot be asked: %w", err)
		} else if err != nil {
			err = fmt.Errorf("it cannot be asked: %w; run the doctor as root or in the group of its socket", err)
		} else if v.lines, err = v.Asks.Lines(ctx); err != nil {
			err = fmt.Errorf("it does not tell of its lines: %w", err)
		}
		if err != nil { // what it has is not known
			v.report.Look("the daemon", err)
			return
		}
	}
	v.seats, v.clashes = v.Seats(v.config.Banks)
	if v.running {
		v.report.Look("the daemon", v.pending(ctx))
	}
	v.seats = slices.DeleteFunc(v.seats, func(s Seat) bool { return v.held(s.Port) })
}

// pending says what of the file the daemon has not taken.
func (v *visit) pending(ctx context.Context) error {
	p, err := v.Asks.Pending(ctx)
	if err != nil {
		return fmt.Errorf("it cannot take the file anew: %w", err)
	}
	more := ""
	if v.rebanked = p.File != "" && (slices.Contains(p.Changed, "bank") || !p.Of(v.File)); v.rebanked {
		more = v.news()
	}
	return p.Wrong(v.File, "pac", more)
}

// news names the ports that only the file has, and those that only the daemon
// has.
func (v *visit) news() string {
	var fresh, gone []string
	add := func(all []string, port, bank string) []string {
		return append(all, fmt.Sprintf("%s of bank %s", port, bank))
	}
	for _, b := range v.config.Banks {
		if b.Listen != "" && !v.held(b.Listen) {
			fresh = add(fresh, b.Listen, b.Name)
		}
		for _, s := range v.seats {
			if s.Bank.Name == b.Name && !v.held(s.Port) {
				fresh = add(fresh, s.Port, b.Name)
			}
		}
	}
	for _, l := range v.lines {
		if l.Service != "removed" && !v.named(l.Port) {
			gone = add(gone, l.Port, l.Bank)
		}
	}
	gone = slices.Compact(gone) // the lines of a bank that listens have one port
	var all []string
	if len(fresh) > 0 {
		all = append(all, "new: "+strings.Join(fresh, ", "))
	}
	if len(gone) > 0 {
		all = append(all, "gone: "+strings.Join(gone, ", "))
	}
	return strings.Join(all, "; ")
}

// held says that the daemon has a port.
func (v *visit) held(port string) bool {
	return slices.ContainsFunc(v.lines, func(l console.Line) bool { return v.Same(l.Port, port) })
}

// named says that the file has a port.
func (v *visit) named(port string) bool {
	return slices.ContainsFunc(v.seats, func(s Seat) bool { return v.Same(s.Port, port) }) ||
		slices.ContainsFunc(v.config.Banks, func(b config.Bank) bool { return b.Listen != "" && v.Same(b.Listen, port) })
}

// overlaps says that the daemon listens in a place of which the URL's is a part,
// or the other way round: it gives that up when it takes the file.
func (v *visit) overlaps(url string) bool {
	port := url[strings.LastIndex(url, ":"):]
	return slices.ContainsFunc(v.lines, func(l console.Line) bool {
		return strings.HasPrefix(l.Port, "tcp://") && strings.HasSuffix(l.Port, port)
	})
}
