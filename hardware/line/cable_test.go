package line

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A tin is one end of a cable: a pipe that may have a wire for the carrier.
type tin struct {
	net.Conn
	on *atomic.Bool
}

func (tin) Unsent() (int, bool)      { return 7, true }
func (t tin) Carrier() (bool, error) { return t.on.Load(), nil }

// bare hides the wire.
type bare struct{ Wire }

// A far is the other side: each opening of the port comes to it.
type far struct {
	ends   chan net.Conn
	on     atomic.Bool
	wired  bool
	absent atomic.Bool
	opened int
}

func (f *far) open(context.Context) (Wire, error) {
	if f.absent.Load() {
		return nil, errors.New("not plugged in")
	}
	f.opened++
	near, end := net.Pipe()
	f.ends <- end
	w := tin{near, &f.on}
	if f.wired {
		return w, nil
	}
	return bare{w}, nil
}

// cable runs a test with a cable; a test that hangs is ended by its bubble.
func cable(t *testing.T, wired bool, test func(t *testing.T, c *Cable, f *far)) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{ends: make(chan net.Conn, 10), wired: wired}
		c := NewCable(CableOptions{Name: "c/1", Open: f.open})
		test(t, c, f)
		c.Close()
		if c.State() != Down {
			t.Errorf("closed: %v", c.State())
		}
	})
}

// rung has the far end say something and the cable ring.
func rung(t *testing.T, c *Cable, f *far, says string) net.Conn {
	t.Helper()
	ends := make(chan net.Conn, 1)
	go func() {
		end := <-f.ends
		ends <- end
		time.Sleep(quietLimit) // of the call before
		io.WriteString(end, says)
	}()
	if _, err := c.Ring(t.Context()); err != nil || c.State() != Ringing {
		t.Fatalf("%v, state %v", err, c.State())
	}
	return <-ends
}

func answered(t *testing.T, c *Cable, want string) {
	t.Helper()
	if got, err := c.Answer(t.Context()); got != (Connect{Text: want}) || err != nil || c.State() != Connected {
		t.Fatalf("%+v, %v, state %v", got, err, c.State())
	}
}

func read(t *testing.T, r io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if n, err := io.ReadFull(r, b); string(b) != want {
		t.Fatalf("%q, %v; want %q", b[:n], err, want)
	}
}

func TestOctetsAreACall(t *testing.T) {
	cable(t, false, func(t *testing.T, c *Cable, f *far) {
		var _ Line = c
		var _ Monitored = c
		for range 2 {
			end := rung(t, c, f, "~\xff}#")
			if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("read before the answer: %d, %v", n, err)
			}
			answered(t, c, "cable")
			go io.WriteString(end, "\xc0!")
			read(t, c, "~\xff}#\xc0!")
			go c.Write([]byte("up"))
			read(t, end, "up")
			if n, known := c.Unsent(); n != 7 || !known {
				t.Error(n, known)
			}
			lost := c.Lost()
			select {
			case <-lost:
				t.Error("lost")
			default:
			}
			c.HangUp(t.Context())
			<-lost
			if _, err := end.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the far end reads %v", err)
			}
			if _, err := c.Write([]byte("x")); !errors.Is(err, ErrNoCarrier) {
				t.Errorf("write: %v", err)
			}
		}
		if _, err := c.Dial(t.Context(), "1"); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
	})
}

func TestWindowsWordsBeforePPP(t *testing.T) {
	for name, tt := range map[string]struct {
		says  []string
		hears string
		text  string
		data  string
	}{
		"one word":       {[]string{"CLIENT"}, "CLIENTSERVER", "direct cable", ""},
		"in pieces":      {[]string{"C", "LIE", "NT"}, "CLIENTSERVER", "direct cable", ""},
		"twice":          {[]string{"CLIENTCLI", "ENT"}, "CLIENTSERVERCLIENTSERVER", "direct cable", ""},
		"PPP behind it":  {[]string{"CLIENT~\xff}#"}, "CLIENTSERVER", "direct cable", "~\xff}#"},
		"something else": {[]string{"CLIP", "art"}, "", "cable", "CLIPart"},
		"half a word":    {[]string{"CLIE"}, "", "cable", "CLIE"},
	} {
		t.Run(name, func(t *testing.T) {
			cable(t, false, func(t *testing.T, c *Cable, f *far) {
				end := rung(t, c, f, tt.says[0])
				heard := make(chan string)
				go func() {
					b, _ := io.ReadAll(end)
					heard <- string(b)
				}()
				go func() {
					for _, s := range tt.says[1:] {
						io.WriteString(end, s)
					}
				}()
				answered(t, c, tt.text)
				read(t, c, tt.data)
				c.HangUp(t.Context())
				if got := <-heard; got != tt.hears {
					t.Errorf("the far end hears %q", got)
				}
			})
		})
	}
}

