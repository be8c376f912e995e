package identify

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/link"
)

// serve keeps the caller company for a while.
func serve(t *testing.T, id *Identified, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := id.Serve(ctx); err != nil {
		t.Error(err)
	}
}

// While a PNS is looked for, LCP is answered, and what she says for herself
// waits.
func TestServe(t *testing.T) {
	for _, m := range methods {
		bubble(t, func(t *testing.T, c *caller) {
			o := sara("saran", m)
			o.Echo = link.EchoOptions{Interval: time.Second, Failures: 2}
			defer c.dial(o)()
			id, _, err := c.identify(Options{})
			if err != nil {
				t.Fatal(err)
			}
			serve(t, id, 15*time.Second)
			if s := c.story(); s != "link up, authenticated" {
				t.Errorf("%v: she went through %s", m, s)
			}
			c.does(func(l *link.Link) { l.Restart(time.Now()) })
			serve(t, id, time.Second)
			if s := c.story(); s != "link down, link up, authenticated" || id.Caller().Name != "saran" {
				t.Errorf("%v: began anew, and went through %s", m, s)
			}
		})
	}
}

func TestHandOver(t *testing.T) {
	for _, mode := range []Mode{Silent, Restart} {
		bubble(t, func(t *testing.T, c *caller) {
			stop := c.dial(sara("saran"))
			id, _, err := c.identify(Options{})
			if err != nil {
				t.Fatal(err)
			}
			serve(t, id, time.Second)
			stop() // from here on she is read by hand
			before := c.frames()
			h, err := id.HandOver(mode)
			if err != nil {
				t.Fatal(err)
			}
			after := c.frames()
			if mode == Silent && len(after) != 0 {
				t.Errorf("said % x", after)
			}
			if mode == Restart && (len(after) != 1 || after[0][4] != byte(cp.ConfigureRequest) || bytes.Contains(before[0], magic(after[0]))) {
				t.Errorf("said % x, before % x", after, before[0])
			}
			if len(h.Frames) != 0 || h.Decoder == nil || !bytes.HasPrefix(h.LastRequest, []byte("\xff\x03\xc0\x21\x01")) {
				t.Errorf("%+v", h)
			}
		})
	}
}

// magic is the Magic-Number option of a Configure-Request.
func magic(frame []byte) []byte {
	i := bytes.Index(frame, []byte{5, 6})
	return frame[i : i+6]
}

func TestRefuse(t *testing.T) {
	const text = "your company's server cannot be reached"
	for _, m := range methods {
		bubble(t, func(t *testing.T, c *caller) {
			defer c.dial(sara("saran", m))()
			id, _, err := c.identify(Options{})
			if err != nil {
				t.Fatal(err)
			}
			serve(t, id, time.Second)
			before := time.Now()
			if err := id.Refuse(t.Context(), text); err != nil || time.Since(before) > 4*time.Second {
				t.Errorf("%v: %v after %v", m, err, time.Since(before))
			}
			if s := c.story(); !strings.HasPrefix(s, "link up, authenticated, login refused "+text+", link down") {
				t.Errorf("%v: she went through %s", m, s)
			}
		})
	}
}

func TestRefuseIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		stop := c.dial(sara("saran"))
		id, _, err := c.identify(Options{})
		if err != nil {
			t.Fatal(err)
		}
		stop()
		before := time.Now()
		if err := id.Refuse(t.Context(), "no"); err != nil || time.Since(before) != 6*time.Second { // two Terminate-Requests
			t.Errorf("%v after %v", err, time.Since(before))
		}
	})
	bubble(t, func(t *testing.T, c *caller) {
		stop := c.dial(sara("saran"))
		id, _, err := c.identify(Options{})
		if err != nil {
			t.Fatal(err)
		}
		stop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before := time.Now()
		if err := id.Refuse(ctx, "no"); err != nil || time.Since(before) != time.Second {
			t.Errorf("%v after %v", err, time.Since(before))
		}
	})
}

// login types name and password.
func login(t *testing.T, c *caller, o Options) *Identified {
	t.Helper()
	done := make(chan *Identified)
	go func() {
		id, _, err := c.identify(o)
		if err != nil {
			t.Error(err)
		}
		done <- id
	}()
	for _, line := range []string{"\r", "saran\r", "secret\r"} {
		c.types(line)
		time.Sleep(time.Second)
	}
	id := <-done
	if id == nil {
		t.FailNow()
	}
	if err := id.Start(t.Context()); err != nil {
		t.Error(err)
	}
	return id
}

const transcript = "login: saran\r\nPassword: \r\nPPP session starts\r\n"

