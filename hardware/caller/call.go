package caller

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"carrier/shared/netstack"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
)

// A Call is a call in progress. Its methods may be called from any goroutine.
type Call struct {
	o      Options
	line   carrier
	wire   wire
	stack  atomic.Pointer[netstack.Stack] // nil while there is no network
	agreed atomic.Pointer[ipcp.Agreed]    // the latest
	client *http.Client

	// The owner's: run.
	link    *link.Link
	ipcp    *ipcp.IPCP
	refused string // what the peer said when it refused our login
	end     error  // why it ended; set before done is closed

	hangUp     chan struct{}
	hangUpOnce sync.Once
	cause      error // why we hang up; set before hangUp is closed
	up, done   chan struct{}
}

// Dial makes a call over port and returns when its network is up. The port
// belongs to the call from now on and is closed with it, also on error. Errors
// are a *line.DialError when the telephone network made no connection, an
// *EndError when PPP did not succeed, or match ErrCarrier or ctx's cause.
func Dial(ctx context.Context, port Port, o Options) (*Call, error) {
	l, rest, err := reach(ctx, port, &o)
	if err != nil {
		o.tell(Event{Kind: Ended, Text: err.Error()})
		return nil, err
	}
	c := newCall(l, o)
	go c.run(rest)
	select {
	case <-c.up:
		return c, nil
	case <-c.done:
		return nil, c.end
	case <-ctx.Done():
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		c.quit(short, context.Cause(ctx))
		return nil, context.Cause(ctx)
	}
}

// reach makes the connection, up to where PPP begins; its first octets may be
// in rest.
func reach(ctx context.Context, port Port, o *Options) (l carrier, rest []byte, err error) {
	l, err = connect(ctx, port, o)
	if err != nil {
		return nil, nil, err
	}
	rest, err = login(ctx, l, o.Script)
	if err == nil && o.Silent {
		err = silence(ctx, l)
	}
	if err != nil {
		l.Close()
	}
	return l, rest, err
}

func newCall(l carrier, o Options) *Call {
	if o.LCP == nil {
		o.LCP = &pppdAsks
	}
	opt := link.Options{LCP: *o.LCP, Login: o.Login, Echo: o.Echo, Restart: o.Restart, OnlyAck: o.OnlyAck}
	if o.Callback != nil {
		opt.LCP.Callback, opt.Callback = &lcp.Callback{Operation: lcp.ByCBCP}, *o.Callback
	}
	c := &Call{o: o, line: l, hangUp: make(chan struct{}), up: make(chan struct{}), done: make(chan struct{}),
		ipcp: ipcp.New(ipcp.Options{Local: o.Addr, Remote: o.PeerAddr, AskAddress: true, AskDNS: true, AskNBNS: true}),
		link: link.New(&opt)}
	c.wire.init(l)
	c.client = &http.Client{Transport: &http.Transport{DialContext: c.DialContext, DisableKeepAlives: true}}
	return c
}

// Addr is the address that we were given.
func (c *Call) Addr() netip.Addr { return c.agreed.Load().Local }

// Peer is the other end's address, invalid if it told none.
func (c *Call) Peer() netip.Addr { return c.agreed.Load().Remote }

// DNS are the name servers that we were told of.
func (c *Call) DNS() []netip.Addr { return c.agreed.Load().DNS }

// NBNS are the servers of NetBIOS names, WINS, that we were told of.
func (c *Call) NBNS() []netip.Addr { return c.agreed.Load().NBNS }

// Spoiled counts the frames that the line spoiled on their way to us.
func (c *Call) Spoiled() uint64 { return c.wire.spoiled.Load() }

// Done is closed when the call has ended and nothing of it is running.
func (c *Call) Done() <-chan struct{} { return c.done }

// Err is why the call ended; nil while it goes on, and when we hung up.
func (c *Call) Err() error {
	select {
	case <-c.done:
		return c.end
	default:
		return nil
	}
}

// HangUp ends the call: LCP first, then the modem. It returns when nothing of
// the call is running; when ctx ends before, it drops the line, and returns
// ctx's cause.
func (c *Call) HangUp(ctx context.Context) error { return c.quit(ctx, nil) }

func (c *Call) quit(ctx context.Context, cause error) error {
	c.hangUpOnce.Do(func() {
		c.cause = cause
		close(c.hangUp)
	})
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
	}
	c.line.Close()
	<-c.done
	return context.Cause(ctx)
}

// hangUpTime bounds Close: LCP's two Terminate-Requests and the modem's escape
// sequence.
const hangUpTime = 15 * time.Second

// Close is HangUp within 15 seconds.
func (c *Call) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), hangUpTime)
	defer cancel()
	return c.HangUp(ctx)
}
