package modem

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

func TestAnswerHandsOverWhatComesBehindConnect(t *testing.T) {
	const frame = "~\xff}#\xc0!"
	for name, c := range map[string]struct {
		pieces []string
		rate   int
		text   string
	}{
		"together":          {[]string{"\r\nCONNECT 28800/ARQ/V34/LAPM/V42BIS\r\n" + frame}, 28800, "28800/ARQ/V34/LAPM/V42BIS"},
		"between CR and LF": {[]string{"\r\nCONNECT 14400\r", "\n" + frame}, 14400, "14400"},
		"LF alone":          {[]string{"\r\nCONNECT 14400\r", "\n", frame}, 14400, "14400"},
		"later":             {[]string{"\r\nCONNECT\r\n", frame}, 0, ""},
		"echo and rings":    {[]string{"ATA\r", "\r\nRING\r\n", "\r\nOK\r\n\r\nCONNECT 2400\r\n", frame}, 2400, "2400"},
		"numeric":           {[]string{"10\r" + frame}, 2400, "2400"},
		"a carrier line":    {[]string{"\r\nCARRIER 26400\r\n\r\nPROTOCOL: LAP-M\r\n\r\nCONNECT 115200\r\n" + frame}, 26400, "115200"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{})
				got := p.connect(m, c.pieces...)
				if got.Rate != c.rate || got.Text != c.text {
					t.Errorf("got %+v", got)
				}
				b, n := make([]byte, 100), 0
				for n < len(frame) {
					k, err := m.Read(b[n:])
					if err != nil {
						t.Fatal(err)
					}
					n += k
				}
				if string(b[:n]) != frame {
					t.Errorf("the data are %q", b[:n])
				}
			})
		})
	}
}

// ringing brings a line to a ring that Ring has returned.
func ringingLine(t *testing.T) (*Modem, *peer) {
	m, p := newPeer(t, Options{Rings: 1})
	r := start(m.Ring, t.Context())
	p.becomeReady()
	p.say("\r\nRING\r\n")
	if _, err := r.get(); err != nil {
		t.Fatal(err)
	}
	return m, p
}

func TestAnswerWithoutCarrier(t *testing.T) {
	for _, result := range []string{"NO CARRIER", "ERROR", "3", "BUSY", "NO ANSWER", "NO DIALTONE"} {
		bubble(t, func(t *testing.T) {
			m, p := ringingLine(t)
			a := start(m.Answer, t.Context())
			p.want("ATA\r")
			p.say("\r\n" + result + "\r\n")
			if _, err := a.get(); !errors.Is(err, line.ErrNoCarrier) {
				t.Errorf("%s: %v", result, err)
			}
			if err := m.HangUp(t.Context()); err != nil || m.State() != line.Idle {
				t.Errorf("%v, state %v", err, m.State())
			}
			if _, err := m.Write([]byte("x")); !errors.Is(err, line.ErrNoCarrier) {
				t.Errorf("writing without a call: %v", err)
			}
			select {
			case <-m.Lost():
			default:
				t.Error("Lost is open without a call")
			}
		})
	}
}

func TestAnswerIsGivenUp(t *testing.T) {
	t.Run("by time", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			m, p := ringingLine(t)
			begin := time.Now()
			a := start(m.Answer, t.Context())
			p.want("ATA\r")
			p.want("") // the next octet comes after more than want's minute
			b := make([]byte, 9)
			p.conn.SetReadDeadline(time.Time{})
			if n, err := p.conn.Read(b); string(b[:n]) != "\r" || time.Since(begin) != 90*time.Second {
				t.Fatalf("%q, %v after %v", b[:n], err, time.Since(begin))
			}
			p.say("\r\nNO CARRIER\r\n")
			if _, err := a.get(); !errors.Is(err, line.ErrNoCarrier) {
				t.Error(err)
			}
		})
	})
	t.Run("by the owner", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			m, p := ringingLine(t)
			why := errors.New("operator")
			ctx, cancel := context.WithCancelCause(t.Context())
			a := start(m.Answer, ctx)
			p.want("ATA\r")
			cancel(why)
			if _, err := a.get(); !errors.Is(err, why) {
				t.Error(err)
			}
			h := start(hangUp(m), t.Context())
			p.want("\r")
			p.say("\r\nNO CARRIER\r\n")
			p.becomeReady()
			if _, err := h.get(); err != nil || m.State() != line.Idle {
				t.Errorf("%v, state %v", err, m.State())
			}
		})
	})
	t.Run("too late", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			m, p := ringingLine(t)
			ctx, cancel := context.WithCancel(t.Context())
			a := start(m.Answer, ctx)
			p.want("ATA\r")
			cancel()
			if _, err := a.get(); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			h := start(hangUp(m), t.Context())
			p.want("\r")
			p.say("\r\nCONNECT 9600\r\n")
			p.want("+++")
			p.say("\r\nOK\r\n")
			p.want("ATH\r")
			p.say("\r\nOK\r\n")
			p.becomeReady()
			if _, err := h.get(); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestDialResults(t *testing.T) {
	for said, want := range map[string]line.DialResult{
		"NO CARRIER": line.NoCarrier, "3": line.NoCarrier, "NO DIALTONE": line.NoDialtone, "NO DIAL TONE": line.NoDialtone,
		"6": line.NoDialtone, "BUSY": line.Busy, "7": line.Busy, "NO ANSWER": line.NoAnswer, "8": line.NoAnswer,
		"DELAYED": line.Delayed, "DELAYED 00:30:00": line.Delayed, "BLACKLISTED": line.Blacklisted,
	} {
		bubble(t, func(t *testing.T) {
			m, p := newPeer(t, Options{})
			d := start(func(ctx context.Context) (line.Connect, error) { return m.Dial(ctx, "555-1212") }, t.Context())
			p.becomeReady()
			p.want("ATDT555-1212\r")
			if m.State() != line.Dialling {
				t.Errorf("state %v while dialling", m.State())
			}
			p.say("ATDT555-1212\r\r\nOK\r\n\r\nRINGING\r\n\r\n" + said + "\r\n")
			_, err := d.get()
			var e *line.DialError
			if !errors.As(err, &e) || e.Result != want || e.Number != "555-1212" {
				t.Errorf("%s: %v", said, err)
			}
			if m.State() != line.Idle {
				t.Errorf("state %v afterwards", m.State())
			}
		})
	}
}

func TestDialConnects(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		d := start(func(ctx context.Context) (line.Connect, error) { return m.Dial(ctx, "5551212") }, t.Context())
		p.becomeReady()
		p.want("ATDT5551212\r")
		p.say("\r\nCONNECT 33600\r\nlogin: ")
		c, err := d.get()
		b := make([]byte, 20)
		n, _ := m.Read(b)
		if err != nil || c.Rate != 33600 || string(b[:n]) != "login: " {
			t.Errorf("%+v, %v, data %q", c, err, b[:n])
		}
	})
}