// After a text login she speaks PPP with the PNS: what she says before is kept
// for it.
func TestTextLoginIsHandedOver(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		id := login(t, c, Options{})
		if s := c.shown(); s != transcript || id.Caller() != (Caller{Name: "saran", Method: "login"}) {
			t.Errorf("%+v was shown %q", id.Caller(), s)
		}
		go func() {
			for i := range 40 { // she asks again and again
				c.types(frame(ppp.LCP, fmt.Sprintf("\x01%c\x00\x04", i)))
				c.types(frame(ppp.PAP, "\x01\x01\x00\x04")) // not without being asked
			}
			for i := range 20 {
				c.types(frame(ppp.LCP, fmt.Sprintf("\x0c%c\x00\x08\x00\x00\x00\x00", i))) // Identification
			}
			c.types("~\xff}#\xc0!") // half a frame
		}()
		serve(t, id, 15*time.Second)
		h, err := id.HandOver(Restart) // there is nothing to restart
		if s := c.shown(); err != nil || s != "" {
			t.Errorf("%v, shown %q", err, s)
		}
		if string(h.LastRequest) != "\xff\x03\xc0\x21\x01\x27\x00\x04" || len(h.Frames) != holdFrames || h.Frames[15][5] != 19 {
			t.Errorf("%+v", h)
		}
		var got []byte
		h.Decoder.Push([]byte(frame(ppp.LCP, "\x05\x01\x00\x04")[6:]), func(f []byte, err error) { got = bytes.Clone(f) })
		if string(got) != "\xff\x03\xc0\x21\x05\x01\x00\x04" {
			t.Errorf("the frame that had begun became % x", got)
		}
	})
}

func TestOnlyTheLastRequestIsHeld(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		id := login(t, c, Options{})
		go func() {
			for i := range 5 {
				c.types(frame(ppp.LCP, fmt.Sprintf("\x01%c\x00\x04", i)))
			}
		}()
		serve(t, id, time.Second)
		if h, _ := id.HandOver(Silent); len(h.Frames) != 1 || h.Frames[0][5] != 4 || !bytes.Equal(h.LastRequest, h.Frames[0]) {
			t.Errorf("%+v", h)
		}
	})
}

func TestTextLoginIsRefused(t *testing.T) {
	const text = "no server for you"
	bubble(t, func(t *testing.T, c *caller) { // who types reads it
		id := login(t, c, Options{})
		before := time.Now()
		if err := id.Refuse(t.Context(), text); err != nil || time.Since(before) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(before))
		}
		if s := c.shown(); s != transcript+"\r\n"+text+"\r\n" {
			t.Errorf("shown %q", s)
		}
	})
	for _, early := range []bool{true, false} { // whose PPP has begun, or begins now, is told by PPP
		bubble(t, func(t *testing.T, c *caller) {
			id := login(t, c, Options{})
			dial := func() func() { return c.dial(sara("saran", auth.CHAPMD5)) }
			var stop func()
			if early {
				stop = dial()
				serve(t, id, time.Second)
			} else {
				time.AfterFunc(time.Second, func() { stop = dial() })
			}
			if err := id.Refuse(t.Context(), text); err != nil {
				t.Error(err)
			}
			if s := c.story(); !strings.HasPrefix(s, "link up, authenticated, login refused "+text) {
				t.Errorf("early %v: she went through %s", early, s)
			}
			stop()
		})
	}
}

func TestTextLoginIsVerified(t *testing.T) {
	check := func(c *auth.Claim) auth.Verdict { return c.Check(auth.NewPassword("secret")) }
	bubble(t, func(t *testing.T, c *caller) {
		if id := login(t, c, Options{Verify: check}); id.Caller().Name != "saran" {
			t.Errorf("%+v", id.Caller())
		}
	})
	bubble(t, func(t *testing.T, c *caller) {
		c.types("saran\ra\rsaran\rb\rsaran\rc\r")
		_, _, err := c.identify(Options{Verify: check})
		if want := "the login failed: wrong user name or password (tries: 3)"; err == nil || err.Error() != want {
			t.Errorf("%v", err)
		}
		if s := c.shown(); strings.Count(s, "Password: \r\nwrong user name or password\r\n") != 3 {
			t.Errorf("shown %q", s)
		}
	})
}

func TestCarrierLostWhileServing(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		stop := c.dial(sara("saran"))
		id, _, err := c.identify(Options{})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { _ = c.conn.Close() })
		if err := id.Serve(t.Context()); err == nil || os.IsTimeout(err) {
			t.Errorf("%v", err)
		}
		stop()
		synctest.Wait()
	})
}
