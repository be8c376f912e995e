package call

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"carrier/hardware/line"
	"carrier/shared/record"
)

// A deafLine finds nobody when it answers.
type deafLine struct {
	line.Line
	err error
}

func (d deafLine) Answer(context.Context) (line.Connect, error) { return line.Connect{}, d.err }

// A caller who gave up just before she was answered is gone; one who is there,
// and whose modem does not train, loses her carrier; a modem that is lost has a
// fault.
func TestNobodyToAnswer(t *testing.T) {
	gone := make(chan struct{})
	close(gone)
	noCarrier := fmt.Errorf("%w: the modem says NO CARRIER", line.ErrNoCarrier)
	for name, tt := range map[string]struct {
		gone <-chan struct{}
		err  error
		why  record.EndReason
	}{
		"gone":         {gone, noCarrier, record.CallerGone},
		"there":        {make(chan struct{}), noCarrier, record.CarrierLost},
		"nobody knows": {nil, noCarrier, record.CarrierLost},
		"port lost":    {nil, errors.New("the port is lost: input/output error"), record.LineFault},
	} {
		t.Run(name, func(t *testing.T) {
			c := &call{Calls: New(Options{Log: slog.New(slog.DiscardHandler)}), line: deafLine{err: tt.err}}
			c.rec.Store(&record.Call{})
			if err := c.answer(t.Context(), line.Ring{Gone: tt.gone}); reason(err) != tt.why {
				t.Errorf("%v: %v", reason(err), err)
			}
		})
	}
}