func TestARisingCarrierIsACallAndItsFallTheEnd(t *testing.T) {
	cable(t, true, func(t *testing.T, c *Cable, f *far) {
		f.on.Store(true) // the far end is there already: no call
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if _, err := c.Ring(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		cancel()
		f.on.Store(false)
		time.AfterFunc(time.Second, func() { f.on.Store(true) })
		if _, err := c.Ring(t.Context()); err != nil {
			t.Fatal(err)
		}
		answered(t, c, "cable")
		lost, began := c.Lost(), time.Now()
		time.AfterFunc(time.Hour, func() { f.on.Store(false) })
		if _, err := c.Read(make([]byte, 1)); err != io.EOF || time.Since(began) > time.Hour+lookTime {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		<-lost
		c.HangUp(t.Context())
	})
}

func TestACableWithoutTheWireKeepsItsCall(t *testing.T) {
	cable(t, true, func(t *testing.T, c *Cable, f *far) {
		rung(t, c, f, "~")
		answered(t, c, "cable")
		time.Sleep(time.Hour)
		select {
		case <-c.Lost():
			t.Error("lost")
		default:
		}
	})
}

// What the far end still says of the last call is no new one.
func TestTheRestOfACallIsNoCall(t *testing.T) {
	cable(t, false, func(t *testing.T, c *Cable, f *far) {
		rung(t, c, f, "~")
		answered(t, c, "cable")
		c.HangUp(t.Context())
		hungUp := time.Now()
		go func() {
			end := <-f.ends
			if time.Since(hungUp) < parted {
				t.Errorf("taken again after %v", time.Since(hungUp))
			}
			io.WriteString(end, "the end of a frame")
			time.Sleep(time.Minute)
			io.WriteString(end, "~new")
		}()
		if _, err := c.Ring(t.Context()); err != nil || time.Since(hungUp) < time.Minute {
			t.Fatalf("%v after %v", err, time.Since(hungUp))
		}
		answered(t, c, "cable")
		read(t, c, "~new")
	})
}

func TestAPortThatIsAwayIsTakenBack(t *testing.T) {
	cable(t, false, func(t *testing.T, c *Cable, f *far) {
		f.absent.Store(true)
		time.AfterFunc(10*time.Minute, func() { f.absent.Store(false) })
		go func() {
			time.Sleep(5 * time.Minute)
			if h := c.Health(); h.State != Down || !h.Faulty || h.Fault != "not plugged in" || h.Faults < 5 {
				t.Errorf("%+v", h)
			}
		}()
		began := time.Now()
		rung(t, c, f, "~")
		if took := time.Since(began); took > 11*time.Minute || f.opened != 1 {
			t.Errorf("back after %v, opened %d times", took, f.opened)
		}
		if h := c.Health(); h.Faulty {
			t.Errorf("%+v", h)
		}
	})
}

// unplugged is a port that fails when its far end closes.
type unplugged struct {
	Wire
	on *atomic.Bool // the device, and Data Carrier Detect
}

var errUnplugged = errors.New("the device went away")

func (u unplugged) Carrier() (bool, error) {
	if !u.on.Load() {
		return false, errUnplugged
	}
	return false, nil
}

func (u unplugged) Read(b []byte) (int, error) {
	n, err := u.Wire.Read(b)
	if err == io.EOF {
		err = errUnplugged
	}
	return n, err
}

// Of a port that fails, and does not just lose the carrier, Read says so, however
// it was noticed and however often it is asked; the next call's end is its own.
func TestACableThatIsUnplugged(t *testing.T) {
	for name, pull := range map[string]func(end net.Conn, on *atomic.Bool){
		"read":    func(end net.Conn, _ *atomic.Bool) { end.Close() },
		"carrier": func(_ net.Conn, on *atomic.Bool) { on.Store(false) },
	} {
		synctest.Test(t, func(t *testing.T) {
			var on atomic.Bool
			on.Store(true)
			fail := true
			ends := make(chan net.Conn, 2)
			c := NewCable(CableOptions{Name: "c/1", Open: func(context.Context) (Wire, error) {
				near, end := net.Pipe()
				ends <- end
				if fail {
					return unplugged{tin{near, &on}, &on}, nil
				}
				return bare{tin{near, &on}}, nil
			}})
			defer c.Close()
			call := func() net.Conn {
				far := make(chan net.Conn, 1)
				go func() {
					end := <-ends
					time.Sleep(time.Minute) // what comes sooner belongs to the call before
					end.Write([]byte("~"))
					far <- end
				}()
				if _, err := c.Ring(t.Context()); err != nil {
					t.Fatal(err)
				}
				answered(t, c, "cable")
				read(t, c, "~")
				return <-far
			}
			end := call()
			fail = false
			time.AfterFunc(time.Hour, func() { pull(end, &on) })
			for range 2 {
				if _, err := c.Read(make([]byte, 1)); err != errUnplugged {
					t.Errorf("%s: %v", name, err)
				}
			}
			<-c.Lost()
			c.HangUp(t.Context())
			call().Close()
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("%s: the next call: %v", name, err)
			}
		})
	}
}

func TestACableIsFreed(t *testing.T) {
	cable(t, false, func(t *testing.T, c *Cable, f *far) {
		rung(t, c, f, "~")
		answered(t, c, "cable")
		read(t, c, "~")
		go func() { time.Sleep(time.Second); c.Close() }()
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Error(err)
		}
		if _, err := c.Ring(t.Context()); err != ErrClosed {
			t.Error(err)
		}
	})
}

