package modem

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

func TestHangUpEscapes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		p.connect(m, connected)
		begin := time.Now()
		h := start(hangUp(m), t.Context())
		p.say("~data that nobody waits for\r\nBUSY\r\n~") // and that must not keep it
		p.want("+++")
		if d := time.Since(begin); d != 1200*time.Millisecond {
			t.Errorf("%v of silence before the escape sequence", d)
		}
		if m.State() != line.HangingUp {
			t.Errorf("state %v", m.State())
		}
		p.say("more~\xff\r\nOK\r\n")
		p.want("ATH\r")
		p.say("\r\nOK\r\n")
		p.becomeReady()
		if _, err := h.get(); err != nil || m.State() != line.Idle {
			t.Errorf("%v, state %v", err, m.State())
		}
		if err := m.HangUp(t.Context()); err != nil || m.State() != line.Idle {
			t.Errorf("the second time: %v, state %v", err, m.State())
		}
		p.wantNothing(time.Second)
	})
}

func TestHangUpWhenTheFirstEscapeIsTakenForData(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{Guard: 500 * time.Millisecond})
		p.connect(m, connected)
		h := start(hangUp(m), t.Context())
		p.want("+++")
		begin := time.Now()
		p.want("+++")
		// What was waited for in vain, then the silence before the next.
		if d := time.Since(begin); d != 500*time.Millisecond+time.Second+500*time.Millisecond {
			t.Errorf("again after %v", d)
		}
		p.say("\r\nOK\r\n")
		p.want("ATH\r")
		p.say("\r\nOK\r\n")
		p.becomeReady()
		if _, err := h.get(); err != nil {
			t.Error(err)
		}
	})
}

func TestHangUpAfterTheCarrierWasLost(t *testing.T) {
	const words = "\r\nNO CARRIER\r\n"
	for name, prepare := range map[string]func(m *Modem, p *peer){
		"and read":     func(m *Modem, p *peer) { go p.say(words); readAll(m) },
		"half read":    func(m *Modem, p *peer) { go p.say(words); m.Read(make([]byte, 50)) },
		"and not read": func(m *Modem, p *peer) { go p.say(words) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{})
				p.connect(m, connected)
				prepare(m, p)
				h := start(hangUp(m), t.Context())
				p.want("+++") // perhaps the caller said it: but once is enough
				p.want("ATH\r")
				p.say("\r\nERROR\r\n")
				p.becomeReady()
				if _, err := h.get(); err != nil || m.State() != line.Idle {
					t.Errorf("%v, state %v", err, m.State())
				}
			})
		})
	}
}

// What is said before the call is surely over may be the caller's.
func TestARingToldBeforeHangUpIsNotBelieved(t *testing.T) {
	const forged = "\r\nRING\r\n\r\nNMBR=5559999\r\n"
	for name, forge := range map[string]func(p *peer){
		"behind NO CARRIER": func(p *peer) { go p.say("~\r\nNO CARRIER\r\n" + forged) },
		"before the escape": func(p *peer) {},
		"silent in command": func(p *peer) { go p.say("~\r\nNO CARRIER\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{})
				p.connect(m, connected)
				forge(p)
				if name != "before the escape" {
					readAll(m)
				}
				h := start(hangUp(m), t.Context())
				p.want("+++")
				p.say(forged)
				if name == "before the escape" {
					p.say("\r\nOK\r\n") // the modem's may come a little later
				}
				p.want("ATH\r")
				if name != "silent in command" {
					p.say("\r\nOK\r\n")
				}
				p.becomeReady()
				if _, err := h.get(); err != nil {
					t.Fatal(err)
				}
				r := start(m.Ring, t.Context())
				p.say("\r\nRING\r\n")
				p.say("\r\nNMBR=5550003\r\n")
				if r, err := r.get(); err != nil || r.Calling != "5550003" {
					t.Errorf("%+v, %v", r, err)
				}
			})
		})
	}
}

// A forged OK must not make us break the silence behind the escape sequence.
func TestAnEarlyOKDoesNotBreakTheGuard(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		p.connect(m, connected)
		h := start(hangUp(m), t.Context())
		p.want("+++")
		p.say("\r\nOK\r\n")
		p.wantNothing(1200*time.Millisecond - 1)
		p.want("ATH\r")
		p.say("\r\nOK\r\n")
		p.becomeReady()
		if _, err := h.get(); err != nil {
			t.Error(err)
		}
	})
}

func TestHangUpFreesReaderAndWriter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		p.connect(m, connected)
		read, wrote := make(chan error, 1), make(chan error, 1)
		go func() { _, err := m.Read(make([]byte, 9)); read <- err }()
		go func() { _, err := m.Write([]byte("x")); wrote <- err }()
		synctest.Wait()
		h := start(hangUp(m), t.Context())
		if err := <-read; err != io.EOF {
			t.Errorf("read: %v", err)
		}
		if err := <-wrote; !errors.Is(err, line.ErrNoCarrier) {
			t.Errorf("write: %v", err)
		}
		p.want("+++")
		p.say("\r\nOK\r\n")
		p.want("ATH\r")
		p.say("\r\nOK\r\n")
		p.becomeReady()
		if _, err := h.get(); err != nil {
			t.Error(err)
		}
	})
}

