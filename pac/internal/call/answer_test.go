package call

import (
	"context"
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
// and whose modem does not train, loses her carrier.
func TestNobodyToAnswer(t *testing.T) {
	gone := make(chan struct{})
	close(gone)
	for name, tt := range map[string]struct {
		gone <-chan struct{}
		why  record.EndReason
	}{
		"gone":         {gone, record.CallerGone},
		"there":        {make(chan struct{}), record.CarrierLost},
		"nobody knows": {nil, record.CarrierLost},
	} {
		t.Run(name, func(t *testing.T) {
			c := &call{line: deafLine{err: fmt.Errorf("%w: the modem says NO CARRIER", line.ErrNoCarrier)}, log: slog.New(slog.DiscardHandler)}
			if err := c.answer(t.Context(), line.Ring{Gone: tt.gone}); reason(err) != tt.why {
				t.Errorf("%v: %v", reason(err), err)
			}
		})
	}
}
