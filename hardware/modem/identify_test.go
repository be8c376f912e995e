package modem

import (
	"strings"
	"testing"
	"time"

	"carrier/hardware/line"
)

// script answers the modem's commands in turn, each with text; empty is silence.
func (p *peer) script(steps ...[2]string) {
	p.t.Helper()
	for _, s := range steps {
		p.want(s[0] + "\r")
		if s[1] != "" {
			p.say(s[1])
		}
	}
}

const okay2 = "\r\nOK\r\n"

func TestAModemIsAskedWhatItIs(t *testing.T) {
	for name, tt := range map[string]struct {
		asked   [][2]string
		profile string
		device  string
		took    time.Duration // at most
	}{
		"at once":          {[][2]string{{"ATI3", "\r\nU.S. Robotics Courier\r\n\r\nOK\r\n"}}, "usr", "U.S. Robotics Courier", time.Second},
		"by its model":     {[][2]string{{"ATI3", "\r\n247\r\nOK\r\n"}, {"AT+GMI", "\r\nERROR\r\n"}, {"AT+GMM", "\r\nCX93001\r\nOK\r\n"}}, "conexant", "CX93001", time.Second},
		"it is nobody":     {[][2]string{{"ATI3", okay2}, {"AT+GMI", okay2}, {"AT+GMM", okay2}, {"ATI0", "\r\n56000\r\nOK\r\n"}}, "hayes", "", time.Second},
		"it talks a lot":   {[][2]string{{"ATI3", "\r\n" + strings.Repeat("RING RONG\r\n", 100) + "OK\r\n"}, {"AT+GMI", okay2}, {"AT+GMM", okay2}, {"ATI0", okay2}}, "hayes", "", time.Second},
		"it is mute":       {[][2]string{{"ATI3", ""}, {"AT+GMI", ""}, {"AT+GMM", ""}}, "hayes", "", identifyTime + 500*time.Millisecond},
		"it says nonsense": {[][2]string{{"ATI3", "\xff\xfe\x00~~~~"}, {"AT+GMI", "\r\nCONNECT 1200\r\nOK\r\n"}, {"AT+GMM", "\r\nNO CARRIER\r\nERROR\r\n"}, {"ATI0", "0\r"}}, "hayes", "CONNECT 1200", 3 * time.Second},
		"page by page":     {[][2]string{{"ATI3", "\r\nLT V.92\r\nPress any key to continue; ESC to quit."}}, "", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{Profile: Auto, Rings: 1})
				r := start(m.Ring, t.Context())
				p.script([2]string{form, okay2})
				begin := time.Now()
				p.script(tt.asked...)
				if tt.profile == "" {
					p.want(" ")
					p.say("\r\nthe rest\r\nOK\r\n")
					tt.profile, tt.device, tt.took = "lucent", "LT V.92", 2*time.Second
				}
				want := byName(tt.profile)
				for _, s := range want.Init {
					p.script([2]string{s, okay2})
				}
				if d := time.Since(begin); d > tt.took+time.Second {
					t.Errorf("it took %v", d)
				}
				p.script([2]string{want.callerID[0], okay2}, [2]string{form, okay2})
				p.say("\r\nRING\r\n")
				if _, err := r.get(); err != nil {
					t.Fatal(err)
				}
				if h := m.Health(); h.Device != tt.device || h.State != line.Ringing || h.Faulty {
					t.Errorf("%+v", h)
				}
			})
		})
	}
}

// What is configured wins over the profile, and a profile that is named asks
// nothing.
func TestInitWins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{Profile: "usr", Init: []string{"AT&F0"}, Rings: 1})
		r := start(m.Ring, t.Context())
		p.script([2]string{form, okay2}, [2]string{"AT&F0", okay2}, [2]string{"AT#CID=1", okay2}, [2]string{form, okay2})
		p.say("\r\nRING\r\n")
		if _, err := r.get(); err != nil {
			t.Fatal(err)
		}
	})
}

