package caller

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"carrier/shared/netstack"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

var (
	ras    = netip.MustParseAddr("10.0.0.1")
	theirs = netip.MustParseAddr("10.0.0.2")
)

// A peer is the other end of the line: it demands a login, gives an address
// and has a web server.
type peer struct {
	wire    wire
	link    *link.Link
	ipcp    *ipcp.IPCP
	secret  auth.Secret
	refuse  string // the login, with these words
	stack   *netstack.Stack
	do      chan func() // in its goroutine
	wg      sync.WaitGroup
	network func()        // called when IPCP opens
	said    chan struct{} // closed when PPP is over and its last frame is sent

	mu       sync.Mutex
	requests [][]byte // the caller's LCP Configure-Requests
}

// answer makes a peer on l; with methods it demands one of them.
func answer(t *testing.T, l Port, ask ...auth.Method) *peer {
	t.Helper()
	p := &peer{secret: auth.NewPassword("blue moon"), do: make(chan func()), said: make(chan struct{}),
		link: link.New(&link.Options{LCP: lcp.Options{Magic: true}, Ask: ask, Name: "denver", Restart: time.Second}),
		ipcp: ipcp.New(ipcp.Options{Local: ras, Remote: theirs, DNS: []netip.Addr{netip.MustParseAddr("10.0.0.53")}})}
	p.wire.init(direct{l})
	var err error
	p.stack, err = netstack.New(netstack.Options{Addr: ras, Output: p.wire.data, Queue: 64})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.stack.ListenTCP(80)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: http.HandlerFunc(serve)}
	p.wg.Go(func() { web.Serve(s) })
	t.Cleanup(func() {
		web.Close()
		l.Close()
		p.wg.Wait()
	})
	return p
}

// serve has a page, a big one, and echoes what is posted.
func serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		io.Copy(w, r.Body)
	case r.URL.Path == "/big":
		w.Write(make([]byte, 1<<20))
	case r.URL.Path == "/missing":
		http.NotFound(w, r)
	default:
		io.WriteString(w, "hello "+r.RemoteAddr[:8])
	}
}

// start begins to speak PPP.
func (p *peer) start() {
	p.wg.Go(func() { p.wire.read(nil) })
	p.wg.Go(func() {
		defer close(p.said)
		p.wire.write()
	})
	p.wg.Go(p.run)
}

func (p *peer) run() {
	defer func() {
		close(p.wire.ending)
		p.stack.Close()
		close(p.wire.out)
	}()
	p.link.Network(time.Now(), ppp.IPCP, p.ipcp)
	p.link.Up(time.Now())
	timer := time.NewTimer(0)
	for {
		if p.follow() {
			return
		}
		for _, f := range p.link.Take() {
			p.wire.out <- f
		}
		if d := p.link.Deadline(); !d.IsZero() {
			timer.Reset(time.Until(d))
		}
		select {
		case frames := <-p.wire.frames:
			for _, f := range frames {
				p.receive(f)
			}
		case f := <-p.do:
			f()
		case <-timer.C:
			p.link.Expire(time.Now())
		case <-p.wire.lost:
			p.link.Down(time.Now())
		}
	}
}

func (p *peer) receive(frame []byte) {
	proto, info, err := ppp.Split(frame)
	if err == nil && proto == ppp.IPv4 {
		p.stack.Write(info)
		return
	}
	if c, err := cp.Parse(info); err == nil && proto == ppp.LCP && c.Code == cp.ConfigureRequest {
		p.mu.Lock()
		p.requests = append(p.requests, frame)
		p.mu.Unlock()
	}
	p.link.Receive(time.Now(), frame)
}

func (p *peer) follow() (finished bool) {
	for _, e := range p.link.Events() {
		switch e.Kind {
		case link.LinkUp:
			a := p.link.LCP()
			p.wire.form.Store(&form{send: a.Theirs.ACCM, compress: ppp.Compression{Address: a.Theirs.ACFC, Protocol: a.Theirs.PFC}})
		case link.Claimed:
			v := e.Claim.Check(p.secret)
			if !v.OK || p.refuse != "" {
				v = auth.Refuse(e.Claim, p.refuse)
			}
			p.link.Answer(time.Now(), v)
		case link.NetworkUp:
			if p.network != nil {
				p.network()
			}
		case link.Finished:
			for _, f := range p.link.Take() {
				p.wire.out <- f
			}
			return true
		}
	}
	return false
}

// pipe is a line: what one end writes the other reads, as on a wire with room
// for a few frames.
func pipe(t *testing.T) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err = net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return near, far
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// wantGoroutines waits until no more than n goroutines are left.
func wantGoroutines(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > n; runtime.Gosched() {
		if time.Now().After(end) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, began with %d:\n%s", runtime.NumGoroutine(), n, buf[:runtime.Stack(buf, true)])
		}
	}
}

// story collects a call's events.
type story struct {
	mu     sync.Mutex
	events []Event
}

func (s *story) tell(e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

func (s *story) count(k Kind) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// text is what the last event of a kind said.
func (s *story) text(k Kind) (text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Kind == k {
			text = e.Text
		}
	}
	return text
}