// Windows that calls again at once need not wait for silence.
func TestWindowsCallsAgain(t *testing.T) {
	cable(t, false, func(t *testing.T, c *Cable, f *far) {
		rung(t, c, f, "~")
		answered(t, c, "cable")
		c.HangUp(t.Context())
		hungUp := time.Now()
		go func() { io.WriteString(<-f.ends, "end of a frame~CLIENT") }()
		if _, err := c.Ring(t.Context()); err != nil || time.Since(hungUp) > parted {
			t.Fatalf("%v after %v", err, time.Since(hungUp))
		}
	})
}

// A guarded port says when its deadline is set and the cable's loss, which sets
// one too, could come between.
type guarded struct {
	Wire
	set func()
}

func (g guarded) SetReadDeadline(time.Time) error  { g.set(); return nil }
func (g guarded) SetWriteDeadline(time.Time) error { g.set(); return nil }

// A parting port says when it is closed.
type parting struct {
	Wire
	close func()
}

func (p parting) Close() error { p.close(); return nil }

// A port may take its time to close: who asks how the cable does, or sets a
// deadline, does not wait for that.
func TestNobodyWaitsForAPortToClose(t *testing.T) {
	for what, part := range map[string]func(*Cable) error{
		"hanging up": func(c *Cable) error { return c.HangUp(t.Context()) },
		"closing":    (*Cable).Close,
	} {
		c, closed := NewCable(CableOptions{Name: "null-modem"}), 0
		c.port = parting{close: func() {
			if closed++; !c.mu.TryLock() {
				t.Errorf("%s: others wait", what)
				return
			}
			c.mu.Unlock()
		}}
		c.inCall, c.gone, c.lost = true, false, make(chan struct{})
		if err := part(c); err != nil || closed != 1 {
			t.Errorf("%s: %v, closed %d times", what, err, closed)
		}
		select {
		case <-c.Lost():
		default:
			t.Errorf("%s: the call goes on", what)
		}
	}
}

// A deadline must not undo the one that a lost cable has got.
func TestADeadlineAndALossAreOneAfterTheOther(t *testing.T) {
	c := NewCable(CableOptions{Name: "null-modem"})
	set := 0
	c.port = guarded{set: func() {
		set++
		if c.mu.TryLock() {
			c.mu.Unlock()
			t.Error("the cable can be lost meanwhile")
		}
	}}
	c.inCall, c.gone = true, false
	for _, bound := range []func(time.Time) error{c.SetReadDeadline, c.SetWriteDeadline} {
		if err := bound(time.Now()); err != nil {
			t.Error(err)
		}
	}
	if set != 2 {
		t.Errorf("%d deadlines were set", set)
	}
}