func TestAModemThatDoesNotHangUpLosesItsPort(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		p.connect(m, connected)
		go io.Copy(io.Discard, p.conn) // reads, and says nothing
		err := m.HangUp(t.Context())
		if !errors.Is(err, errSilent) || m.State() != line.Down {
			t.Errorf("%v, state %v", err, m.State())
		}
		p.conn = nil
		r := start(m.Ring, t.Context())
		p.becomeReady() // on a port opened afresh
		p.say("\r\nRING\r\n\r\nRING\r\n")
		if _, err := r.get(); err != nil {
			t.Error(err)
		}
	})
}

// wired is a port with modem signals.
type wired struct {
	Port
	carrier, dtr atomic.Bool
	drops        atomic.Int32  // of DTR
	deaf         bool          // DTR does not hang up
	slow         time.Duration // until it does
	unplugged    atomic.Bool
}

var errUnplugged = errors.New("input/output error")

func (w *wired) Carrier() (bool, error) {
	if w.unplugged.Load() {
		return false, errUnplugged
	}
	return w.carrier.Load(), nil
}

func (w *wired) SetDTR(on bool) error {
	if !on {
		w.drops.Add(1)
		if !w.deaf {
			time.AfterFunc(w.slow, func() { w.carrier.Store(false) })
		}
	}
	w.dtr.Store(on)
	return nil
}

// newWired makes a line on a port with signals.
func newWired(t *testing.T) (*Modem, *peer, *wired) {
	w := &wired{}
	m, p := newPeer(t, Options{})
	plain := m.o.Open
	m.o.Open = func(ctx context.Context) (Port, error) {
		var err error
		w.Port, err = plain(ctx)
		return w, err
	}
	return m, p, w
}

func TestHangUpByDTR(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p, w := newWired(t)
		for _, slow := range []time.Duration{0, 2500 * time.Millisecond} { // off has been seen then
			w.slow = slow
			w.carrier.Store(true)
			p.connect(m, connected)
			h := start(hangUp(m), t.Context())
			begin, drops := time.Now(), w.drops.Load()
			p.becomeReady()
			if d := time.Since(begin); d < slow.Truncate(dtrTime)+dtrTime || w.drops.Load() != drops+1 || !w.dtr.Load() {
				t.Errorf("%v: after %v, %d drops of DTR", slow, d, w.drops.Load()-drops)
			}
			if _, err := h.get(); err != nil {
				t.Error(err)
			}
		}
	})
	bubble(t, func(t *testing.T) {
		m, p, w := newWired(t)
		w.deaf = true
		w.carrier.Store(true)
		p.connect(m, connected)
		h := start(hangUp(m), t.Context())
		p.want("+++")
		p.say("\r\nOK\r\n")
		p.want("ATH\r")
		p.say("\r\nOK\r\n")
		p.becomeReady()
		if _, err := h.get(); err != nil || w.drops.Load() != 1 {
			t.Errorf("%v, %d drops of DTR", err, w.drops.Load())
		}
	})
}

func TestCarrierDetect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p, w := newWired(t)
		p.connect(m, connected)
		time.Sleep(500 * time.Millisecond)
		w.carrier.Store(true)          // a little late, as some modems do
		go p.say("\r\nNO CARRIER\r\n") // data, where signals tell
		m.Read(make([]byte, 50))
		time.Sleep(time.Minute)
		select {
		case <-m.Lost():
			t.Fatal("lost, while Carrier Detect is on")
		default:
		}
		read := make(chan error)
		go func() { _, err := m.Read(make([]byte, 9)); read <- err }()
		synctest.Wait()
		select {
		case err := <-read:
			t.Fatalf("words from before Carrier Detect told anything ended the call: %v", err)
		default:
		}
		fell := time.Now()
		w.carrier.Store(false)
		<-m.Lost()
		if d := time.Since(fell); d > pollTime {
			t.Errorf("seen after %v", d)
		}
		if err := <-read; err != io.EOF {
			t.Errorf("read: %v", err)
		}
		h := start(hangUp(m), t.Context())
		p.becomeReady()
		if _, err := h.get(); err != nil || w.drops.Load() != 0 {
			t.Errorf("%v, %d drops of DTR", err, w.drops.Load())
		}
	})
	bubble(t, func(t *testing.T) {
		m, p, w := newWired(t)
		p.connect(m, connected)
		w.unplugged.Store(true)
		<-m.Lost()
		if err := m.HangUp(t.Context()); err != nil || m.State() != line.Down {
			t.Errorf("%v, state %v", err, m.State())
		}
	})
}
