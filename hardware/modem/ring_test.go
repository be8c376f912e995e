package modem

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

func TestRingTellsWhoCalls(t *testing.T) {
	for name, c := range map[string]struct {
		lines string
		want  line.Ring
	}{
		"formatted":   {"DATE = 0321\r\nTIME = 1405\r\nNMBR = 5550001\r\nNAME = SARA N\r\n", line.Ring{Calling: "5550001", Name: "SARA N"}},
		"called too":  {"NMBR=5550001\r\nCALLED NUMBER: 5551212\r\n", line.Ring{Calling: "5550001", Called: "5551212"}},
		"isdn4linux":  {"CALLER NUMBER: 0303/5550001\r\nCALLED NUMBER: 5551212\r\n", line.Ring{Called: "5551212"}},
		"with signs":  {"NMBR = +1 (303) 555-0001\r\n", line.Ring{Calling: "+13035550001"}},
		"secret":      {"NMBR = P\r\nNAME = P\r\n", line.Ring{}},
		"out of area": {"DATE=0321\r\nNMBR=O\r\n", line.Ring{}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{})
				r := start(m.Ring, t.Context())
				p.becomeReady()
				synctest.Wait()
				if m.State() != line.Idle {
					t.Errorf("state %v before the ring", m.State())
				}
				first := time.Now()
				p.say("\r\nRING\r\n")
				synctest.Wait()
				if m.State() != line.Ringing {
					t.Errorf("state %v after RING", m.State())
				}
				time.Sleep(3 * time.Second)
				p.say(c.lines)
				got, err := r.get()
				if err != nil {
					t.Fatal(err)
				}
				if wait := time.Since(first); wait != 3*time.Second+quiet {
					t.Errorf("presented after %v", wait)
				}
				if got.Called != c.want.Called || got.Calling != c.want.Calling || got.Name != c.want.Name || !got.At.Equal(first) {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

func TestRingWithoutCallerID(t *testing.T) {
	for rings, wait := range map[int]time.Duration{0: 6 * time.Second, 1: 0, 3: 12 * time.Second} {
		bubble(t, func(t *testing.T) {
			m, p := newPeer(t, Options{Rings: rings})
			r := start(m.Ring, t.Context())
			p.becomeReady()
			synctest.Wait()
			first := time.Now()
			go func() {
				for range 3 {
					p.say("\r\nRING\r\n")
					time.Sleep(6 * time.Second)
				}
			}()
			if _, err := r.get(); err != nil {
				t.Fatal(err)
			}
			if d := time.Since(first); d != wait {
				t.Errorf("Rings %d: presented after %v, want %v", rings, d, wait)
			}
			time.Sleep(time.Minute)
		})
	}
}

func TestCallerGivesUpBeforeTheCallIsPresented(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{Rings: 3})
		r := start(m.Ring, t.Context())
		p.becomeReady()
		p.say("\r\nRING\r\n\r\nNMBR=O\r\n")
		p.say("\r\nRING\r\n")
		if _, err := r.get(); err != nil {
			t.Fatal(err)
		}
	})
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		r := start(m.Ring, t.Context())
		p.becomeReady()
		p.say("\r\nRING\r\n")
		time.Sleep(ringGap + time.Millisecond)
		synctest.Wait()
		if m.State() != line.Idle {
			t.Errorf("state %v after the caller gave up", m.State())
		}
		time.Sleep(time.Second)
		second := time.Now()
		p.say("\r\nRING\r\n")
		p.say("NMBR=5550002\r\n")
		got, err := r.get()
		if err != nil || !got.At.Equal(second) || got.Calling != "5550002" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestGone(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*peer)
		when time.Duration
	}{
		"no more rings": {func(*peer) {}, ringGap},
		"one more ring": {func(p *peer) { time.Sleep(6 * time.Second); p.say("\r\nRING\r\n") }, 6*time.Second + ringGap},
		"no carrier":    {func(p *peer) { time.Sleep(time.Second); p.say("\r\nNO CARRIER\r\n") }, time.Second},
		"port closed":   {func(p *peer) { time.Sleep(time.Second); p.conn.Close() }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{Rings: 1})
				r := start(m.Ring, t.Context())
				p.becomeReady()
				p.say("\r\nRING\r\n")
				got, err := r.get()
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				go c.end(p)
				<-got.Gone
				if d := time.Since(begin); d != c.when {
					t.Errorf("gone after %v, want %v", d, c.when)
				}
				if _, err := m.Answer(t.Context()); !errors.Is(err, line.ErrNoCarrier) {
					t.Errorf("answering nobody: %v", err)
				}
			})
		})
	}
}

func TestARefusedCallRingsForNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{Rings: 1})
		r := start(m.Ring, t.Context())
		p.becomeReady()
		p.say("\r\nRING\r\n")
		if _, err := r.get(); err != nil {
			t.Fatal(err)
		}
		if err := m.HangUp(t.Context()); err != nil || m.State() != line.Idle {
			t.Fatalf("%v, state %v", err, m.State())
		}
		r = start(m.Ring, t.Context())
		for range 3 {
			time.Sleep(6 * time.Second)
			p.say("\r\nRING\r\n")
		}
		time.Sleep(ringGap + time.Second)
		next := time.Now()
		p.say("\r\nRING\r\n")
		if got, err := r.get(); err != nil || !got.At.Equal(next) {
			t.Errorf("got %+v, %v; the next call came at %v", got, err, next)
		}
	})
}

func TestAnIdleModemIsAskedWhetherItLives(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		r := start(m.Ring, t.Context())
		p.becomeReady()
		synctest.Wait()
		idle := time.Now()
		p.want("") // takes the port
		for range 2 {
			p.conn.SetReadDeadline(time.Time{})
			b := make([]byte, 3)
			if n, err := p.conn.Read(b); string(b[:n]) != "AT\r" {
				t.Fatalf("%q, %v", b[:n], err)
			}
			p.say("\r\nOK\r\n")
		}
		if d := time.Since(idle); d < 2*checkTime || d > 2*checkTime+time.Second {
			t.Errorf("asked twice within %v", d)
		}
		// The third time it is silent and is reset; then a call still comes.
		time.Sleep(checkTime)
		p.want("AT\rAT\r")
		p.becomeReady()
		p.say("\r\nRING\r\n\r\nRING\r\n")
		if _, err := r.get(); err != nil {
			t.Fatal(err)
		}
	})
}
