package session

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/flow"
	"carrier/pns/internal/lan"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/ipv6cp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/lqr"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
	"carrier/shared/pptp"
	"carrier/shared/record"
)

var ip = netip.MustParseAddr

// A log is what happened at the fakes, in order.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// take returns the lines since the last call.
func (l *log) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

// fakeCall is the PAC's side of a call: it answers a Call-Clear-Request after
// a tenth of a second.
type fakeCall struct {
	log    *log
	events chan peer.Event
	once   sync.Once
	gone   bool // the PAC answers nothing
}

func (c *fakeCall) Events() <-chan peer.Event { return c.events }

func (c *fakeCall) SetLinkInfo(send, receive uint32) {
	c.log.add("link info %08x %08x", send, receive)
}

func (c *fakeCall) Clear() {
	c.log.add("clear")
	if c.gone {
		return
	}
	time.AfterFunc(100*time.Millisecond, func() { c.end(nil) })
}

// end ends the call as a peer.Call does.
func (c *fakeCall) end(err error) {
	c.once.Do(func() {
		c.events <- peer.Event{Kind: peer.Ended, Err: err}
		close(c.events)
	})
}

// fakeData is the data half: frames between the session and the caller.
type fakeData struct {
	log      *log
	ring     func() // the session's
	down     chan []byte
	mu       sync.Mutex
	up       []*flow.Frame // that wait
	taken    []*flow.Frame
	network  flow.Network
	coding   flow.Coding
	bundle   flow.Bundle
	quality  lqr.Quality
	fresh    bool // quality was not asked for yet
	last     time.Time
	told     [][]byte // by Deliver
	received uint64
	closed   bool
	got      int
}

// connect hands over what came before, as peer.Call's Bind does.
func (d *fakeData) connect(_ int, ring func()) Data {
	d.with(func() { d.ring = ring })
	ring()
	return d
}

// bring has a frame of the caller's wait for the session.
func (d *fakeData) bring(frame []byte) {
	var ring func()
	d.with(func() { d.up, ring = append(d.up, &flow.Frame{Octets: frame}), d.ring })
	if ring != nil { // connected
		ring()
	}
}

func (d *fakeData) Next() (f *flow.Frame) {
	d.with(func() {
		if len(d.up) == 0 {
			return
		}
		f, d.up = d.up[0], d.up[1:]
		d.taken = append(d.taken, f)
	})
	return f
}

func (d *fakeData) SendControl(f []byte) {
	d.with(func() { d.got++ })
	select {
	case d.down <- slices.Clone(f):
	default: // lost, as on a tunnel
	}
}

func (d *fakeData) SetNetwork(n flow.Network) error {
	d.log.add("network %v %v %d", n.Open, n.Remote, n.MRU)
	d.with(func() { d.network, d.last = n, time.Now() })
	return nil
}

func (d *fakeData) SetNetwork6(n flow.Network6) {
	behind := ""
	if n.Delegated.IsValid() {
		behind = fmt.Sprintf(" behind %v", n.Delegated)
	}
	d.log.add("network6 %v %v %d%s", n.Open, n.Prefix, n.MRU, behind)
	d.with(func() { d.last = time.Now() })
}

func (d *fakeData) SetCoding(c flow.Coding) {
	if c != (flow.Coding{}) {
		d.log.add("coding out %v in %v sealed %v shut %v", c.Out != nil, c.In != nil, c.Sealed, c.Shut)
	}
	d.with(func() { d.coding = c })
}

func (d *fakeData) SetBundle(b flow.Bundle) { d.with(func() { d.bundle = b }) }
func (d *fakeData) StopVJ()                 { d.log.add("no VJ") }

func (d *fakeData) SetQuality(o *lqr.Options, sends bool) {
	if o != nil {
		d.log.add("quality each %v sends %v", o.Period, sends)
	}
}

func (d *fakeData) Report() time.Time {
	d.log.add("report")
	return time.Now().Add(time.Minute)
}

func (d *fakeData) Quality() (q lqr.Quality, ok bool) {
	d.with(func() { q, ok, d.fresh = d.quality, d.fresh, false })
	return q, ok
}

func (d *fakeData) LastData() (t time.Time) { d.with(func() { t = d.last }); return t }

func (d *fakeData) Stats() (s gre.Stats) {
	d.with(func() { s.Received[gre.InOrder] = d.received })
	return s
}

