package session

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carrier/pns/internal/flow"
	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/mppe"
	"carrier/shared/record"
)

// A rough way is one on which GRE packets are lost, late, and in another order. At
// both of its ends is a data half: the PNS's with its session, and the caller's.
type rough struct {
	loss         float64
	takes        time.Duration // each packet, and up to jitter longer
	office, hers shore
	windowless   bool // packets do not wait for acknowledgements

	mu     sync.Mutex
	random *rand.Rand
	spare  int // how many more packets of control protocols may be lost
}

// jitter changes the order, and GRE puts that right: in what time shows in flow.
const jitter = 40 * time.Millisecond

// A shore is one end of the way: a flow's tunnel, and the LAN behind it.
type shore struct {
	way    *rough
	across *shore
	flow   atomic.Pointer[flow.Flow] // nil until it is there
	stats  flow.Stats
	timer  *time.Timer   // of the flow
	from   byte          // of 2.1.1.0/24: who sends here
	got    atomic.Uint32 // the last of across's numbered packets
	spoilt atomic.Int64  // packets that nobody sent
}

func newRough(seed uint64) *rough {
	w := &rough{random: rand.New(rand.NewPCG(seed, 0))}
	w.office.way, w.office.across, w.office.from = w, &w.hers, 10
	w.hers.way, w.hers.across, w.hers.from = w, &w.office, 129
	return w
}

// draw is what becomes of a packet: it is lost, or so much late.
func (w *rough) draw(packet []byte) (late time.Duration, lost bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	late, lost = time.Duration(w.random.Int64N(int64(jitter))), w.random.Float64() < w.loss
	if _, frame, err := gre.Parse(packet); lost && err == nil && len(frame) > 0 {
		if p, _, err := ppp.Split(frame); err == nil && p >= 0x8000 {
			lost = w.spare > 0
			w.spare--
		}
	}
	return late, lost
}

// loses lets so many packets of control protocols be lost from now on.
func (w *rough) loses(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spare = n
}

// Send and WakeAt are the tunnel's, Write is the LAN's.

func (s *shore) Send(packets ...[]byte) error {
	for _, p := range packets {
		later, lost := s.way.draw(p)
		if lost {
			continue
		}
		p = bytes.Clone(p)
		time.AfterFunc(s.way.takes+later, func() {
			if f := s.across.flow.Load(); f != nil {
				f.Receive([][]byte{p})
			}
		})
	}
	return nil
}

func (s *shore) WakeAt(at time.Time) {
	if s.timer != nil {
		s.timer.Stop()
	}
	if !at.IsZero() {
		s.timer = time.AfterFunc(time.Until(at), func() { s.flow.Load().Wake(time.Now()) })
	}
}

func (s *shore) Write(packets ...[]byte) {
	for _, p := range packets {
		n := binary.BigEndian.Uint32(p[20:])
		if !bytes.Equal(p, numbered(s.across.from, s.from, n)) {
			s.spoilt.Add(1)
		}
		s.got.Store(n)
	}
}

// says sends a numbered packet to the other end's LAN.
func (s *shore) says(n uint32) {
	s.flow.Load().Deliver([][]byte{numbered(s.from, s.across.from, n)})
}

func numbered(from, to byte, n uint32) []byte {
	return binary.BigEndian.AppendUint32(datagram(from, to)[:20], n)
}

// open makes the flow of one end. How long the way takes is known at both.
func (s *shore) open(ring func(), c *record.Counters) *flow.Flow {
	f := flow.New(flow.Options{Tunnel: s, LAN: s, Ring: ring, Counters: c, Stats: &s.stats,
		GRE: gre.Options{PeerCallID: 1, Windowing: !s.way.windowless, SendWindow: 64, RecvWindow: 64, PeerDelay: s.way.takes}})
	s.flow.Store(f)
	return f
}

// her is Sara's end: the link, its network and its coding, each put in force as the
// session does it at the other end.
type her struct {
	*link.Link
	flow *flow.Flow
	ip   *ipcp.IPCP
	ccp  *ccp.CCP
	mppe *ccp.MPPE
	bell chan struct{}
	do   chan func(time.Time)
	ups  atomic.Int64 // how often she was given an address
	why  atomic.Pointer[link.Event]
	stop context.CancelFunc
	done chan struct{}
}

