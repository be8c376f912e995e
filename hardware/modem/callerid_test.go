package modem

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"carrier/hardware/line"
)

func TestCallerIDIsAskedFor(t *testing.T) {
	const ok, fault, silence = "\r\nOK\r\n", "\r\nERROR\r\n", ""
	type step struct{ want, say string }
	for name, c := range map[string]struct {
		init  []string
		steps []step // between the init commands and the last form
		told  bool   // that there is none
	}{
		"the usual command":         {nil, []step{{"AT+VCID=1", ok}}, false},
		"the other command":         {nil, []step{{"AT+VCID=1", fault}, {"AT#CID=1", ok}}, false},
		"none":                      {nil, []step{{"AT+VCID=1", fault}, {"AT#CID=1", fault}}, true},
		"silent about the first":    {nil, []step{{"AT+VCID=1", silence}, {"AT#CID=1", ok}}, false},
		"silent about the second":   {nil, []step{{"AT+VCID=1", fault}, {"AT#CID=1", silence}}, true},
		"silent about both":         {nil, []step{{"AT+VCID=1", silence}, {"AT#CID=1", silence}}, true},
		"init asks":                 {[]string{"ATZ", "at+vcid=1"}, nil, false},
		"init asks in other words":  {[]string{"AT&F%CCID=1"}, nil, false},
		"init asks in Cirrus words": {[]string{"AT*ID1"}, nil, false},
		"init wants none":           {[]string{"AT#CID=0"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var log bytes.Buffer
				m, p := newPeer(t, Options{Init: c.init, Rings: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
				reset := func() {
					p.want(form + "\r")
					p.say(ok)
					init := c.init
					if init == nil {
						init = []string{"ATZ"}
					}
					for _, s := range init {
						p.want(s + "\r")
						p.say(ok)
					}
					for _, s := range c.steps {
						p.want(s.want + "\r")
						if s.say != silence {
							p.say(s.say)
						}
					}
					p.want(form + "\r")
					p.say(ok)
				}
				r := start(m.Ring, t.Context())
				reset()
				p.say("\r\nRING\r\n")
				if _, err := r.get(); err != nil {
					t.Fatal(err)
				}
				p.callAndHangUp(m)
				reset()
				synctest.Wait()
				if m.State() != line.Idle {
					t.Errorf("state %v after the second reset", m.State())
				}
				want := 0
				if c.told {
					want = 1
				}
				if n := strings.Count(log.String(), "no caller id"); n != want {
					t.Errorf("told %d times that there is no caller id, want %d:\n%s", n, want, &log)
				}
			})
		})
	}
}

// callAndHangUp answers the call that Ring returned, loses its carrier, and
// begins hanging up, which resets the modem.
func (p *peer) callAndHangUp(m *Modem) {
	p.t.Helper()
	a := start(m.Answer, p.t.Context())
	p.want("ATA\r")
	p.say("\r\nCONNECT 9600\r\n")
	if _, err := a.get(); err != nil {
		p.t.Fatal(err)
	}
	go func() { // as the owner of a call does, until it ends
		b := make([]byte, 64)
		for _, err := m.Read(b); err == nil; _, err = m.Read(b) {
			continue
		}
		start(hangUp(m), p.t.Context())
	}()
	p.say("\r\nNO CARRIER\r\n")
	p.want("+++")
	p.want("ATH\r")
	p.say("\r\nOK\r\n")
}
