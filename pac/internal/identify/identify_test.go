package identify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/link"
)

var methods = []auth.Method{auth.PAP, auth.CHAPMD5, auth.MSCHAP, auth.MSCHAPv2}

func TestNameByEachMethod(t *testing.T) {
	for _, m := range methods {
		for _, name := range []string{"saran", `DOMAIN\saran`, "saran@corp.example", "sarän"} {
			bubble(t, func(t *testing.T, c *caller) {
				defer c.dial(sara(name, m))()
				id, took, err := c.identify(Options{Name: "atlanta"})
				if err != nil || id.Caller() != (Caller{Name: name, Method: m.String()}) || took > time.Second {
					t.Errorf("%v %s: %v after %v", m, name, err, took)
				}
			})
		}
	}
}

// Octets come one by one, at 28,800 bit/s, and the first flag is lost.
func TestFirstOctets(t *testing.T) {
	request := frame(ppp.LCP, "\x01\x01\x00\x04")
	for _, tt := range []struct{ what, octets string }{
		{"a frame", request},
		{"without its first flag", request[1:]},
		{"after noise", "\x80\x00\xfe\x01" + request},
		{"after a spoiled one", "~\xff}#\xc0!}!}%} }$AB" + request},
		{"after a word", "CLIENT" + request},
		{"at the prompt", "\r" + request},
		{"behind a name", "\rsaran\r" + request},
		{"before the end of a name", "\rsar" + request},
	} {
		bubble(t, func(t *testing.T, c *caller) {
			done := make(chan error)
			go func() {
				_, err := Run(t.Context(), c.port, Options{Silence: 10 * time.Second})
				done <- err
			}()
			for i := range len(tt.octets) {
				c.types(tt.octets[i : i+1])
				time.Sleep(10 * time.Second / 28800)
			}
			if f := c.frames(); len(f) != 2 || f[0][4] != 1 || f[1][4] != 2 {
				t.Errorf("%s: answered % x", tt.what, f)
			}
			_ = c.conn.Close()
			if err := <-done; !errors.Is(err, io.EOF) {
				t.Errorf("%s: ended with %v", tt.what, err)
			}
		})
	}
}

func TestSilentCaller(t *testing.T) {
	for _, tt := range []struct {
		what  string
		send  string // every 5 seconds
		text  TextLogin
		shown string
	}{
		{"nothing", "", TextLogin{}, "login: \r\nTimed out.\r\n"},
		{"nothing, no text login", "", TextLogin{Off: true}, ""},
		{"typing, no text login", "saran\r", TextLogin{Off: true}, ""},
		{"noise", "\xff\xfe\x80~~", TextLogin{}, "login: \r\nTimed out.\r\n"},
		{"IP frames of an older call", frame(ppp.IPv4, "E"), TextLogin{}, "login: \r\nTimed out.\r\n"},
		{"another prompt and start", "", TextLogin{Banner: "Hi.\nThere. ", Login: "Name? "}, "Hi.\r\nThere. Name? \r\nTimed out.\r\n"},
	} {
		bubble(t, func(t *testing.T, c *caller) {
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				for tt.send != "" && ctx.Err() == nil {
					_, _ = c.conn.Write([]byte(tt.send))
					time.Sleep(5 * time.Second)
				}
			}()
			_, took, err := c.identify(Options{Text: tt.text})
			if !errors.Is(err, ErrSilent) || took != 45*time.Second {
				t.Errorf("%s: %v after %v", tt.what, err, took)
			}
			if s := c.shown(); s != tt.shown {
				t.Errorf("%s: was shown %q", tt.what, s)
			}
			stop()
			_ = c.conn.Close()
			<-done
		})
	}
}

func TestPromptAppearsAfterThreeSeconds(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		go func() { _, _, _ = c.identify(Options{}) }()
		time.Sleep(3*time.Second - time.Millisecond)
		if s := c.shown(); s != "" {
			t.Errorf("too early: %q", s)
		}
		time.Sleep(time.Millisecond)
		if s := c.shown(); s != "login: " {
			t.Errorf("shown %q", s)
		}
		_ = c.conn.Close()
		synctest.Wait()
	})
}

// A lively caller who never gets to the point.
func TestIdentificationIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				if _, err := c.conn.Write([]byte(frame(ppp.LCP, "\x01\x01\x00\x04"))); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		_, took, err := c.identify(Options{})
		var end *EndError
		if !errors.As(err, &end) || took > 3*time.Minute {
			t.Errorf("%v after %v", err, took)
		}
		_ = c.port.Close()
		<-done
	})
}

