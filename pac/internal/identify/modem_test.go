package identify

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/exchange"
	"carrier/hardware/modem"
	"carrier/shared/hdlc"
	"carrier/shared/ppp"
)

// telephone makes a call between two modems, of which hers was set up so. No
// signal tells of the carrier.
func telephone(t *testing.T, setup string) (ours, hers *modem.Modem) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	x, err := exchange.New(exchange.Options{Subscribers: []exchange.Subscriber{{Number: "5551212"}, {Number: "5550001"}},
		Rules: []exchange.Rule{{Conditions: exchange.Conditions{Rate: 28800, Delay: 30 * time.Millisecond}}}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- x.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	open := func(l *exchange.Line, init ...string) *modem.Modem {
		m := modem.New(modem.Options{Name: l.Number(), Init: init, Open: func(context.Context) (modem.Port, error) {
			port, modems := net.Pipe()
			go l.Plug(ctx, modems)
			return port, nil
		}})
		t.Cleanup(func() { m.Close() })
		return m
	}
	ours, hers = open(x.Lines()[0], "ATZ"), open(x.Lines()[1], setup)
	dialled := make(chan error)
	go func() {
		_, err := hers.Dial(ctx, "5551212")
		dialled <- err
	}()
	if _, err := ours.Ring(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := ours.Answer(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-dialled; err != nil {
		t.Fatal(err)
	}
	return ours, hers
}

// says writes to a modem, and returns what comes from it in a while.
func says(t *testing.T, m *modem.Modem, what string, while time.Duration) string {
	t.Helper()
	if _, err := io.WriteString(m, what); err != nil {
		t.Errorf("saying %q: %v", what, err)
	}
	m.SetReadDeadline(time.Now().Add(while))
	b, err := io.ReadAll(m)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("behind %q: %v", what, err)
	}
	return string(b)
}

// Who asks for the prompt and then starts PPP reads the one before the other:
// what comes to her first frame is frames alone.
func TestAPromptThatSpoilsNoFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, hers := telephone(t, "ATZ")
		ended := make(chan error)
		go func() {
			_, err := Run(t.Context(), ours, Options{})
			ended <- err
		}()
		if got := says(t, hers, "\r", 200*time.Millisecond); got != "login: " {
			t.Errorf("before PPP she reads %q", got)
		}
		got := says(t, hers, frame(ppp.LCP, "\x01\x01\x00\x04"), time.Second)
		if !strings.HasPrefix(got, "~") {
			t.Errorf("then %q", got)
		}
		var d hdlc.Decoder
		good := 0
		d.Push([]byte(got), func(_ []byte, err error) {
			if good++; err != nil {
				t.Errorf("a frame is spoilt: %v", err)
			}
		})
		if good != 2 { // our request, and the Ack of hers
			t.Errorf("%d frames in %q", good, got)
		}
		hers.Close()
		if err := <-ended; err != io.EOF {
			t.Error(err)
		}
	})
}

// What a caller types comes back to our modem, which must not take it for an
// escape sequence, whatever silence is around it. Hers knows none.
func TestEscapeSequenceTyped(t *testing.T) {
	const guard = 1500 * time.Millisecond
	for _, pieces := range [][]string{{"+++"}, {"+", "+", "+"}, {"++", "+"}, {"++++", "\b"}, {"+++", "", "+++"}} {
		synctest.Test(t, func(t *testing.T) {
			ours, hers := telephone(t, "ATS2=128")
			ended := make(chan error)
			var id *Identified
			go func() {
				var err error
				id, err = Run(t.Context(), ours, Options{})
				ended <- err
			}()
			says(t, hers, "\r", guard)
			for _, s := range pieces {
				wait := guard
				if len(s) == 1 {
					wait = 500 * time.Millisecond
				}
				says(t, hers, s, wait)
			}
			says(t, hers, "", guard)
			if got := says(t, hers, "\x15saran\rsecret\r", guard); !strings.HasSuffix(got, "saran\r\nPassword: \r\n") {
				t.Errorf("%q: she is shown %q behind it", pieces, got)
			}
			hers.Close()
			if err := <-ended; err != nil || id.Caller().Name != "saran" {
				t.Errorf("%q: %v", pieces, err)
			}
		})
	}
}

// Our modem says in band that she has hung up, by an escape sequence that we have
// seen and shown.
func TestHangUpAtThePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, hers := telephone(t, "ATZ")
		gone := make(chan error)
		go func() {
			says(t, hers, "\rsaran\rsec", time.Second)
			gone <- hers.HangUp(t.Context())
		}()
		if id, err := Run(t.Context(), ours, Options{}); err != io.EOF {
			t.Errorf("%+v, %v", id, err)
		}
		for _, err := range []error{<-gone, ours.HangUp(t.Context())} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}
