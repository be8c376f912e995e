// Package flow is the data half of a session at the PNS: network data goes
// between the tunnel and the LAN without passing the session's goroutine, all
// else is the session's. A Flow sits behind one lock: the readers of the
// tunnel's socket and of the LAN go through it in batches, the session only
// asks and sets.
package flow

import (
	"net/netip"
	"sync"
	"time"

	"carrier/pns/internal/activity"
	"carrier/shared/capture"
	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/vj"
	"carrier/shared/queue"
	"carrier/shared/record"
)

// A Tunnel takes GRE packets to the PAC; *peer.Call is one.
type Tunnel interface {
	Send(packets ...[]byte) error
	WakeAt(time.Time)
}

// A LAN takes the caller's packets; a lan.Network is one. Write is called with
// the flow's lock held, once for all that a batch from the tunnel brought.
type LAN interface {
	Write(packets ...[]byte)
}

// A Tap is shown each PPP frame of the session; *capture.Hub is one.
type Tap interface {
	PPP(call string, dir capture.Direction, frame []byte)
}

// Options are what a flow works with.
type Options struct {
	Call    string // the call's name, for Tap
	Tunnel  Tunnel
	LAN     LAN
	GRE     gre.Options
	Dialled bool // we called: what goes to the other end is what somebody here does, for Activity
	Strip   bool // leave out Address and Control, FF 03, of what we send
	Rate    int  // of the caller's line in bit/s, 0 when unknown
	// MSSByRate lowers the MSS of TCP connections on slow lines, so that what
	// has to go at once need not wait for a long packet.
	MSSByRate bool
	Activity  *activity.Filter // what LastData does not count; nil: all counts
	Queue     int              // frames for the caller that may wait for the window; 64
	Ring      func()           // called with the flow's lock held: there is a frame for Next, and more may follow
	Counters  *record.Counters // of this session
	Stats     *Stats           // of the program
	Tap       Tap              // nil: none
}

// The bounds on what waits.
const (
	defaultQueue = 64
	fewest       = 4                              // frames of a flow that may wait whatever CoDel says: with fewer under way TCP is slow to notice a loss
	maxMRU       = 65535 - 20 - gre.MaxHeader - 4 // octets: the packet around it is IPv4
	controlQueue = 32                             // frames that may wait for the session
)

// A Flow is the data half of one session. Its methods may be called from any
// goroutine.
type Flow struct {
	mu        sync.Mutex
	closed    bool
	windowing bool
	strip     bool
	dialled   bool
	form      ppp.Compression // of the frames we send
	rate      int             // of the caller's line in bit/s, where the MSS depends on it; else 0
	tunnel    Tunnel
	lan       LAN
	tap       Tap
	call      string
	ring      func()
	counters  *record.Counters
	stats     *Stats

	gre      gre.Session
	deliver  func([]byte) // f.fromTunnel, bound once
	scratch  *scratch     // while a method of the data path runs
	inbox    inbox
	held     held
	coding   Coding
	resets   resets // what stats has of coding's
	headers  headers
	bundle   *bundle     // nil: the link is of its own
	quality  *quality    // nil: nobody measures it
	queue    queue.Queue // for the caller
	lost     queue.Stats // what stats has of queue's
	net      Network
	net6     *Network6 // nil: it lets nothing through
	lastData time.Time
	activity activity.Tracker // of lastData
}

// A Network is what IPCP settled. The zero value lets no data through.
type Network struct {
	Open        bool
	Remote      netip.Addr      // the caller's address: her packets come from it,
	Behind      []netip.Prefix  // or from a network that is behind her, and from nowhere else
	Others      []netip.Prefix  // are not behind her, whatever Behind says
	Compression ppp.Compression // of the frames we send
	Informs     bool            // the session answers her DHCPINFORM; else it goes to the LAN
	SendVJ      vj.Slots        // how TCP headers are compressed; zero: they are not
	ReceiveVJ   vj.Slots
	MRU         int // the longest packet the caller takes, in octets; 0 means ppp.DefaultMRU
}

// A Network6 is what IPV6CP settled. The zero value lets no data through.
type Network6 struct {
	Open        bool
	Prefix      netip.Prefix   // the caller's, a /64: her packets for the LAN come from it,
	Delegated   netip.Prefix   // or from what she was given for networks behind her; invalid: nothing
	Behind      []netip.Prefix // or from others that are there, and from nowhere else
	Others      []netip.Prefix // are not, whatever Behind says
	Compression ppp.Compression
	MRU         int // as Network's
}

// New makes a flow that lets only control frames through until SetNetwork.
func New(o Options) *Flow {
	if o.Tap == nil {
		o.Tap = (*capture.Hub)(nil)
	}
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	now := time.Now()
	f := &Flow{
		windowing: o.GRE.Windowing,
		strip:     o.Strip,
		dialled:   o.Dialled,
		tunnel:    o.Tunnel,
		lan:       o.LAN,
		tap:       o.Tap,
		call:      o.Call,
		ring:      o.Ring,
		counters:  o.Counters,
		stats:     o.Stats,
		gre:       gre.NewSession(o.GRE, now),
		queue:     queue.Queue{MaxFrames: o.Queue, Window: fewest},
		lastData:  now,
		activity:  activity.NewTracker(o.Activity),
	}
	if o.MSSByRate {
		f.rate = o.Rate
	}
	f.queue.SetRate(o.Rate / 8)
	f.deliver = f.fromTunnel
	return f
}

// SendControl sends a frame of the session's. It goes before all data that
// waits, and a few do not wait for a closed window; those of CCP keep their place. The
// frame is not kept.
func (f *Flow) SendControl(frame []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	now := time.Now()
	f.enter(now)
	defer f.leave()
	f.queue.Push(now, frame)
	f.settle(now)
}

// SetNetwork opens the flow for data, or with the zero Network closes it and
// drops what data is waiting: when IPCP opens, and when it leaves Opened. The
// error is that of slots of VJ that are out of range.
func (f *Flow) SetNetwork(n Network) error {
	h, err := newHeaders(n.SendVJ, n.ReceiveVJ)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n.MRU = mru(n.MRU)
	f.net, f.headers = n, h
	f.opened(n.Open, n.Compression)
	return nil
}

// SetNetwork6 is SetNetwork for IPv6, when IPV6CP opens and when it leaves
// Opened. Neither touches the other, but that a close drops all that waits.
func (f *Flow) SetNetwork6(n Network6) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.net6 = nil
	if n.Open {
		n.MRU = mru(n.MRU)
		f.net6 = &n
	}
	f.opened(n.Open, n.Compression)
}

func mru(n int) int {
	if n <= 0 {
		n = ppp.DefaultMRU
	}
	return min(n, maxMRU)
}

// opened notes that a network opened or closed. The compression of frames is the
// link's, the same for all networks.
func (f *Flow) opened(open bool, form ppp.Compression) {
	if !open {
		f.queue.ClearData()
		return
	}
	f.form, f.lastData = form, time.Now()
}

// LastData is when data last went either way that are the caller's activity, or
// a network opened: the idle limit counts from here. What a router and a host
// say to each other on the link is no data.
func (f *Flow) LastData() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lastData
}

// Stats reads the counters of the session's GRE.
func (f *Flow) Stats() gre.Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gre.Stats()
}

// Close ends the flow: nothing is sent, delivered or waited for any more.
func (f *Flow) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.net, f.net6, f.coding, f.headers, f.held = Network{}, nil, Coding{}, headers{}, held{}
	f.bundle, f.quality = nil, nil
	f.queue.Clear()
	f.tunnel.WakeAt(time.Time{})
}