// calls connects a call over the way, and has her speak.
func (w *rough) calls(v *visit, o link.Options, can mppe.Bits, packs ...ccp.Method) *her {
	h := &her{bell: make(chan struct{}, 1), do: make(chan func(time.Time)), done: make(chan struct{}), mppe: &ccp.MPPE{Can: can}}
	if can != 0 {
		packs = append(packs, h.mppe)
	}
	h.flow = w.hers.open(h.ring, &record.Counters{})
	h.ip = ipcp.New(ipcp.Options{AskAddress: true})
	h.Link = link.New(&o)
	h.Network(time.Now(), ppp.IPCP, h.ip)
	if len(packs) > 0 {
		h.ccp = ccp.New(ccp.Options{Receive: packs, Send: packs})
		h.Network(time.Now(), ppp.CCP, h.ccp)
	}
	v.connect()
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	go h.run(ctx)
	return h
}

func (h *her) ring() {
	select {
	case h.bell <- struct{}{}:
	default:
	}
}

func (h *her) run(ctx context.Context) {
	defer close(h.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	h.Up(time.Now())
	for h.settle(); ; h.settle() {
		if d := h.Deadline(); !d.IsZero() {
			timer.Reset(time.Until(d))
		}
		select {
		case <-h.bell:
			for f := h.flow.Next(); f != nil; f = h.flow.Next() {
				h.Receive(time.Now(), f.Octets)
				f.Free()
				h.settle()
			}
		case <-timer.C:
			h.Expire(time.Now())
		case f := <-h.do:
			f(time.Now())
		case <-ctx.Done():
			h.Down(time.Now())
			h.flow.Close()
			return
		}
	}
}

// settle puts in force what the link's events say, then sends its frames.
func (h *her) settle() {
	for events := h.Events(); len(events) > 0; events = h.Events() {
		for _, e := range events {
			h.happened(e)
		}
	}
	for _, f := range h.Take() {
		h.flow.SendControl(f)
	}
}

func (h *her) happened(e link.Event) {
	switch e.Kind {
	case link.LinkUp:
		h.flow.SetBundle(bundle(h.LCP()))
	case link.LinkDown:
		h.flow.SetBundle(flow.Bundle{})
	case link.LoggedIn:
		_, left := h.Keys()
		h.mppe.Keys = ccp.KeysOf(left, mppe.Client)
	case link.NetworkUp:
		if e.Protocol == ppp.CCP {
			h.codes()
			return
		}
		_ = h.flow.SetNetwork(flow.Network{Open: true, Remote: ip("2.1.1.10"), MRU: 1400})
		h.ups.Add(1)
	case link.NetworkDown:
		if e.Protocol == ppp.CCP {
			h.flow.SetCoding(flow.Coding{})
			return
		}
		_ = h.flow.SetNetwork(flow.Network{})
	case link.Finished:
		h.why.Store(&e)
	}
}

func (h *her) codes() {
	agreed := h.ccp.Agreed()
	out, err := ccp.NewOutbound(agreed.Send, 1500)
	if err != nil {
		panic(err)
	}
	in, err := ccp.NewInbound(agreed.Receive, 1500)
	if err != nil {
		panic(err)
	}
	h.flow.SetCoding(flow.Coding{Out: out, In: in, Sealed: encrypts(agreed.Receive)})
}

// leave ends both ends of the call.
func (w *rough) leave(v *visit, h *her) {
	h.stop()
	<-h.done
	v.cancel()
	<-v.done
}

// restarts has her negotiate everything afresh.
func (h *her) restarts() { h.do <- func(now time.Time) { h.Restart(now) } }

// storm lets nothing through for a while in which much is sent, so that each end takes
// the way for as slow as may be.
func (w *rough) storm() {
	w.mu.Lock()
	was := w.loss
	w.loss, w.spare = 1, 0
	w.mu.Unlock()
	for range 80 {
		time.Sleep(250 * time.Millisecond)
		w.office.says(0)
		w.hers.says(0)
	}
	w.mu.Lock()
	w.loss = was
	w.mu.Unlock()
}

// back tells after what time packets go both ways again, of a call that gave her an
// address so often before.
func (w *rough) back(t *testing.T, v *visit, h *her, before int64) time.Duration {
	t.Helper()
	began, online := time.Now(), uint32(0)
	for time.Since(began) < 5*time.Minute && h.why.Load() == nil {
		time.Sleep(250 * time.Millisecond)
		n := uint32(time.Since(start) / time.Millisecond)
		w.office.says(n)
		w.hers.says(n)
		switch {
		case h.ups.Load() == before:
		case online == 0:
			online = n
		case w.office.got.Load() > online && w.hers.got.Load() > online:
			return time.Since(began)
		}
	}
	defer t.FailNow() // once all is over, which the bubble waits for
	defer w.leave(v, h)
	t.Errorf("%d addresses and %d before; she is in phase %v (%v), and the session knows %+v", h.ups.Load(), before, h.Phase(), h.why.Load(), v.s.Record())
	return 0
}

// start is when a test's bubble begins its time, near enough.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
