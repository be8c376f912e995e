package modem

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

func TestResetOfModemsWithHabits(t *testing.T) {
	for name, answer := range map[string]func(command string) string{
		"plain":      func(string) string { return "\r\nOK\r\n" },
		"echo":       func(c string) string { return c + "\r\r\nOK\r\n" },
		"numeric":    func(string) string { return "0\r" },
		"doubled OK": func(string) string { return "\r\nOK\r\n\r\nOK\r\n" },
		"stray":      func(string) string { return "\r\n\n\r\r\n\x00\x80\xff\r\nOK\r\n\r\r\n" },
		"chatty":     func(string) string { return "\r\nCourier V.Everything\r\n\r\nOK\r\n" },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{Init: []string{"AT&F1", "ATS0=0&C1&D2"}, Rings: 1})
				r := start(m.Ring, t.Context())
				for _, s := range []string{form, "AT&F1", "ATS0=0&C1&D2", "AT+VCID=1", form} {
					p.want(s + "\r")
					if m.State() != line.Resetting {
						t.Errorf("state %v", m.State())
					}
					p.say(answer(s))
				}
				time.Sleep(pause) // what comes last is not the ring's
				p.say("\r\nRING\r\n")
				if _, err := r.get(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestResetFreesAModemFromAnOldCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{Rings: 1})
		r := start(m.Ring, t.Context())
		p.want(form + "\r") // goes to the far end, as does the next
		p.want(form + "\r")
		p.want("+++")
		p.say("\r\nOK\r\n")
		p.want("ATH\r")
		p.say("\r\nOK\r\n")
		p.becomeReady()
		p.say("\r\nRING\r\n")
		if _, err := r.get(); err != nil {
			t.Error(err)
		}
	})
}

func TestQuarantineGrows(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		m, p := newPeer(t, Options{Rings: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
		p.refuse = errors.New("connection refused")
		r := start(m.Ring, t.Context())
		time.Sleep(time.Hour)
		synctest.Wait()
		if m.State() != line.Down {
			t.Errorf("state %v", m.State())
		}
		p.mu.Lock()
		want := time.Second
		for i := 1; i < len(p.opened); i++ {
			if d := p.opened[i].Sub(p.opened[i-1]); d != want {
				t.Errorf("delay %d is %v, want %v", i, d, want)
			}
			want = min(2*want, 5*time.Minute)
		}
		if want != 5*time.Minute {
			t.Errorf("only %d attempts in an hour", len(p.opened))
		}
		if n := strings.Count(log.String(), "connection refused"); n != len(p.opened) {
			t.Errorf("%d attempts, %d lines of log", len(p.opened), n)
		}
		p.refuse = nil
		p.mu.Unlock()
		p.conn = <-p.ports
		p.becomeReady()
		p.say("\r\nRING\r\n")
		if _, err := r.get(); err != nil {
			t.Error(err)
		}
	})
}

func TestASilentModemIsQuarantined(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{Rings: 1})
		r := start(m.Ring, t.Context())
		for range 2 {
			conn := <-p.ports
			said, _ := io.ReadAll(conn) // until the line closes the port
			for _, s := range []string{form, "+++"} {
				if !bytes.Contains(said, []byte(s)) {
					t.Errorf("it did not try %q: %q", s, said)
				}
			}
			synctest.Wait()
			if m.State() != line.Quarantined {
				t.Errorf("state %v", m.State())
			}
		}
		p.becomeReady()
		p.say("\r\nRING\r\n")
		if _, err := r.get(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnInitStringThatTheModemRefuses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		m, p := newPeer(t, Options{Init: []string{"AT&F9"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		r := start(m.Ring, ctx)
		p.want(form + "\r")
		p.say("\r\nOK\r\n")
		p.want("AT&F9\r")
		p.say("\r\nERROR\r\n")
		synctest.Wait()
		if m.State() != line.Quarantined {
			t.Errorf("state %v", m.State())
		}
		cancel()
		if _, err := r.get(); err != context.Canceled {
			t.Error(err)
		}
		if s := log.String(); !strings.Contains(s, "AT&F9: the modem says ERROR") || !strings.Contains(s, "again_in=1s") {
			t.Error(s)
		}
	})
}

func TestDelaysStartAgainAfterAGoodTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		start(m.Ring, t.Context())
		for i, good := range []time.Duration{0, 0, 0, 2 * time.Minute, 0} {
			p.becomeReady()
			time.Sleep(good)
			p.conn.Close()
			p.conn = nil
			lost := time.Now()
			p.want("")
			want := []time.Duration{1, 2, 4, 1, 2}[i] * time.Second
			if d := time.Since(lost); d != want {
				t.Errorf("opened again after %v, want %v", d, want)
			}
		}
	})
}

func TestOwnerIsFreedAtOnce(t *testing.T) {
	for name, at := range map[string]func(p *peer){
		"in a reset":   func(p *peer) { p.want(form + "\r") },
		"while idle":   func(p *peer) { p.becomeReady() },
		"while silent": func(p *peer) { p.conn = <-p.ports; p.conn.Close() },
		"writing":      func(p *peer) { p.conn = <-p.ports; time.Sleep(pause + 1) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{})
				why := errors.New("shutdown")
				ctx, cancel := context.WithCancelCause(t.Context())
				r := start(m.Ring, ctx)
				at(p)
				synctest.Wait()
				now := time.Now()
				cancel(why)
				if _, err := r.get(); err != why || !time.Now().Equal(now) {
					t.Errorf("%v after %v", err, time.Since(now))
				}
			})
		})
	}
}
