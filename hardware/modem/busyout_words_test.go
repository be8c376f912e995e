package modem

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Some modems know no such command, others refuse it.
func TestBusyOutUnsupported(t *testing.T) {
	for profile, refuses := range map[string]bool{"hayes": true, "wifi": false} {
		bubble(t, func(t *testing.T) {
			m, p := newPeer(t, Options{Profile: profile, Init: []string{"ATZ", "AT+VCID=1"}})
			r := start(func(ctx context.Context) (any, error) { return nil, m.BusyOut(ctx) }, t.Context())
			p.becomeReady()
			if refuses {
				p.want("ATH1\r")
				p.say("\r\nERROR\r\n")
			}
			if _, err := r.get(); !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%s: %v", profile, err)
			}
		})
	}
}

// It is tried anew after a fault, and the modem is put back on the hook even
// where its reset would not do that.
func TestBusyOutMendsFaults(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		r := start(func(ctx context.Context) (any, error) { return nil, m.BusyOut(ctx) }, ctx)
		p.becomeReady()
		p.want("ATH1\r")
		p.conn.Close()
		p.conn = nil
		p.want(form + "\r")
		p.say("\r\nOK\r\n")
		for _, command := range []string{"ATH", "ATZ", "AT+VCID=1", form, "ATH1"} {
			p.want(command + "\r")
			p.say("\r\nOK\r\n")
		}
		p.wantNothing(checkTime - time.Minute/2)
		p.want("ATH1\r") // now and then, should it have been reset
		p.say("\r\nOK\r\n")
		cancel()
		p.want("ATH\r")
		p.say("\r\nOK\r\n")
		if _, err := r.get(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// A call that rings is not taken by going off hook: the caller gives up first.
func TestBusyOutBehindARing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		r := start(func(ctx context.Context) (any, error) { return nil, m.BusyOut(ctx) }, ctx)
		for _, command := range []string{form, "ATZ", "AT+VCID=1"} {
			p.want(command + "\r")
			p.say("\r\nOK\r\n")
		}
		p.want(form + "\r")
		p.say("\r\nOK\r\n\r\nRING\r\n")
		p.wantNothing(6 * time.Second)
		p.say("\r\nRING\r\n")
		p.wantNothing(ringGap - time.Second)
		p.want("ATH1\r")
		cancel()
		if _, err := r.get(); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