// The report is asked for on hook and before the reset, which makes modems
// forget.
func TestTheReportOfACall(t *testing.T) {
	for name, tt := range map[string]struct {
		answers [2]string // to ATI6 and ATI11
		cause   string    // empty: no report
	}{
		"whole":        {[2]string{"\r\nDisconnect Reason is Escape code\r\nRetrains Requested 2\r\nOK\r\n", "\r\nSNR (dB) 30\r\nOK\r\n"}, "Escape code"},
		"only a part":  {[2]string{"\r\nERROR\r\n", "\r\nDisconnect Reason is Loss of carrier\r\nOK\r\n"}, "Loss of carrier"},
		"none":         {[2]string{"\r\nERROR\r\n", "\r\nERROR\r\n"}, ""},
		"it is silent": {[2]string{"", ""}, ""},
		"nonsense":     {[2]string{"\xff\xff\r\n\r\n4\r\n", "\r\nOK\r\nOK\r\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{Profile: "usr", Init: []string{"ATZ"}, Rings: 1})
				reset := [][2]string{{form, okay2}, {"ATZ", okay2}, {"AT#CID=1", okay2}, {form, okay2}}
				r := start(m.Ring, t.Context())
				p.script(reset...)
				p.say("\r\nRING\r\n")
				if _, err := r.get(); err != nil {
					t.Fatal(err)
				}
				a := start(m.Answer, t.Context())
				p.want("ATA\r")
				p.say(connected)
				if _, err := a.get(); err != nil {
					t.Fatal(err)
				}
				if _, ok := m.Report(t.Context()); ok {
					t.Error("a report of a call that runs")
				}
				h := start(hangUp(m), t.Context())
				p.want("+++")
				p.say(okay2)
				p.script([2]string{"ATH", okay2})
				begin := time.Now()
				p.script([2]string{"ATI6", tt.answers[0]})
				if tt.answers[0] != "" {
					p.script([2]string{"ATI11", tt.answers[1]})
				}
				p.script(reset...)
				if _, err := h.get(); err != nil {
					t.Fatal(err)
				}
				if d := time.Since(begin); d > reportTime+3*time.Second {
					t.Errorf("it took %v", d)
				}
				got, ok := m.Report(t.Context())
				if ok != (tt.cause != "") || got.Cause != tt.cause {
					t.Errorf("%+v, %v", got, ok)
				}
				r = start(m.Ring, t.Context())
				p.say("\r\nRING\r\n")
				if _, err := r.get(); err != nil {
					t.Fatal(err)
				}
				if got, ok := m.Report(t.Context()); ok {
					t.Errorf("a call that is not answered has the report of the one before: %+v", got)
				}
			})
		})
	}
}

// With control lines the report can be had as soon as the carrier is lost,
// before HangUp; it is asked once.
func TestTheReportOfALostCarrier(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p, w := newWired(t)
		m.o.Profile, m.o.Init = "usr", []string{"ATZ"}
		ready := [][2]string{{form, okay2}, {"ATZ", okay2}, {"AT#CID=1", okay2}, {form, okay2}}
		for range 2 {
			r := start(m.Ring, t.Context())
			p.script(ready...)
			ready = nil
			p.say("\r\nRING\r\n\r\nRING\r\n")
			if _, err := r.get(); err != nil {
				t.Fatal(err)
			}
			a := start(m.Answer, t.Context())
			p.want("ATA\r")
			w.carrier.Store(true)
			p.say(connected)
			if _, err := a.get(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			w.carrier.Store(false)
			<-m.Lost()
			type answer struct {
				cause string
				ok    bool
			}
			told := make(chan answer)
			go func() {
				got, ok := m.Report(t.Context())
				told <- answer{got.Cause, ok}
			}()
			p.script([2]string{"ATI6", "\r\nDisconnect Reason is Loss of carrier\r\nOK\r\n"}, [2]string{"ATI11", okay2})
			if got := <-told; !got.ok || got.cause != "Loss of carrier" {
				t.Errorf("%+v", got)
			}
			h := start(hangUp(m), t.Context())
			p.script([2]string{form, okay2}, [2]string{"ATZ", okay2}, [2]string{"AT#CID=1", okay2}, [2]string{form, okay2})
			if _, err := h.get(); err != nil || m.State() != line.Idle {
				t.Error(err, m.State())
			}
			if got, ok := m.Report(t.Context()); !ok || got.Cause != "Loss of carrier" {
				t.Errorf("afterwards %+v, %v", got, ok)
			}
		}
	})
}
