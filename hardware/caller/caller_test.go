package caller

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

func saran(password string, allow ...auth.Method) auth.Login {
	return auth.Login{Name: "saran", Secret: auth.NewPassword(password), Allow: allow}
}

// A whole call by each method: the story, the page, a ping, and no goroutine
// left.
func TestCall(t *testing.T) {
	for _, m := range []auth.Method{auth.PAP, auth.CHAPMD5, auth.MSCHAP, auth.MSCHAPv2} {
		t.Run(m.String(), func(t *testing.T) {
			before := runtime.NumGoroutine()
			near, far := pipe(t)
			p := answer(t, far, m)
			p.start()
			var s story
			c, err := Dial(within(t, 20*time.Second), near, Options{Login: saran("blue moon"), Story: s.tell})
			if err != nil {
				t.Fatal(err)
			}
			if c.Addr() != theirs || c.Peer() != ras || !slices.Equal(c.DNS(), []netip.Addr{netip.MustParseAddr("10.0.0.53")}) {
				t.Errorf("address %v, peer %v, DNS %v", c.Addr(), c.Peer(), c.DNS())
			}
			if b, err := c.Get(within(t, 20*time.Second), "http://10.0.0.1/"); err != nil || string(b) != "hello 10.0.0.2" {
				t.Errorf("page %q, %v", b, err)
			}
			if _, err := c.Ping(within(t, 20*time.Second), ras); err != nil {
				t.Errorf("ping: %v", err)
			}
			if err := c.Close(); err != nil || c.Err() != nil {
				t.Errorf("hanging up: %v, %v", err, c.Err())
			}
			var kinds []Kind
			for _, e := range s.events {
				kinds = append(kinds, e.Kind)
			}
			if !slices.Equal(kinds, []Kind{LinkUp, LoggedIn, NetworkUp, LinkDown, Ended}) &&
				!slices.Equal(kinds, []Kind{LinkUp, LoggedIn, NetworkUp, NetworkDown, LinkDown, Ended}) ||
				s.text(LoggedIn) != m.String() || s.text(Ended) != "we hung up" {
				t.Errorf("story %+v", s.events)
			}
			far.Close()
			p.wg.Wait()
			wantGoroutines(t, before+1) // the web server's, until Cleanup
			if _, err := c.Get(t.Context(), "http://10.0.0.1/"); !errors.Is(err, errNoNetwork) {
				t.Errorf("a page after the call: %v", err)
			}
		})
	}
}

