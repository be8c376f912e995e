package modem_test

import (
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/exchange"
	"carrier/hardware/line"
)

// Nothing that is written in a call is an escape sequence to our modem, whatever
// silence is around it; what could not be one is not touched.
func TestNothingWrittenEscapes(t *testing.T) {
	const ms = time.Millisecond
	type piece struct {
		after time.Duration // the modem's guard time is 200 ms
		what  string
	}
	for _, tt := range []struct {
		pieces []piece
		want   string
	}{
		{[]piece{{500 * ms, "+++"}}, "++\x00+"},
		{[]piece{{500 * ms, "+"}, {100 * ms, "+"}, {190 * ms, "+"}}, "++\x00+"},
		{[]piece{{500 * ms, "++"}, {100 * ms, "+"}}, "++\x00+"},
		{[]piece{{500 * ms, "+"}, {500 * ms, "++"}, {100 * ms, "+"}}, "++\x00++"},
		{[]piece{{500 * ms, "+++"}, {500 * ms, "+++"}, {100 * ms, "+"}}, "++\x00+++\x00++"},
		{[]piece{{210 * ms, "+++"}}, "++\x00+"},
		{[]piece{{500 * ms, "data"}, {500 * ms, "+++"}}, "data++\x00+"},
		{[]piece{{500 * ms, "++++"}}, "++++"},
		{[]piece{{500 * ms, "data+++"}}, "data+++"},
		{[]piece{{500 * ms, "data"}, {100 * ms, "+++"}}, "data+++"},
		{[]piece{{500 * ms, "++"}, {100 * ms, "a"}, {100 * ms, "+++"}}, "++a+++"},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t, "pipe", exchange.Conditions{})
			n.connect(t)
			for _, p := range tt.pieces {
				time.Sleep(p.after)
				if k, err := io.WriteString(n.pop, p.what); k != len(p.what) || err != nil {
					t.Errorf("%v: wrote %d octets, %v", tt.pieces, k, err)
				}
			}
			time.Sleep(500 * ms)
			if _, err := io.WriteString(n.pop, " and more"); err != nil {
				t.Error(err)
			}
			n.caller.SetReadDeadline(time.Now().Add(time.Second))
			got, err := io.ReadAll(n.caller)
			if string(got) != tt.want+" and more" || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%v: the caller reads %q, %v", tt.pieces, got, err)
			}
			hangUp(t, n.pop) // which still can
			if n.pop.State() != line.Idle {
				t.Errorf("%v: the modem is %v", tt.pieces, n.pop.State())
			}
		})
	}
}