func TestDialRefusesWhatIsNoNumber(t *testing.T) {
	m := New(Options{})
	for _, n := range []string{"", "555;", "5551212\rATZ", "saran", "555\x00"} {
		if _, err := m.Dial(t.Context(), n); err == nil {
			t.Errorf("dialled %q", n)
		}
	}
}

func TestGlare(t *testing.T) {
	dial := func(m *Modem) func(context.Context) (line.Connect, error) {
		return func(ctx context.Context) (line.Connect, error) { return m.Dial(ctx, "5551212") }
	}
	t.Run("a ring before the number", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			m, p := newPeer(t, Options{Rings: 1})
			d := start(dial(m), t.Context())
			for _, s := range []string{form, "ATZ", "AT+VCID=1", form} {
				p.want(s + "\r")
				p.say("\r\nOK\r\n")
			}
			p.say("\r\nRING\r\n")
			if _, err := d.get(); !errors.Is(err, line.ErrRinging) {
				t.Error(err)
			}
			if r, err := m.Ring(t.Context()); err != nil || r.At.IsZero() {
				t.Errorf("the call is lost: %+v, %v", r, err)
			}
		})
	})
	t.Run("a ring while it dials", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			m, p := newPeer(t, Options{})
			d := start(dial(m), t.Context())
			p.becomeReady()
			p.want("ATDT5551212\r")
			rang := time.Now()
			p.say("\r\nRING\r\n")
			p.want("\r")
			p.say("\r\nNO CARRIER\r\n")
			if _, err := d.get(); !errors.Is(err, line.ErrRinging) || m.State() != line.Ringing {
				t.Errorf("%v, state %v", err, m.State())
			}
			r := start(m.Ring, t.Context())
			synctest.Wait()
			p.say("\r\nRING\r\n")
			if got, err := r.get(); err != nil || !got.At.Equal(rang) {
				t.Errorf("%+v, %v, rang at %v", got, err, rang)
			}
		})
	})
}

// Where the modem does not tell the line's rate one is assumed, and that is said
// once.
func TestARateThatNobodyTellsIsAssumed(t *testing.T) {
	for _, tt := range []struct {
		name     string
		profile  string
		rate     int
		connect  string
		told     int
		assumed  int
		messages int
	}{
		{"the port's", "", ByProfile, "CONNECT 115200", 115200, 33600, 1},
		{"none", "", ByProfile, "CONNECT", 0, 33600, 1},
		{"a number of the maker's", "", ByProfile, "19", 0, 33600, 1},
		{"the line's", "", ByProfile, "CONNECT 28800", 28800, 0, 0},
		{"the line's behind the port's", "", ByProfile, "CONNECT 115200/V34 26400", 26400, 0, 0},
		{"another one", "", 21600, "CONNECT 57600", 57600, 21600, 1},
		{"nothing is assumed", "", 0, "CONNECT 115200", 115200, 0, 0},
		{"no telephone line", "wifi", ByProfile, "CONNECT 115200", 115200, 0, 0},
		{"no telephone line, and a rate", "wifi", 14400, "CONNECT 115200", 115200, 14400, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var log bytes.Buffer
				// The answer to AT+VCID, which a WiFi modem is not asked for by itself.
				m, p := newPeer(t, Options{Profile: tt.profile, Init: []string{"ATZ", "AT+VCID=1"}, LineRate: tt.rate, Log: slog.New(slog.NewTextHandler(&log, nil))})
				for range 2 {
					got := p.connect(m, "\r\n"+tt.connect+"\r\n")
					if got.Rate != tt.told || got.Assumed != tt.assumed {
						t.Errorf("got %+v", got)
					}
					hung := start(func(ctx context.Context) (struct{}, error) { return struct{}{}, m.HangUp(ctx) }, t.Context())
					p.want("+++")
					p.say("\r\nOK\r\n")
					p.want("ATH\r")
					p.say("\r\nOK\r\n")
					p.becomeReady()
					if _, err := hung.get(); err != nil {
						t.Fatal(err)
					}
				}
				if n := strings.Count(log.String(), "one is assumed"); n != tt.messages {
					t.Errorf("said %d times:\n%s", n, log.String())
				}
			})
		})
	}
}