func TestTransfers(t *testing.T) {
	near, far := pipe(t)
	answer(t, far).start()
	c, err := Dial(within(t, 20*time.Second), near, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := within(t, 60*time.Second)
	big := sha256.Sum256(make([]byte, 1<<20))
	if d, err := c.Download(ctx, "http://10.0.0.1/big", io.Discard); err != nil || d.SHA256 != big || d.Octets != 1<<20 || d.Rate() <= 0 {
		t.Errorf("download: %v, %v", d, err)
	}
	u, body, err := c.Upload(ctx, "http://10.0.0.1/", bytes.NewReader(make([]byte, 2<<20)), 1<<20)
	if err != nil || u.SHA256 != big || u.Octets != 1<<20 || sha256.Sum256(body) != big {
		t.Errorf("upload: %v, %d octets back, %v", u, len(body), err)
	}
	if _, err := c.Get(ctx, "http://10.0.0.1/missing"); err == nil || !strings.Contains(err.Error(), "404 Not Found") {
		t.Errorf("a page that is missing: %v", err)
	}
	if c.Spoiled() != 0 {
		t.Errorf("%d spoiled frames", c.Spoiled())
	}
}

func TestWhyThereIsNoCall(t *testing.T) {
	for _, c := range []struct {
		name  string
		peer  func(*peer)
		ask   auth.Method
		login auth.Login
		cause link.Cause
		text  string
	}{
		{"wrong password, PAP", func(p *peer) { p.refuse = "password incorrect" }, auth.PAP, saran("x"), link.RefusedLogin, "password incorrect"},
		{"wrong password, CHAP", func(p *peer) { p.refuse = "password incorrect" }, auth.CHAPMD5, saran("x"), link.RefusedLogin, "password incorrect"},
		{"wrong password, MS-CHAPv2", func(p *peer) { p.refuse = "password incorrect" }, auth.MSCHAPv2, saran("x"), link.RefusedLogin, "password incorrect"},
		{"pool is full", func(p *peer) { p.refuse = "no address is free" }, auth.MSCHAPv2, saran("blue moon"), link.RefusedLogin, "no address is free"},
		{"no common method", nil, auth.PAP, saran("blue moon", auth.MSCHAPv2), link.PeerTerminated, "peer refuses to authenticate"},
	} {
		near, far := pipe(t)
		p := answer(t, far, c.ask)
		if c.peer != nil {
			c.peer(p)
		}
		p.start()
		go func() { // the end of PPP is the end of the line
			<-p.said
			far.Close()
		}()
		var s story
		_, err := Dial(within(t, 20*time.Second), near, Options{Login: c.login, Story: s.tell})
		var end *EndError
		if !errors.As(err, &end) || end.Cause != c.cause || !strings.Contains(end.Text, c.text) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if s.text(Ended) != err.Error() || s.count(Ended) != 1 {
			t.Errorf("%s: story %+v", c.name, s.events)
		}
		if c.cause == link.RefusedLogin && s.text(LoginRefused) != end.Text {
			t.Errorf("%s: LoginRefused says %q", c.name, s.text(LoginRefused))
		}
	}
}

// The line breaks: before PPP, and while it is up.
func TestLineLost(t *testing.T) {
	near, far := pipe(t)
	far.Close()
	if _, err := Dial(within(t, 20*time.Second), near, Options{}); !errors.Is(err, ErrCarrier) {
		t.Errorf("at once: %v", err)
	}
	near, far = pipe(t)
	answer(t, far).start()
	c, err := Dial(within(t, 20*time.Second), near, Options{})
	if err != nil {
		t.Fatal(err)
	}
	far.Close()
	<-c.Done()
	if !errors.Is(c.Err(), ErrCarrier) {
		t.Errorf("later: %v", c.Err())
	}
	if err := c.Close(); err != nil {
		t.Errorf("hanging up afterwards: %v", err)
	}
}

func TestNobodySpeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	near, far := pipe(t)
	defer far.Close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("enough"))
	defer cancel()
	if _, err := Dial(ctx, near, Options{}); err == nil || err.Error() != "enough" {
		t.Errorf("error %v", err)
	}
	wantGoroutines(t, before)
}

// Silent says nothing, and sees the other end hang up.
func TestSilent(t *testing.T) {
	near, far := pipe(t)
	heard := make(chan int)
	go func() {
		far.Write([]byte("\x7E\xFF\x7D\x23\xC0\x21"))
		far.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		n, _ := far.Read(make([]byte, 100))
		far.Close()
		heard <- n
	}()
	if _, err := Dial(within(t, 20*time.Second), near, Options{Silent: true}); !errors.Is(err, ErrCarrier) {
		t.Errorf("error %v", err)
	}
	if n := <-heard; n != 0 {
		t.Errorf("it said %d octets", n)
	}
	near, far = pipe(t)
	defer far.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, near, Options{Silent: true}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("until ctx ends: %v", err)
	}
}

func TestScript(t *testing.T) {
	near, far := pipe(t)
	p := answer(t, far)
	heard := make(chan string, 1)
	go func() {
		var said strings.Builder
		b := make([]byte, 100)
		for _, ask := range []string{"\r\nWelcome\r\n\r\nlogin: ", "Password: ", "Starting PPP\r\n"} {
			io.WriteString(far, ask[:3]) // in pieces
			io.WriteString(far, ask[3:])
			if !strings.HasPrefix(ask, "Starting") {
				n, _ := far.Read(b)
				said.Write(b[:n])
			}
		}
		heard <- said.String()
		p.start()
	}()
	script := []Step{{"ogin:", "saran"}, {"word:", "blue moon"}, {"PPP\r\n", ""}}
	c, err := Dial(within(t, 20*time.Second), near, Options{Script: script})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := <-heard; got != "saran\rblue moon\r" {
		t.Errorf("the login program heard %q", got)
	}
}

