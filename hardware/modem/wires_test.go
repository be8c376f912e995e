package modem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

const lossSaid = "\r\nNO CARRIER\r\n"

// Data Carrier Detect that stays as it is tells nothing: the words do, and the
// operator is told once.
func TestCarrierDetectThatTellsNothing(t *testing.T) {
	for _, on := range []bool{false, true} {
		t.Run(fmt.Sprintf("always %v", on), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var log bytes.Buffer
				m, p, w := newWired(t)
				m.o.Log = slog.New(slog.NewTextHandler(&log, nil))
				w.deaf = true
				w.carrier.Store(on)
				for range 2 {
					p.connect(m, connected)
					read := make(chan error)
					go func() { _, err := readAll(m); read <- err }()
					time.Sleep(time.Minute)
					select {
					case <-m.Lost():
						t.Fatal("lost while the modem says nothing")
					default:
					}
					p.say(lossSaid)
					<-m.Lost()
					<-read
					h := start(hangUp(m), t.Context())
					p.want("+++") // DTR may not be wired either
					p.want("ATH\r")
					p.say("\r\nOK\r\n")
					p.becomeReady()
					if _, err := h.get(); err != nil {
						t.Fatal(err)
					}
				}
				if n := strings.Count(log.String(), "does not follow the carrier"); n != 1 {
					t.Errorf("told %d times:\n%s", n, log.String())
				}
			})
		})
	}
}

// Once it has told, a call in which it does not come is none.
func TestCarrierDetectThatIsMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p, w := newWired(t)
		p.connect(m, connected)
		w.carrier.Store(true)
		time.Sleep(time.Minute)
		w.carrier.Store(false)
		<-m.Lost()
		h := start(hangUp(m), t.Context())
		p.becomeReady()
		if _, err := h.get(); err != nil {
			t.Fatal(err)
		}
		p.connect(m, connected)
		begin := time.Now()
		<-m.Lost() // it never came
		if d := time.Since(begin); d < time.Second || d > time.Second+pollTime {
			t.Errorf("given up after %v", d)
		}
	})
}

// A call that lost its port says so in the port's words.
func TestReadSaysWhatBecameOfThePort(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p, w := newWired(t)
		p.connect(m, connected)
		w.unplugged.Store(true)
		<-m.Lost()
		if _, err := m.Read(make([]byte, 1)); !errors.Is(err, errUnplugged) {
			t.Errorf("read: %v", err)
		}
	})
}

// A device that is not there is looked for often, and spoken of once.
func TestADeviceThatIsNotThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		m, p := newPeer(t, Options{Rings: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
		p.mu.Lock()
		p.refuse = &fs.PathError{Op: "open", Path: "/dev/ttyUSB0", Err: fs.ErrNotExist}
		p.mu.Unlock()
		r := start(m.Ring, t.Context())
		for range 2 { // unplugged again at the end
			time.Sleep(time.Hour)
			synctest.Wait()
			if m.State() != line.Down {
				t.Errorf("state %v", m.State())
			}
			p.mu.Lock()
			if n := len(p.opened); n < 1800 || n > 1801 {
				t.Errorf("looked for %d times in an hour", n)
			}
			p.opened = nil
			back := p.refuse
			p.refuse = nil
			p.mu.Unlock()
			began := time.Now()
			p.conn = <-p.ports
			if d := time.Since(began); d > lookAgain {
				t.Errorf("taken back after %v", d)
			}
			p.becomeReady()
			synctest.Wait()
			if m.State() != line.Idle {
				t.Errorf("state %v when it is back", m.State())
			}
			p.mu.Lock()
			p.opened, p.refuse = nil, back
			p.mu.Unlock()
			p.conn.Close()
			time.Sleep(firstDelay)
			synctest.Wait()
		}
		if n := strings.Count(log.String(), "the modem is not there"); n != 2 {
			t.Errorf("said %d times in two absences", n)
		}
		if !strings.Contains(log.String(), "open /dev/ttyUSB0: file does not exist") {
			t.Error(log.String())
		}
		_ = m.Close()
		if _, err := r.get(); err != line.ErrClosed {
			t.Error(err)
		}
	})
}

// stopped is a port whose CTS is off: it takes octets and sends none.
type stopped struct{ Port }

func (stopped) Unsent() (int, bool) { return 1, true }

func TestAPortThatSendsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		m, p := newPeer(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		plain := m.o.Open
		m.o.Open = func(ctx context.Context) (Port, error) {
			port, err := plain(ctx)
			return stopped{port}, err
		}
		r := start(m.Ring, t.Context())
		_, _ = io.ReadAll(<-p.ports) // until the line gives up
		synctest.Wait()
		if !strings.Contains(log.String(), "the modem does not answer, and takes no octets") {
			t.Error(log.String())
		}
		_ = m.Close()
		if _, err := r.get(); err != line.ErrClosed {
			t.Error(err)
		}
	})
}

// parting is a port that says when it is closed.
type parting struct {
	Port
	close func()
}

func (p parting) Close() error { p.close(); return nil }

// A port may take its time to close: who asks how the modem does, or sets a
// deadline, does not wait for that.
func TestNobodyWaitsForAPortToClose(t *testing.T) {
	for what, part := range map[string]func(*Modem){
		"dropping": (*Modem).drop,
		"closing":  func(m *Modem) { _ = m.Close() },
	} {
		m, closed := New(Options{Name: "test"}), 0
		m.port = parting{close: func() {
			if closed++; !m.mu.TryLock() {
				t.Errorf("%s: others wait", what)
				return
			}
			m.mu.Unlock()
		}}
		part(m)
		part(m)
		if closed != 1 {
			t.Errorf("%s: it is closed %d times", what, closed)
		}
	}
}

// That a port has no control lines is said once, however often it is lost and
// opened again; of one that has them, never. Each line says it for itself.
func TestNoControlLinesIsSaidOnceForEachLine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		wired, wiredPeer, _ := newWired(t)
		first, firstPeer := newPeer(t, Options{})
		second, secondPeer := newPeer(t, Options{})
		for name, l := range map[string]struct {
			m     *Modem
			p     *peer
			calls int
		}{"wired": {wired, wiredPeer, 3}, "first": {first, firstPeer, 3}, "second": {second, secondPeer, 1}} {
			l.m.o.Log = logger.With("line", name)
			for range l.calls {
				l.p.connect(l.m, connected)
				l.p.conn.Close()
				if _, err := readAll(l.m); err == nil {
					t.Errorf("%s: the port is lost, and nobody says so", name)
				}
				<-l.m.Lost()
				_ = l.m.HangUp(t.Context()) // the port is lost: Ring opens it anew
				l.p.conn = nil
			}
			if n := len(l.p.opened); n != l.calls {
				t.Errorf("%s: opened %d times for %d calls", name, n, l.calls)
			}
		}
		for name, want := range map[string]int{"wired": 0, "first": 1, "second": 1} {
			said := 0
			for entry := range strings.Lines(log.String()) {
				if strings.Contains(entry, "the port has no modem control lines: NO CARRIER and +++ do their work") && strings.HasSuffix(entry, " line="+name+"\n") {
					said++
				}
			}
			if said != want {
				t.Errorf("%s: said %d times, want %d:\n%s", name, said, want, &log)
			}
		}
	})
}
