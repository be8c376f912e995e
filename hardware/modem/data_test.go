package modem

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

const connected = "\r\nCONNECT 28800\r\n"

// readAll reads until an error.
func readAll(m *Modem) (string, error) {
	var all strings.Builder
	b := make([]byte, 7) // so that things fall apart
	for {
		n, err := m.Read(b)
		all.Write(b[:n])
		if err != nil {
			return all.String(), err
		}
	}
}

func TestNoCarrierInBand(t *testing.T) {
	const words = "\r\nNO CARRIER\r\n"
	for name, pieces := range map[string][]string{
		"after a frame":      {"~frame~" + words},
		"inside a frame":     {"~\xff}#half a fra" + words},
		"behind CONNECT":     {words},
		"split":              {"~data~\r", "\nNO CAR", "RIER\r", "\n"},
		"with the next ring": {"~data~" + words + "\r\nRING\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{})
				p.connect(m, connected)
				lost := m.Lost()
				said := time.Now()
				go func() {
					for _, s := range pieces {
						p.say(s)
					}
				}()
				got, err := readAll(m)
				if err != io.EOF || got != strings.Join(pieces, "") {
					t.Errorf("read %q, %v", got, err)
				}
				if d := time.Since(said); d != time.Second {
					t.Errorf("believed after %v", d)
				}
				<-lost
				if _, err := m.Write([]byte("x")); !errors.Is(err, line.ErrNoCarrier) {
					t.Errorf("writing: %v", err)
				}
			})
		})
	}
}

func TestNoCarrierThatIsData(t *testing.T) {
	const words = "\r\nNO CARRIER\r\n"
	for name, pieces := range map[string][]string{
		"in a frame":             {"~a text: " + words + "and more~"},
		"the frame goes on soon": {"~a text: " + words, "\x12\x34~"},
		"not a line of its own":  {"~ NO CARRIER\r\n"},
		"not the whole line":     {"~" + words[:len(words)-1]},
		"words and a flag":       {words + "~"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{})
				p.connect(m, connected)
				go func() {
					for _, s := range pieces {
						p.say(s)
						time.Sleep(900 * time.Millisecond)
					}
					time.Sleep(time.Minute)
					p.say("~still here~")
					p.conn.Close()
				}()
				got, err := readAll(m)
				if want := strings.Join(pieces, "") + "~still here~"; got != want || err != io.EOF {
					t.Errorf("read %q, %v", got, err)
				}
			})
		})
	}
}

func TestDeadlines(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		p.connect(m, connected)
		b := make([]byte, 10)
		begin := time.Now()
		m.SetReadDeadline(begin.Add(3 * time.Second))
		if _, err := m.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begin) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		m.SetWriteDeadline(time.Now().Add(time.Second))
		if _, err := m.Write(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		m.SetReadDeadline(time.Time{})
		go func() {
			time.Sleep(time.Second)
			m.SetReadDeadline(time.Unix(1, 0)) // as who cancels does
		}()
		if _, err := m.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		// A deadline between the words and their verdict takes nothing from it.
		m.SetReadDeadline(time.Time{})
		go p.say("\r\nNO CARRIER\r\n")
		m.Read(make([]byte, 100))
		m.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		if _, err := m.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		m.SetReadDeadline(time.Now().Add(time.Hour))
		begin = time.Now()
		if _, err := m.Read(b); err != io.EOF || time.Since(begin) != 500*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}

func TestThePortClosesInACall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{Rings: 1})
		p.connect(m, connected+"last words")
		p.conn.Close()
		if got, err := readAll(m); got != "last words" || err != io.EOF {
			t.Errorf("%q, %v", got, err)
		}
		if err := m.HangUp(t.Context()); err != nil || m.State() != line.Down {
			t.Errorf("%v, state %v", err, m.State())
		}
		p.conn = nil
		r := start(m.Ring, t.Context())
		p.becomeReady()
		p.say("\r\nRING\r\n")
		if _, err := r.get(); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseFreesEverybody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		p.connect(m, connected)
		type result struct {
			n   int
			err error
		}
		reads, writes := make(chan result, 1), make(chan result, 1)
		go func() { n, err := m.Read(make([]byte, 9)); reads <- result{n, err} }()
		go func() { n, err := m.Write([]byte("nobody reads this")); writes <- result{n, err} }()
		synctest.Wait()
		m.Close()
		if r := <-reads; r.err != io.EOF {
			t.Errorf("read: %v", r.err)
		}
		if w := <-writes; !errors.Is(w.err, line.ErrNoCarrier) {
			t.Errorf("write: %v", w.err)
		}
		if _, err := m.Ring(t.Context()); err != line.ErrClosed {
			t.Errorf("ring: %v", err)
		}
		if m.State() != line.Down {
			t.Errorf("state %v", m.State())
		}
	})
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		r := start(m.Ring, t.Context())
		p.becomeReady()
		synctest.Wait()
		m.Close()
		if _, err := r.get(); err != line.ErrClosed {
			t.Errorf("ring: %v", err)
		}
	})
}

// gauged is a port behind a network.
type gauged struct{ Port }

func (gauged) Unsent() (int, bool) { return 7, true }
func (gauged) Queued() (int, bool) { return 3, true }

func TestWhatWaitsInThePort(t *testing.T) {
	for name, tt := range map[string]struct {
		wrap   func(Port) Port
		unsent int
		queued int
		known  bool
	}{
		"it cannot tell":   {func(p Port) Port { return p }, 0, 0, false},
		"a device":         {func(p Port) Port { return stopped{p} }, 1, 1, true},
		"behind a network": {func(p Port) Port { return gauged{p} }, 7, 3, true},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{})
				if n, known := m.Queued(); n != 0 || known {
					t.Errorf("without a call: %d, %v", n, known)
				}
				plain := m.o.Open
				m.o.Open = func(ctx context.Context) (Port, error) {
					port, err := plain(ctx)
					return tt.wrap(port), err
				}
				p.connect(m, connected)
				if n, known := m.Unsent(); n != tt.unsent || known != tt.known {
					t.Errorf("unsent: %d, %v", n, known)
				}
				if n, known := m.Queued(); n != tt.queued || known != tt.known {
					t.Errorf("queued: %d, %v", n, known)
				}
			})
		})
	}
}