func TestScriptFails(t *testing.T) {
	near, far := pipe(t)
	go func() {
		io.WriteString(far, strings.Repeat("x", 40_000)+"no more lines")
		far.Close()
	}()
	_, err := Dial(within(t, 20*time.Second), near, Options{Script: []Step{{"login:", "saran"}}})
	if !errors.Is(err, ErrCarrier) || !strings.Contains(err.Error(), `waiting for "login:"`) || !strings.Contains(err.Error(), "no more lines") {
		t.Errorf("error %v", err)
	}
	near, mute := pipe(t)
	defer mute.Close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("enough"))
	defer cancel()
	if _, err := Dial(ctx, near, Options{Script: []Step{{"login:", "saran"}}}); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("error %v", err)
	}
}

// After a hand-over the new peer asks afresh. A usual caller asks afresh too; one
// with OnlyAck never does, and its old request, replayed to the new peer, opens
// the link.
func TestHandOver(t *testing.T) {
	for _, onlyAck := range []bool{false, true} {
		near, far := pipe(t)
		var s story
		p := answer(t, far)
		replay := func() {
			p.mu.Lock()
			last := p.requests[len(p.requests)-1]
			p.mu.Unlock()
			p.link.Receive(time.Now(), last)
		}
		p.start()
		c, err := Dial(within(t, 20*time.Second), near, Options{OnlyAck: onlyAck, Story: s.tell, Restart: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		asked := len(p.requests)
		p.mu.Unlock()
		again := make(chan struct{})
		p.do <- func() {
			p.network = func() { close(again) }
			p.link.Restart(time.Now())
			if onlyAck {
				replay()
			}
		}
		<-again
		if b, err := c.Get(within(t, 20*time.Second), "http://10.0.0.1/"); err != nil || string(b) != "hello 10.0.0.2" {
			t.Errorf("only ack %v: page %q, %v", onlyAck, b, err)
		}
		p.mu.Lock()
		more := len(p.requests) - asked
		p.mu.Unlock()
		if (more == 0) != onlyAck || s.count(LinkUp) != 2 {
			t.Errorf("only ack %v: it asked %d times more, link up %d times", onlyAck, more, s.count(LinkUp))
		}
		c.Close()
	}
}

// A peer that keeps its header octets and all escapes, and one that wants to
// be told our address.
func TestPlainLCP(t *testing.T) {
	near, far := pipe(t)
	answer(t, far).start()
	c, err := Dial(within(t, 20*time.Second), near, Options{LCP: &lcp.Options{ACCM: 0xFFFFFFFF, MRU: 576}, Addr: theirs})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if b, err := c.Get(within(t, 20*time.Second), "http://10.0.0.1/big"); err != nil || len(b) != 1<<20 {
		t.Errorf("%d octets, %v", len(b), err)
	}
}

// A peer that gives no address: IPCP closes, and the text says so.
func TestNoAddress(t *testing.T) {
	near, far := pipe(t)
	p := answer(t, far)
	p.link = link.New(&link.Options{LCP: lcp.Options{Magic: true}})
	p.start()
	_, err := Dial(within(t, 20*time.Second), near, Options{Restart: 20 * time.Millisecond, Addr: netip.MustParseAddr("192.0.2.9")})
	if err != nil { // the peer insists on its own choice, which is taken
		t.Errorf("error %v", err)
	}
}

func TestMeter(t *testing.T) {
	var b bytes.Buffer
	l := &limited{w: &b, left: 4}
	if n, err := l.Write([]byte("abc")); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := l.Write([]byte("de")); err == nil || b.String() != "abc" {
		t.Errorf("%q, %v", b.String(), err)
	}
	m := measure(io.Discard)
	m.Write([]byte("abc"))
	// FIPS 180-4's example.
	want := "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if tr := m.transfer(); tr.Octets != 3 || !strings.HasSuffix(tr.String(), want) {
		t.Errorf("%v", tr)
	}
}
