package line

import (
	"context"
	"time"

	"carrier/shared/record"
)

// A Health is how a line does, for its operator.
type Health struct {
	State State
	Since time.Time // when the line came into State; zero: from the beginning
	// Faults counts what put the line out of service, Fault is the last of it in
	// words. It stands in the way while Faulty; Again is then when the line is
	// tried next.
	Faults int
	Fault  string
	Faulty bool
	Again  time.Time
	// Device is what the device calls itself, Profile as which make of modem it is
	// used; empty when unknown.
	Device, Profile string
}

// A Monitored line tells its health. It may be asked from anywhere.
type Monitored interface {
	Health() Health
}

// A Reporter is a line whose device can say how a call went.
type Reporter interface {
	// Report is what the device says of the last call. It may be asked once the
	// carrier is lost, or after HangUp, by the line's owner. It is bounded by
	// ctx and by two seconds. Without a report, because the device has none or
	// has not answered, ok is false.
	Report(ctx context.Context) (r record.LineReport, ok bool)
}