func (d *fakeData) Close() { d.with(func() { d.closed = true }) }

func (d *fakeData) Deliver(packets [][]byte) {
	d.with(func() {
		d.last = time.Now()
		for _, p := range packets {
			d.told = append(d.told, slices.Clone(p))
		}
	})
}

func (d *fakeData) with(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// fakeLAN lets addresses be attached, unless it has a reason not to.
type fakeLAN struct {
	log *log
	err error
}

func (*fakeLAN) Local() netip.Addr { return ip("2.1.1.60") }

func (l *fakeLAN) Attach(a netip.Addr, mtu int, r lan.Receiver) (func(), error) {
	if l.err != nil {
		return nil, l.err
	}
	l.log.add("attach %v %d", a, mtu)
	return func() { l.log.add("detach %v", a) }, nil
}

func (l *fakeLAN) Delegate(p netip.Prefix, mtu int, r lan.Receiver) (func(), error) {
	if l.err != nil {
		return nil, l.err
	}
	l.log.add("delegate %v %d", p, mtu)
	return func() { l.log.add("withdraw %v", p) }, nil
}

// A visit is one call at a place: the session, and the fakes around it.
type visit struct {
	log    *log
	call   *fakeCall
	data   *fakeData
	s      *Session
	cancel context.CancelFunc
	done   chan struct{} // closed when Run is over
	serves *tls.Config   // the place's
}

// call brings a call whose modem has not answered yet.
func (p *place) call() *visit {
	l := &log{}
	v := &visit{serves: p.serves, log: l, call: &fakeCall{log: l, events: make(chan peer.Event, 8)},
		data: &fakeData{log: l, down: make(chan []byte, 32)}, done: make(chan struct{})}
	o := Options{Common: &Common{
		LAN: &fakeLAN{log: l, err: p.lanErr}, Delegator: &fakeLAN{log: l, err: p.behindErr}, Users: p.users, Pools: p.pool, Online: p.online, Guard: p.guard,
		Settings: Settings{Link: link.Options{LCP: lcp.Options{MRU: 1400, Magic: true, PFC: true, ACFC: true}, Name: "denver",
			Ask:  []auth.Method{auth.MSCHAPv2, auth.CHAPMD5, auth.MSCHAP, auth.PAP},
			Echo: link.EchoOptions{Interval: 30 * time.Second, Failures: 3}},
			DNS: []netip.Addr{ip("2.1.1.53")}}, Stats: &p.stats, Log: slog.New(slog.NewTextHandler(io.Discard, nil))},
		Call: v.call, Connect: v.data.connect,
		Counters: &record.Counters{},
	}
	p.opt(&o)
	v.s = New(o, record.Call{Name: "atlanta/1", Started: time.Now(), Peer: "atlanta", Outgoing: p.dialled})
	ctx, cancel := context.WithCancel(context.Background())
	v.cancel = cancel
	go func() {
		defer close(v.done)
		v.s.Run(ctx)
	}()
	return v
}

// connect says that the modem has answered.
func (v *visit) connect() {
	v.call.events <- peer.Event{Kind: peer.Connected, Message: pptp.IncomingCallConnected{ConnectSpeed: 28800}}
}

// A caller is Sara's PPP: a link of its own at the other end of the frames.
type caller struct {
	v       *visit
	ctx     context.Context
	stop    context.CancelFunc
	do      chan func(time.Time)
	link    *link.Link
	ip      *ipcp.IPCP
	six     *ipv6cp.IPV6CP // nil: she speaks no IPv6
	no4     bool           // she speaks no IPv4
	own     netip.Addr     // insisted on; invalid: she asks for one
	can     mppe.Bits      // once logged in; 0: she rejects CCP
	ccp     *ccp.CCP
	mppe    *ccp.MPPE  // of ccp
	packs   ccp.Method // how she compresses, both ways; nil: not at all
	vj      vj.Slots
	knows   auth.Secret                            // ours, where we must log in with her
	mute    bool                                   // sends nothing any more
	loses   func(p ppp.Protocol, info []byte) bool // what of hers does not arrive; nil: nothing is lost
	bring   func(frame []byte)                     // to the session; nil: the fake data half does
	said    []link.Event
	got     [][]byte // frames of the session
	stopped chan struct{}
}

// dial lets a caller with these options speak on a connected call.
func (v *visit) dial(o link.Options, with ...func(*caller)) *caller {
	ctx, stop := context.WithCancel(context.Background())
	c := &caller{v: v, ctx: ctx, stop: stop, do: make(chan func(time.Time)), stopped: make(chan struct{})}
	for _, f := range with {
		f(c)
	}
	c.start(time.Now(), o)
	v.connect()
	go c.run()
	return c
}

// start begins a new link, as a caller does that negotiates LCP again.
func (c *caller) start(now time.Time, o link.Options) {
	c.ccp = nil
	c.ip = ipcp.New(ipcp.Options{Local: c.own, AskAddress: !c.own.IsValid(), AskDNS: true, VJ: c.vj})
	c.link = link.New(&o)
	if !c.no4 {
		c.link.Network(now, ppp.IPCP, c.ip)
	}
	if c.six != nil {
		c.link.Network(now, ppp.IPV6CP, c.six)
	}
	if m := []ccp.Method{c.packs}; c.packs != nil {
		c.link.Network(now, ppp.CCP, ccp.New(ccp.Options{Receive: m, Send: m}))
	}
	c.link.Up(now)
}

func (c *caller) run() {
	defer close(c.stopped)
	for {
		for _, e := range c.link.Events() {
			c.said = append(c.said, e)
			if e.Kind == link.Claimed {
				c.link.Answer(time.Now(), e.Claim.Check(c.knows))
			}
			if e.Kind == link.LoggedIn && c.can != 0 {
				_, left := c.link.Keys()
				if c.ccp == nil {
					c.mppe = &ccp.MPPE{Can: c.can}
					c.ccp = ccp.New(ccp.Options{Receive: []ccp.Method{c.mppe}, Send: []ccp.Method{c.mppe}})
					c.link.Network(time.Now(), ppp.CCP, c.ccp)
				}
				c.mppe.Keys = ccp.KeysOf(left, mppe.Client)
			}
		}
		for _, f := range c.link.Take() {
			if p, info, err := ppp.Split(f); !c.mute && (err != nil || c.loses == nil || !c.loses(p, info)) {
				c.send(f)
			}
		}
		var due <-chan time.Time
		if d := c.link.Deadline(); !d.IsZero() {
			due = time.After(time.Until(d))
		}
		select {
		case f := <-c.v.data.down:
			c.got = append(c.got, f)
			c.link.Receive(time.Now(), f)
		case <-due:
			c.link.Expire(time.Now())
		case f := <-c.do:
			f(time.Now())
		case <-c.ctx.Done():
			return
		}
	}
}

// send brings a frame to the session.
func (c *caller) send(f []byte) {
	if c.bring != nil {
		c.bring(f)
		return
	}
	c.v.data.with(func() { c.v.data.received++ })
	c.v.data.bring(f)
}

// says has the caller do something.
func (c *caller) says(f func(now time.Time)) { c.do <- f }

// hangUp ends the caller and returns what her link went through. She waits a
// moment before: a Terminate-Request's receiver does (RFC 1661 §3.7).
func (c *caller) hangUp() []link.Event {
	time.Sleep(4 * time.Second)
	c.stop()
	<-c.stopped
	return c.said
}

// heard is the event of that kind, or the test fails.
func heard(t *testing.T, events []link.Event, k link.Kind) link.Event {
	t.Helper()
	for _, e := range events {
		if e.Kind == k {
			return e
		}
	}
	t.Errorf("no %v in %v", k, events)
	return link.Event{}
}

// sara is a caller's options.
func sara(name, password string, methods ...auth.Method) link.Options {
	return link.Options{LCP: lcp.Options{MRU: 1500, Magic: true, PFC: true, ACFC: true, ACCM: 0x000A0000},
		Login: auth.Login{Name: name, Secret: auth.NewPassword(password), Allow: methods}}
}

// over waits for the call's end and says how long it took to come.
func (v *visit) over(t *testing.T) (record.Call, time.Duration) {
	t.Helper()
	before := time.Now()
	<-v.done
	r := v.s.Record()
	if r.Ended.IsZero() || r.Reason == record.Running {
		t.Errorf("over, and Record shows %+v", r)
	}
	if v.data.with(func() {}); v.data.got > 0 && !v.data.closed {
		t.Error("the data half was not closed")
	}
	for i, f := range v.data.taken {
		if len(f.Octets) > 0 {
			t.Errorf("frame %d was not freed", i)
		}
	}
	return r, time.Since(before)
}

// bubble runs a test on a fake clock.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// equal compares lists.
func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
