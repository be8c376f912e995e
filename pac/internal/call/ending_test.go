package call

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pac/internal/identify"
	"carrier/shared/record"
)

// A carrier that is lost while the caller is identified is told in words.
func TestCarrierLostDuringIdentification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, caller := net.Pipe()
		time.AfterFunc(time.Second, func() { caller.Close() })
		_, err := identify.Run(t.Context(), line, identify.Options{Silence: time.Minute})
		if err = unidentified(t.Context(), err); reason(err) != record.CarrierLost || text(err) != "the line lost its carrier" {
			t.Errorf("%v: %v", reason(err), err)
		}
	})
}

// A caller's name may have 255 octets; the record and the log have the first.
func TestLongNameIsCut(t *testing.T) {
	var log strings.Builder
	c := &call{Calls: New(Options{Meter: nobody{}}), log: slog.New(slog.NewTextHandler(&log, nil))}
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
