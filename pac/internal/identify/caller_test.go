package identify

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

// A caller is the other end of the line: octets by hand, or a link.
type caller struct {
	t    *testing.T
	port net.Conn    // ours
	conn net.Conn    // hers
	out  chan []byte // on the line, which holds more than net.Pipe does

	mu    sync.Mutex
	got   []byte // all that came
	mute  bool
	link  *link.Link
	dec   hdlc.Decoder
	said  []link.Event
	heard chan struct{}
}

// bubble runs a test on a fake clock.
func bubble(t *testing.T, f func(t *testing.T, c *caller)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ours, hers := net.Pipe()
		c := &caller{t: t, port: ours, conn: hers, out: make(chan []byte, 1024), heard: make(chan struct{}, 1)}
		var wg sync.WaitGroup
		wg.Go(c.listen)
		wg.Go(func() {
			for b := range c.out {
				_, _ = hers.Write(b)
			}
		})
		f(t, c)
		_ = ours.Close()
		_ = hers.Close()
		close(c.out)
		wg.Wait()
	})
}

// listen takes what comes, so that nobody has to wait with writing.
func (c *caller) listen() {
	b := make([]byte, 4096)
	for {
		n, err := c.conn.Read(b)
		if err != nil {
			return
		}
		c.mu.Lock()
		c.got = append(c.got, b[:n]...)
		if c.link != nil {
			c.dec.Push(b[:n], func(f []byte, err error) {
				if err == nil {
					c.link.Receive(time.Now(), f)
				}
			})
		}
		c.mu.Unlock()
		select {
		case c.heard <- struct{}{}:
		default:
		}
	}
}

func (c *caller) types(s string) {
	c.out <- []byte(s)
	synctest.Wait()
}

// frame is a frame on the line.
func frame(p ppp.Protocol, info string) string {
	return string(hdlc.AppendFull(nil, ppp.Append(nil, p, []byte(info))))
}

// shown is what came since the last call.
func (c *caller) shown() string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := string(c.got)
	c.got = nil
	return s
}

// frames is shown, decoded.
func (c *caller) frames() (fs [][]byte) {
	var d hdlc.Decoder
	d.Push([]byte(c.shown()), func(f []byte, err error) {
		if err == nil {
			fs = append(fs, bytes.Clone(f))
		}
	})
	return fs
}

// dial lets her speak PPP until the function that it returns is called.
func (c *caller) dial(o link.Options) (stop func()) {
	c.mu.Lock()
	c.link = link.New(&o)
	c.link.Up(time.Now())
	c.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { c.run(ctx) })
	return func() {
		cancel()
		wg.Wait()
	}
}

func (c *caller) run(ctx context.Context) {
	for {
		c.mu.Lock()
		c.said = append(c.said, c.link.Events()...)
		var out []byte
		for _, f := range c.link.Take() {
			e := hdlc.Encoder{ACCM: c.link.LCP().Theirs.ACCM}
			if p, _, _ := ppp.Split(f); p == ppp.LCP {
				e.ACCM = hdlc.AllControl
			}
			if !c.mute {
				out = e.Append(out, f)
			}
		}
		var due <-chan time.Time
		if d := c.link.Deadline(); !d.IsZero() {
			due = time.After(time.Until(d))
		}
		c.mu.Unlock()
		if len(out) > 0 {
			c.out <- out
		}
		select {
		case <-ctx.Done():
			return
		case <-c.heard:
		case <-due:
			c.mu.Lock()
			c.link.Expire(time.Now())
			c.mu.Unlock()
		}
	}
}

// does has her link do something.
func (c *caller) does(f func(l *link.Link)) {
	c.mu.Lock()
	f(c.link)
	c.mu.Unlock()
	c.heard <- struct{}{}
	synctest.Wait()
}

// story is what her link went through.
func (c *caller) story() string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	var s []string
	for _, e := range c.said {
		w := e.Kind.String()
		if e.Text != "" {
			w += " " + e.Text
		}
		s = append(s, w)
	}
	c.said = nil
	return strings.Join(s, ", ")
}

func sara(name string, methods ...auth.Method) link.Options {
	return link.Options{LCP: lcp.Options{Magic: true, PFC: true, ACFC: true},
		Login: auth.Login{Name: name, Secret: auth.NewPassword("secret"), Allow: methods}}
}

// run identifies her, and says how long it took.
func (c *caller) identify(o Options) (*Identified, time.Duration, error) {
	before := time.Now()
	id, err := Run(c.t.Context(), c.port, o)
	return id, time.Since(before), err
}
