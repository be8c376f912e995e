package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/hardware/netport"
	"carrier/hardware/serial"
	"carrier/pac/internal/config"
	"carrier/shared/console"
)

// modemTime is how long a modem may take to be set up: it is waited for, hung up
// and asked again before it is given up.
const modemTime = 25 * time.Second

// closeTime is how long a port is watched that is opened only.
const closeTime = 500 * time.Millisecond

// ports looks at every port, and asks each modem for its name.
func (v *visit) ports(ctx context.Context) {
	for _, l := range v.lines {
		v.report.Look("line "+l.Line, state(l))
		v.modemIs("line "+l.Line, l.Device, l.Profile)
	}
	for _, c := range v.clashes {
		v.report.Look("ports", errors.New(c+": take it out of one of them"))
	}
	if !v.running || v.rebanked {
		for _, b := range v.config.Banks {
			v.bank(b)
		}
	}
	var all sync.WaitGroup
	for _, s := range v.seats {
		all.Go(func() { v.port(ctx, s) })
	}
	all.Wait()
}

// bank looks at what of a bank is no port.
func (v *visit) bank(b config.Bank) {
	if b.Listen != "" && !v.held(b.Listen) {
		err := listen(b.Listen)
		if errors.Is(err, syscall.EADDRINUSE) && v.overlaps(b.Listen) {
			err = nil
		}
		v.report.Look("bank "+b.Name, err)
	}
	for _, entry := range b.Ports {
		if !strings.HasPrefix(entry, "/") {
			continue
		}
		if all, err := serial.Expand(entry); err == nil && len(all) == 0 {
			v.report.Look("bank "+b.Name, fmt.Errorf("no device is called %s: plug one in, or correct `ports`", entry))
		}
	}
}

// listen says why calls cannot come in there.
func listen(url string) error {
	l, err := netport.Listen(url)
	if err != nil {
		return fmt.Errorf("%w; end the program that has it (`ss -lp` names it), or correct `listen`", err)
	}
	return l.Close()
}

// state says what is wrong with a line of the daemon. What an operator took out
// of service is not.
func state(l console.Line) error {
	if l.Service != "faulty" {
		return nil
	}
	why := l.Why
	if lost(why) {
		why = closed(why, l.Port).Error()
	}
	return fmt.Errorf("the daemon cannot use it since %s: %s; it tries again by itself, and `pac doctor` looks for itself while the daemon is stopped",
		l.Since.Format("15:04:05"), why)
}

// port opens one port and sets its modem up, as the daemon would.
func (v *visit) port(ctx context.Context, s Seat) {
	what := "port " + s.Port
	ctx, cancel := context.WithTimeout(ctx, modemTime)
	defer cancel()
	p, err := v.Open(ctx, s.Port, s.Bank)
	if err != nil {
		v.report.Look(what, cannotOpen(err))
		return
	}
	if s.Bank.Cable {
		v.report.Look(what, cable(p, s.Port))
		return
	}
	h, err := v.modem(ctx, s, p)
	v.report.Look(what, err)
	v.modemIs(what, h.Device, h.Profile)
}

// modemIs notes what a modem calls itself, and as what it is used.
func (v *visit) modemIs(what, device, profile string) {
	switch {
	case device != "":
		v.report.Note(what, fmt.Sprintf("the modem says that it is %q; profile %s", device, profile))
	case profile != "":
		v.report.Note(what, fmt.Sprintf("profile %s", profile))
	}
}

// cable waits a little for whether an open cable stays open.
func cable(p line.Wire, port string) error {
	defer p.Close()
	if err := p.SetReadDeadline(time.Now().Add(closeTime)); err != nil {
		return err
	}
	if _, err := p.Read(make([]byte, 1)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return closed(err.Error(), port)
	}
	return nil
}

// cannotOpen puts an error of opening a port into a sentence with advice.
func cannotOpen(err error) error {
	var inSerial *serial.Error
	var inNet *netport.Error
	why := err
	if errors.As(err, &inSerial) {
		why = inSerial.Err
	} else if errors.As(err, &inNet) {
		return notConnected(inNet)
	}
	switch {
	case errors.Is(err, serial.ErrBusy):
		return fmt.Errorf("%w: end that program, or take the port out of `ports`", why)
	case errors.Is(err, serial.ErrKind):
		return fmt.Errorf("%w: correct `ports`", why)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: plug it in, or correct `ports`", why)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: `adduser` it there, and start again", why)
	}
	return why
}

// notConnected is cannotOpen for a port behind a network. What is said of RFC
// 2217 has its own advice.
func notConnected(err *netport.Error) error {
	var dial *net.OpError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return closed(err.Err.Error(), err.URL)
	case errors.As(err, &dial):
		return fmt.Errorf("%w; is the terminal server on, and its address in `ports` right?", err.Err)
	}
	return err.Err
}

// lost tells a fault of the port's from one of the modem's.
func lost(fault string) bool { return strings.Contains(fault, "the port is lost") }

// closed says what to do about a port that was open, and is not.
func closed(fault, port string) error {
	if strings.HasPrefix(port, "/") {
		return fmt.Errorf("%s: is its device still plugged in?", fault)
	}
	return fmt.Errorf("the connection is taken and then closed (%s): somebody else probably holds the port, or the server limits connections; have the other end it, or raise the limit", fault)
}

// modem sets a modem up and lets it go.
func (v *visit) modem(ctx context.Context, s Seat, p line.Wire) (line.Health, error) {
	opened := false
	m := modem.New(modem.Options{Name: s.Port, Profile: s.Bank.Profile, Init: s.Bank.Init, Open: func(context.Context) (modem.Port, error) {
		if opened {
			return nil, errors.New("once is enough")
		}
		opened = true
		return p, nil
	}})
	ctx, stop := context.WithCancel(ctx)
	var ringing sync.WaitGroup
	ringing.Go(func() { _, _ = m.Ring(ctx) })
	defer func() {
		stop()
		ringing.Wait()
		_ = m.Close()
	}()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		switch h := m.Health(); {
		case h.Faulty:
			return h, mute(h.Fault, s)
		case h.State == line.Idle || h.State == line.Ringing:
			return h, nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return m.Health(), fmt.Errorf("its modem was not ready within %v: switch it off and on", modemTime)
		}
	}
}

// mute says what to do about a modem that cannot be set up.
func mute(fault string, s Seat) error {
	if lost(fault) {
		return closed(fault, s.Port)
	}
	if strings.Contains(fault, "does not answer") {
		speed := ""
		if strings.HasPrefix(s.Port, "/") || strings.HasPrefix(s.Port, "rfc2217:") {
			speed = fmt.Sprintf(" and its speed not %d bit/s", s.Bank.Speed)
		}
		return fmt.Errorf("%s: is it switched off, the cable not whole%s?", fault, speed)
	}
	return fmt.Errorf("%s: correct `init` of bank %s", fault, s.Bank.Name)
}
