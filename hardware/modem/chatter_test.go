package modem

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

// A modem that says OK without end costs the program no more than so many lines
// a second, and its line is named once. It is answered all the same.
func TestAModemThatTalksWithoutEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log strings.Builder
		m, p := newPeer(t, Options{Rings: 1, Log: slog.New(slog.NewTextHandler(&log, nil)).With("line", "courier/7")})
		r := start(m.Ring, t.Context())
		p.becomeReady()
		warned := func() int {
			synctest.Wait()
			return strings.Count(log.String(), `level=WARN msg="the idle modem talks without end: look at it and its cable" line=courier/7 says=OK`)
		}
		p.say(strings.Repeat("OK\r\n", chatty))
		if n := warned(); n != 0 {
			t.Errorf("%d warnings of what may be: %s", n, log.String())
		}
		for range 2 {
			time.Sleep(time.Minute)
			began := time.Now()
			for range 10 {
				p.say(strings.Repeat("OK\r\n", flood))
			}
			if took := time.Since(began); took < 8*time.Second || took > 10*time.Second {
				t.Errorf("10 seconds' lines were taken within %v", took)
			}
			if n := warned(); n != 1 {
				t.Errorf("%d warnings: %s", n, log.String())
			}
		}
		p.say("\r\nRING\r\n")
		if _, err := r.get(); err != nil || m.State() != line.Ringing {
			t.Errorf("%v, %v", m.State(), err)
		}
		time.Sleep(time.Minute) // it rings out
	})
}

// Whoever waits at a modem that talks reads no more than that, and is freed.
func TestATalkingModemIsFreed(t *testing.T) {
	for name, busy := range map[string]bool{"ring": false, "busied out": true} {
		bubble(t, func(t *testing.T) {
			m, p := newPeer(t, Options{})
			r := start(func(ctx context.Context) (line.Ring, error) {
				if busy {
					return line.Ring{}, m.BusyOut(ctx)
				}
				return m.Ring(ctx)
			}, t.Context())
			p.becomeReady()
			if busy {
				p.want("ATH1\r")
				p.say("\r\nOK\r\n")
			}
			wrote := make(chan int, 1)
			go func() {
				n, _ := p.conn.Write([]byte(strings.Repeat("OK\r\n", 3*flood)))
				wrote <- n
			}()
			synctest.Wait() // all of a second's lines are taken
			began := time.Now()
			m.Close()
			if _, err := r.get(); err != line.ErrClosed || time.Since(began) > 0 {
				t.Errorf("%s: %v after %v", name, err, time.Since(began))
			}
			if n := <-wrote / len("OK\r\n"); n < flood || n > flood+len(dialogue{}.buf) {
				t.Errorf("%s: %d lines were taken", name, n)
			}
		})
	}
}
