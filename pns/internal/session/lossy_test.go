package session

import (
	"fmt"
	"testing"
	"time"

	"carrier/pns/internal/flow"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/mppe"
	"carrier/shared/record"
)

// A custom is how a call is agreed on.
type custom struct {
	name   string
	coding Coding
	can    mppe.Bits
	packs  []ccp.Method
	method auth.Method
	multi  lcp.Multilink
	client bool // it comes from her own machine, and nobody keeps a window
}

var customs = []custom{
	{name: "MPPE", coding: Coding{Encryption: Required, MPPE: strong}, can: strong, method: auth.MSCHAPv2},
	{name: "MPPE that goes on, in a bundle", coding: Coding{Encryption: Required, MPPE: mppe.Key128}, can: mppe.Key128, method: auth.EAPMSCHAPv2,
		multi: lcp.Multilink{MRRU: 1400}},
	{name: "Deflate", coding: Coding{Compression: []ccp.Method{ccp.Deflate{Window: 15}}}, packs: []ccp.Method{ccp.Deflate{Window: 15}}, method: auth.CHAPMD5},
	{name: "MPPC and MPPE, optional", coding: Coding{Encryption: Optional, MPPE: strong | mppe.MPPC}, can: strong | mppe.MPPC, method: auth.MSCHAP},
	{name: "in clear, in a bundle", method: auth.PAP, multi: lcp.Multilink{MRRU: 1400, Short: true}},
	{name: "in clear", method: auth.EAPMD5},
	{name: "a client's, MPPE", coding: Coding{Encryption: Required, MPPE: strong}, can: strong, method: auth.MSCHAPv2, client: true},
}

// comes brings a call of these customs over the way.
func (w *rough) comes(t *testing.T, c custom) (*visit, *her) {
	p := newPlace(t, addresses, saran(nil))
	p.opt = func(o *Options) {
		o.Link.Ask, o.Link.LCP.Multilink, o.Coding = []auth.Method{c.method}, c.multi, c.coding
		o.Connected, w.windowless = c.client, c.client
		o.Connect = func(_ int, ring func()) Data { return w.office.open(ring, o.Counters) }
	}
	v := p.call()
	o := sara("saran", "secret", c.method)
	o.LCP.Multilink = c.multi
	return v, w.calls(v, o, c.can, c.packs...)
}

// lossy is how many packets of control protocols are lost in one negotiation: no
// question is asked so often for nothing.
const lossy = 3

// Whatever is lost or late while everything is negotiated afresh, by either end or
// both, once or again before it is done: the call is always back within three minutes.
func TestRenegotiationOnARoughWay(t *testing.T) {
	const seeds = 200
	var longest time.Duration
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newRough(seed)
				r := w.random
				w.loss, w.takes = 0.5*r.Float64(), time.Duration(r.Int64N(int64(2500*time.Millisecond)))
				w.loses(lossy)
				times := make([]time.Duration, 4)
				for i := range times {
					times[i] = time.Duration(r.Int64N(int64(10 * time.Second)))
				}
				c := customs[seed%uint64(len(customs))]
				v, h := w.comes(t, c)
				w.back(t, v, h, 0)
				for i, again := range times {
					if i == 2 {
						w.storm()
					}
					w.loses(lossy)
					before := h.ups.Load()
					if i%3 != 1 && !v.s.Renegotiate() {
						t.Error("not online")
					}
					if i%3 != 0 {
						h.restarts()
					}
					if i == 3 {
						time.Sleep(again)
						v.s.Renegotiate()
					}
					longest = max(longest, w.back(t, v, h, before))
					time.Sleep(again)
				}
				w.ends(t, v, h)
			})
		})
	}
	t.Logf("back after %v at most", longest)
	if longest > 3*time.Minute {
		t.Error("that is too long")
	}
}

// ends ends the call, on which nothing arrived that was not sent.
func (w *rough) ends(t *testing.T, v *visit, h *her) {
	t.Helper()
	if n := w.office.spoilt.Load() + w.hers.spoilt.Load(); n > 0 {
		t.Errorf("%d packets arrived that nobody sent", n)
	}
	if r := v.s.Record(); r.Stage != record.Online || r.Reason != record.Running {
		t.Errorf("%+v", r)
	}
	w.leave(v, h)
}

// A bundle of one link is one afresh after each negotiation, whoever asks for it:
// its numbers begin anew, and what is agreed by then holds.
func TestRenegotiationOfABundle(t *testing.T) {
	for _, c := range customs {
		if c.multi.MRRU == 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newRough(1)
				w.takes = 20 * time.Millisecond
				v, h := w.comes(t, c)
				w.back(t, v, h, 0)
				for range 3 {
					for _, begin := range []func(){func() { v.s.Renegotiate() }, h.restarts} {
						w.loses(lossy)
						before := h.ups.Load()
						begin()
						if d := w.back(t, v, h, before); d > 5*time.Second {
							t.Errorf("back after %v", d)
						}
					}
				}
				for _, s := range []*flow.Stats{&w.office.stats, &w.hers.stats} {
					if n := s.Malformed.Load() + s.Unjoined.Load(); n > 0 {
						t.Errorf("%d fragments are of no use", n)
					}
				}
				w.ends(t, v, h)
			})
		})
	}
}
