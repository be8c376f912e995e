package call

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"carrier/hardware/line"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

// What the PNS is told, by the numbers of RFC 2637 §2.8 and §2.16, and what is
// remembered of a call that was not connected.
func TestWhyANumberIsNotConnected(t *testing.T) {
	dial := func(r line.DialResult) error { return &line.DialError{Number: "5551212", Result: r} }
	for _, tt := range []struct {
		err          error
		result, code int
		why          record.EndReason
	}{
		{dial(line.NoCarrier), 3, 0, record.NoCarrier},
		{dial(line.Busy), 4, 0, record.NumberBusy},
		{dial(line.NoDialtone), 5, 0, record.NoDialTone},
		{dial(line.NoAnswer), 6, 0, record.NoAnswer},
		{dial(line.Blacklisted), 7, 0, record.NumberRefused},
		{dial(line.Delayed), 2, 4, record.NumberRefused},
		{fmt.Errorf("the port: %w", dial(line.Busy)), 4, 0, record.NumberBusy},
		{errors.New("the port is lost"), 2, 6, record.LineFault},
		{Ended(record.Drained, "the line is taken out of service"), 2, 4, record.Drained},
		{context.Canceled, 2, 4, record.Shutdown},
		{badValue("no number"), 2, 3, record.NumberRefused},
	} {
		r := notDialled(tt.err)
		if r.result != pptp.OutgoingResult(tt.result) || r.code != pptp.ErrorCode(tt.code) || reason(r) != tt.why || text(r) == "" {
			t.Errorf("%v: Result Code %d, Error Code %d, %v: %q, want %+v", tt.err, r.result, r.code, reason(r), text(r), tt)
		}
	}
}
