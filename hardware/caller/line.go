package caller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carrier/hardware/line"
	"carrier/hardware/modem"
)

// A carrier is a line with a call on it.
type carrier interface {
	Port
	// HangUp ends the call at the modem.
	HangUp(context.Context) error
}

// direct is a port that is the line itself.
type direct struct{ Port }

func (direct) HangUp(context.Context) error { return nil }

// connect makes the call, or finds that the port is one.
func connect(ctx context.Context, port Port, o *Options) (carrier, error) {
	if o.Number == "" {
		return direct{port}, nil
	}
	ports := make(chan Port, 1)
	ports <- port
	m := modem.New(modem.Options{Name: "caller", Init: o.Init, Log: o.Log,
		Open: func(context.Context) (modem.Port, error) {
			select {
			case p := <-ports:
				return p, nil
			default:
				return nil, errors.New("the modem's port is lost")
			}
		}})
	o.tell(Event{Kind: Dialling, Text: o.Number})
	c, err := m.Dial(ctx, o.Number)
	if err != nil {
		m.Close()
		port.Close() // the modem has perhaps not opened it
		return nil, err
	}
	o.tell(Event{Kind: Connected, Text: c.Text, Rate: c.Rate})
	return m, nil
}

func (o *Options) tell(e Event) {
	if o.Story != nil {
		o.Story(e)
	}
}

// free makes reads and writes return once ctx ends; release undoes it.
func free(ctx context.Context, p Port) (release func()) {
	stop := context.AfterFunc(ctx, func() {
		p.SetReadDeadline(time.Unix(1, 0))
		p.SetWriteDeadline(time.Unix(1, 0))
	})
	return func() { stop() }
}

// silence says nothing until the other end hangs up.
func silence(ctx context.Context, c carrier) error {
	defer free(ctx, c)()
	b := make([]byte, 4096)
	for {
		if _, err := c.Read(b); ctx.Err() != nil {
			return context.Cause(ctx)
		} else if err != nil {
			return lost(err)
		}
	}
}

// lost is the error of a line that ends.
func lost(err error) error {
	if errors.Is(err, line.ErrNoCarrier) {
		return ErrCarrier
	}
	return fmt.Errorf("%w (%w)", ErrCarrier, err)
}
