package caller

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"carrier/hardware/exchange"
	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/hardware/netport"
	"carrier/shared/ppp/auth"
)

// A telephone network with a switch at 5551212 that answers, and the line of a
// caller.
type phones struct {
	x   *exchange.Exchange
	pop *modem.Modem
}

func newPhones(t *testing.T, c exchange.Conditions) phones {
	t.Helper()
	x, err := exchange.New(exchange.Options{
		Timing: exchange.Timing{Setup: 10 * time.Millisecond, RingEvery: 100 * time.Millisecond,
			Train: 50 * time.Millisecond, NoAnswer: time.Minute},
		Subscribers: []exchange.Subscriber{
			{Number: "5551212", At: "tcp://127.0.0.1:0", Conditions: c},
			{Number: "5550001", At: "tcp://127.0.0.1:0"},
			{Number: "5550002", At: "tcp://127.0.0.1:0"},
		}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- x.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	pop := modem.New(modem.Options{Name: "pop", Rings: 1, Guard: 100 * time.Millisecond, Init: []string{"AT&FS12=1"},
		Open: func(ctx context.Context) (modem.Port, error) { return netport.Open(ctx, x.Lines()[0].URL()) }})
	t.Cleanup(func() { pop.Close() })
	return phones{x: x, pop: pop}
}

// port is the caller's.
func (p phones) port(t *testing.T) Port {
	t.Helper()
	port, err := netport.Open(t.Context(), p.x.Lines()[1].URL())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// answer waits for a call and takes it.
func (p phones) answer(t *testing.T) {
	t.Helper()
	go func() {
		if _, err := p.pop.Ring(t.Context()); err != nil {
			return
		}
		if _, err := p.pop.Answer(t.Context()); err != nil {
			t.Error(err)
			return
		}
		answer(t, p.pop, auth.CHAPMD5).start()
	}()
}

func TestDialledCall(t *testing.T) {
	p := newPhones(t, exchange.Conditions{Rate: 115200})
	p.answer(t)
	var s story
	c, err := Dial(within(t, 20*time.Second), p.port(t), Options{Number: "5551212", Init: []string{"ATZ", "ATE0V1"},
		Login: saran("blue moon"), Story: s.tell})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := c.Get(within(t, 20*time.Second), "http://10.0.0.1/"); err != nil || string(b) != "hello 10.0.0.2" {
		t.Errorf("page %q, %v", b, err)
	}
	if s.text(Dialling) != "5551212" || !strings.HasPrefix(s.text(Connected), "115200/ARQ") || s.events[1].Rate != 115200 {
		t.Errorf("story %+v", s.events)
	}
	if err := c.Close(); err != nil || c.Err() != nil {
		t.Errorf("hanging up: %v, %v", err, c.Err())
	}
	select { // our modem has hung up
	case <-p.pop.Lost():
	case <-within(t, 20*time.Second).Done():
		t.Error("the switch still has a carrier")
	}
}

func TestDropped(t *testing.T) {
	p := newPhones(t, exchange.Conditions{})
	p.answer(t)
	c, err := Dial(within(t, 20*time.Second), p.port(t), Options{Number: "5551212", Login: saran("blue moon")})
	if err != nil {
		t.Fatal(err)
	}
	p.x.Drop("5550001")
	<-c.Done()
	if !errors.Is(c.Err(), ErrCarrier) {
		t.Errorf("error %v", c.Err())
	}
}

func TestDialResults(t *testing.T) {
	p := newPhones(t, exchange.Conditions{})
	busy, err := netport.Open(t.Context(), p.x.Lines()[2].URL())
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	busy.Write([]byte("ATDT5551212\r")) // which rings, and both are busy
	if _, err := p.pop.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		number string
		want   line.DialResult
	}{
		{"5550002", line.Busy},
		{"5559999", line.NoCarrier},
	} {
		var s story
		_, err := Dial(within(t, 20*time.Second), p.port(t), Options{Number: c.number, Story: s.tell})
		var result *line.DialError
		if !errors.As(err, &result) || result.Result != c.want {
			t.Errorf("%s: %v", c.number, err)
		}
		if s.text(Dialling) != c.number || s.text(Ended) != err.Error() || len(s.events) != 2 {
			t.Errorf("%s: story %+v", c.number, s.events)
		}
	}
	if _, err := Dial(within(t, 20*time.Second), p.port(t), Options{Number: "moon"}); err == nil || !strings.Contains(err.Error(), "not a number") {
		t.Errorf("error %v", err)
	}
}
