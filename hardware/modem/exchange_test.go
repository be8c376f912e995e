package modem_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/exchange"
	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/hardware/netport"
)

// A network is an exchange with the line of a switch, 5551212, and one of a
// caller, 5550001. Its bells are fast and so are the guard times.
type network struct {
	*exchange.Exchange
	pop, caller *modem.Modem
}

// Its ports are sockets of a scheme, or pipes, with which a test may run on a
// fake clock.
func newNetwork(t *testing.T, scheme string, c exchange.Conditions) network {
	at := func(n string) string {
		return map[string]string{"tcp": "tcp://127.0.0.1:0", "unix": "unix://" + filepath.Join(t.TempDir(), n), "pipe": ""}[scheme]
	}
	x, err := exchange.New(exchange.Options{
		Timing: exchange.Timing{Setup: 10 * time.Millisecond, RingEvery: time.Second,
			CallerID: 100 * time.Millisecond, Train: 50 * time.Millisecond, NoAnswer: 2 * time.Second},
		Subscribers: []exchange.Subscriber{
			{Number: "5551212", At: at("pop"), Conditions: c},
			{Number: "5550001", Name: "SARA N", At: at("caller")},
			{Number: "5550002", Conditions: exchange.Conditions{Dead: true}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- x.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	open := func(l *exchange.Line) *modem.Modem {
		m := modem.New(modem.Options{Name: l.Number(), Init: []string{"AT&F", "ATS12=10"}, Guard: 300 * time.Millisecond,
			Open: func(dialling context.Context) (modem.Port, error) {
				if scheme != "pipe" {
					return netport.Open(dialling, l.URL())
				}
				ours, theirs := net.Pipe()
				go l.Plug(ctx, theirs)
				return ours, nil
			}})
		t.Cleanup(func() { m.Close() })
		return m
	}
	return network{x, open(x.Lines()[0]), open(x.Lines()[1])}
}

// connect makes a call from the caller to the switch.
func (n network) connect(t *testing.T) (r line.Ring, called, caller line.Connect) {
	t.Helper()
	dialled := make(chan error, 1)
	go func() {
		var err error
		caller, err = n.caller.Dial(t.Context(), "555-1212")
		dialled <- err
	}()
	r, err := n.pop.Ring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if called, err = n.pop.Answer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-dialled; err != nil {
		t.Fatal(err)
	}
	return r, called, caller
}

func carries(t *testing.T, from io.Writer, to io.Reader, data string) {
	t.Helper()
	if _, err := from.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len(data))
	if n, err := io.ReadFull(to, b); string(b) != data {
		t.Fatalf("%q, %v", b[:n], err)
	}
}

func TestCallsThroughAnExchange(t *testing.T) {
	for _, scheme := range []string{"tcp", "unix"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, scheme, exchange.Conditions{Connect: "28800/ARQ/V34/LAPM/V42BIS"})
			for i := range 3 {
				r, called, caller := n.connect(t)
				if r.Calling != "5550001" || r.Called != "5551212" || r.Name != "SARA N" {
					t.Errorf("the ring tells %+v", r)
				}
				if called.Rate != 28800 || called.Text != "28800/ARQ/V34/LAPM/V42BIS" || caller.Rate == 0 {
					t.Errorf("%+v and %+v", called, caller)
				}
				carries(t, n.pop, n.caller, "~\xff}#\xc0! from the switch~")
				carries(t, n.caller, n.pop, "~a text: \r\nNO CARRIER\r\n, and more~")
				end := []func(){
					func() { n.Drop("5551212") },
					func() { hangUp(t, n.caller) },
					func() { hangUp(t, n.pop) },
				}[i]
				end()
				for _, m := range []*modem.Modem{n.pop, n.caller} {
					if _, err := io.ReadAll(m); err != nil { // EOF
						t.Errorf("%s reads %v", m.Name(), err)
					}
					hangUp(t, m)
					if m.State() != line.Idle {
						t.Errorf("%s is %v", m.Name(), m.State())
					}
				}
			}
		})
	}
}