func TestCallerEndsPPP(t *testing.T) {
	for _, tt := range []struct {
		what  string
		o     link.Options
		cause link.Cause
		text  string
	}{
		{"has no login", link.Options{}, link.AuthRefused, `PPP with the caller ended: peer refused: "peer refuses to authenticate"`},
		{"hangs up", sara("saran"), link.PeerTerminated, `PPP with the caller ended: terminated by the peer: "User request"`},
	} {
		bubble(t, func(t *testing.T, c *caller) {
			defer c.dial(tt.o)()
			id, _, err := c.identify(Options{})
			if err == nil {
				go c.does(func(l *link.Link) { l.Close(time.Now(), "User request") })
				err = id.Serve(t.Context())
			}
			var end *EndError
			if !errors.As(err, &end) || end.Cause != tt.cause || err.Error() != tt.text {
				t.Errorf("%s: %v", tt.what, err)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	check := func(c *auth.Claim) auth.Verdict { return c.Check(auth.NewPassword("secret")) }
	for _, m := range methods {
		bubble(t, func(t *testing.T, c *caller) {
			defer c.dial(sara("saran", m))()
			if id, _, err := c.identify(Options{Verify: check}); err != nil || id.Caller().Name != "saran" {
				t.Errorf("%v: %v", m, err)
			}
			if s := c.story(); strings.Contains(s, "logged in") { // that is the PNS's to say
				t.Errorf("%v: she went through %s", m, s)
			}
		})
		bubble(t, func(t *testing.T, c *caller) {
			o := sara("saran", m)
			o.Login.Secret = auth.NewPassword("Secret")
			defer c.dial(o)()
			_, took, err := c.identify(Options{Verify: check})
			var end *EndError
			if !errors.As(err, &end) || end.Cause != link.AuthRefused || took > 10*time.Second {
				t.Errorf("%v: %v after %v", m, err, took)
			}
			if s := c.story(); !strings.Contains(s, "login refused wrong user name or password") {
				t.Errorf("%v: she went through %s", m, s)
			}
		})
	}
}

func TestEndOfContext(t *testing.T) {
	for _, dial := range []bool{false, true} {
		bubble(t, func(t *testing.T, c *caller) {
			if dial {
				defer c.dial(link.Options{LCP: sara("").LCP, Login: sara("").Login, Restart: time.Hour})()
				c.mu.Lock()
				c.mute = true
				c.mu.Unlock()
			}
			why := errors.New("the switch is shutting down")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(why) })
			_, err := Run(ctx, c.port, Options{})
			if !errors.Is(err, why) {
				t.Errorf("%v", err)
			}
			c.types("x") // the port's deadlines are cleared
			if _, err := c.port.Read(make([]byte, 10)); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// A port that takes nothing does not hold up the end.
func TestStuckPort(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		port, other := net.Pipe()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		before := time.Now()
		_, err := Run(ctx, port, Options{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(before) != 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(before))
		}
		_ = other.Close()
	})
}

func TestTapAndSpoiled(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		var up, down, spoiled int
		o := Options{Ask: []auth.Method{auth.PAP},
			Tap: func(toCaller bool, frame []byte) {
				if p, _, err := ppp.Split(frame); err != nil || p != ppp.LCP && p != ppp.PAP {
					t.Errorf("% x", frame)
				}
				if toCaller {
					down++
				} else {
					up++
				}
			},
			Spoiled: func(err error) {
				if !errors.Is(err, hdlc.ErrFCS) {
					t.Error(err)
				}
				spoiled++
			}}
		stop := c.dial(sara("saran"))
		id, _, err := c.identify(o)
		if err != nil {
			t.Fatal(err)
		}
		stop()
		c.types("~\xff\x03\xc0\x21\x09~")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := id.Serve(ctx); err != nil {
			t.Error(err)
		}
		if up != 3 || down != 2 || spoiled != 1 { // Request, Ack, PAP; Request, Ack
			t.Errorf("%d up, %d down, %d spoiled", up, down, spoiled)
		}
	})
}

// FuzzOctets gives the dialogue anything in any pieces.
func FuzzOctets(f *testing.F) {
	f.Add([]byte("\rsaran\rsecret\r"+frame(ppp.LCP, "\x01\x01\x00\x04")), uint8(3))
	f.Add([]byte(frame(ppp.LCP, "\x01\x01\x00\x04")+frame(ppp.PAP, "\x01\x01\x00\x11\x05saran\x06secret")), uint8(200))
	f.Add([]byte("CLIENT~\xff}#\xc0!"), uint8(1))
	f.Add([]byte("\rsaran\r\nNO CARRIER\r\r\nNO CAR~"), uint8(100))
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		now := time.Unix(1e9, 0)
		port := &sink{}
		d := newDialogue(now, port, Options{}.withDefaults())
		for i := 0; i < len(b); i += int(piece) + 1 {
			d.octets(now, b[i:min(len(b), i+int(piece)+1)])
			d.doubt(now)
			now = now.Add(time.Duration(piece) * pieceTime / 100)
			d.expire(now)
			if err := d.settle(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
		if len(d.held) > holdFrames || port.n > 200*len(b)+1000 {
			t.Errorf("%d frames held, %d octets in, %d out", len(d.held), len(b), port.n)
		}
	})
}

// sink counts what is written.
type sink struct {
	bytes.Buffer
	n int
}

func (s *sink) Write(b []byte) (int, error) {
	s.n += len(b)
	return len(b), nil
}

func (*sink) SetReadDeadline(time.Time) error  { return nil }
func (*sink) SetWriteDeadline(time.Time) error { return nil }
