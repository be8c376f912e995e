package call

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"carrier/hardware/line"
	"carrier/hardware/serial"
	"carrier/pac/internal/host"
	"carrier/pac/internal/identify"
	"carrier/shared/record"
)

// A carrier that is lost while the caller is identified is told in words.
func TestCarrierLostDuringIdentification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, caller := net.Pipe()
		time.AfterFunc(time.Second, func() { caller.Close() })
		_, err := identify.Run(t.Context(), line, identify.Options{Silence: time.Minute})
		if err = new(call).unidentified(t.Context(), err); reason(err) != record.CarrierLost || text(err) != "the line lost its carrier" {
			t.Errorf("%v: %v", reason(err), err)
		}
	})
}

// failing is a line at its end, of which Read knows why.
type failing struct {
	line.Line
	why error
}

func (f failing) Read([]byte) (int, error) { return 0, f.why }

// Write and whoever watches the carrier know only that there is none; that its
// port failed is in the record all the same.
func TestLineFault(t *testing.T) {
	gone := &serial.Error{Path: "/dev/ttyUSB0", Err: serial.ErrGone}
	for _, tt := range []struct {
		name      string
		err, line error
		why       record.EndReason
		text      string
	}{
		{"read", gone, nil, record.LineFault, `port "/dev/ttyUSB0": the device went away`},
		{"write", line.ErrNoCarrier, gone, record.LineFault, `port "/dev/ttyUSB0": the device went away`},
		{"write first", fmt.Errorf("%w: %w", line.ErrNoCarrier, unix.ECONNRESET), unix.ECONNRESET, record.LineFault, "connection reset by peer"},
		{"carrier, read", io.EOF, nil, record.CarrierLost, "the line lost its carrier"},
		{"carrier, write", line.ErrNoCarrier, io.EOF, record.CarrierLost, "the line lost its carrier"},
	} {
		c := &call{Calls: New(Options{}), line: failing{why: tt.line}}
		for at, err := range map[string]error{
			"identifying": c.unidentified(t.Context(), tt.err),
			"relaying":    c.lineEnded(t.Context(), tt.err),
			"at a host":   c.hostEnded(&host.PortError{Err: tt.err}),
		} {
			if reason(err) != tt.why || text(err) != tt.text {
				t.Errorf("%s, %s: %v, %q", tt.name, at, reason(err), text(err))
			}
		}
	}
}

// A caller's name may have 255 octets; the record and the log have the first.
func TestLongNameIsCut(t *testing.T) {
	var log strings.Builder
	c := &call{Calls: New(Options{Meter: nobody{}, Log: slog.New(slog.NewTextHandler(&log, nil))})}
	c.rec.Store(&record.Call{})
	c.identified(identify.Caller{Name: strings.Repeat("x", 255), Method: "pap"})
	if want := strings.Repeat("x", 64) + "…"; c.record().User != want || strings.Contains(log.String(), want[:64]+"x") {
		t.Errorf("the record has %q, the log %s", c.record().User, log.String())
	}
}

// nobody is a Meter that counts nothing.
type nobody struct{}

func (nobody) Stage(record.Stage, time.Duration) {}
func (nobody) Ended(string, record.Call)         {}

// A call that is seen to have ended is counted already.
func TestCountedBeforeItIsSeen(t *testing.T) {
	m := &counting{}
	c := &call{Calls: New(Options{Meter: m, Log: slog.New(slog.DiscardHandler)}), line: failing{}}
	c.rec.Store(&record.Call{Stage: record.Relaying})
	m.seen = func() record.EndReason { return c.known().Reason }
	c.finish(Ended(record.Operator, "over"))
	if m.counted != record.Operator || m.shown != record.Running || c.known().Reason != record.Operator {
		t.Errorf("counted %v while %v was seen, then %v", m.counted, m.shown, c.known().Reason)
	}
}

// counting is a Meter that looks at the call while it counts it.
type counting struct {
	nobody
	seen           func() record.EndReason
	counted, shown record.EndReason
}

func (m *counting) Ended(_ string, c record.Call) { m.counted, m.shown = c.Reason, m.seen() }