// A caller says herself that her carrier is lost, then plays a modem in command
// state and one that rings. Her call must be over all the same.
func TestACallerPlaysTheModem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "pipe", exchange.Conditions{})
		n.connect(t)
		over := make(chan struct{})
		go func() {
			defer close(over)
			answer := "\r\nNO CARRIER\r\n"
			for {
				if _, err := n.caller.Write([]byte(answer)); err != nil {
					return
				}
				if _, err := n.caller.Read(make([]byte, 100)); err != nil {
					return
				}
				answer = "\r\nOK\r\n\r\nRING\r\n\r\nNMBR=5559999\r\n"
			}
		}()
		if _, err := io.ReadAll(n.pop); err != nil {
			t.Errorf("read: %v", err)
		}
		hangUp(t, n.pop)
		<-over
		hangUp(t, n.caller)
		if r, _, _ := n.connect(t); r.Calling != "5550001" {
			t.Errorf("the next ring tells %+v", r)
		}
	})
}

func hangUp(t *testing.T, m *modem.Modem) {
	t.Helper()
	if err := m.HangUp(t.Context()); err != nil {
		t.Errorf("%s: %v", m.Name(), err)
	}
}

func TestDialResultsOfAnExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "pipe", exchange.Conditions{})
		for number, want := range map[string]line.DialResult{"5559999": line.NoCarrier, "5550002": line.NoAnswer, "5550001": line.Busy} {
			_, err := n.caller.Dial(t.Context(), number)
			var e *line.DialError
			if !errors.As(err, &e) || e.Result != want {
				t.Errorf("%s: %v, want %v", number, err, &line.DialError{Number: number, Result: want})
			}
			hangUp(t, n.caller)
		}
	})
}

func TestCallerGivesUpWhileItRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "pipe", exchange.Conditions{})
		ctx, cancel := context.WithCancel(t.Context())
		dialled := make(chan error, 1)
		go func() { _, err := n.caller.Dial(ctx, "5551212"); dialled <- err }()
		r, err := n.pop.Ring(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-dialled; !errors.Is(err, context.Canceled) {
			t.Errorf("dial: %v", err)
		}
		hangUp(t, n.caller)
		<-r.Gone
		if _, err := n.pop.Answer(t.Context()); !errors.Is(err, line.ErrNoCarrier) {
			t.Errorf("answer: %v", err)
		}
		hangUp(t, n.pop)
		n.connect(t)
	})
}

// On a slow line the escape sequence stands behind data that the modem has not
// taken yet.
func TestHangUpBehindABacklog(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, "unix", exchange.Conditions{Rate: 9600})
	n.connect(t)
	n.pop.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
	sent := 0
	for err := error(nil); err == nil; {
		var k int
		k, err = n.pop.Write(make([]byte, 100))
		sent += k
	}
	got := make(chan int)
	go func() { b, _ := io.ReadAll(n.caller); got <- len(b) }()
	hangUp(t, n.pop)
	if n.pop.State() != line.Idle {
		t.Errorf("state %v", n.pop.State())
	}
	if g := <-got; g < sent {
		t.Errorf("%d octets arrived of %d", g, sent)
	}
}

// Where the far end takes nothing the modem takes nothing either, not even the
// escape sequence. Losing the port ends the call.
func TestHangUpAModemThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, "pipe", exchange.Conditions{})
		n.connect(t)
		n.pop.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		for err := error(nil); err == nil; {
			_, err = n.pop.Write(make([]byte, 100))
		}
		if err := n.pop.HangUp(t.Context()); err == nil || n.pop.State() != line.Down {
			t.Errorf("%v, state %v", err, n.pop.State())
		}
		if _, err := io.ReadAll(n.caller); err != nil {
			t.Errorf("the caller reads %v", err)
		}
		hangUp(t, n.caller)
		n.connect(t)
	})
}
