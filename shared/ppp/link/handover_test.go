package link

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
)

// A caller who has spoken with a PAC is handed over: the PAC falls silent, and
// a PNS with a link of its own starts anew. Until it asks, nothing but LCP
// passes to it, and of that no answers to the PAC.
type handover struct {
	*pair        // a is the PAC, then the PNS
	pns     *end //
	restart bool // the PAC first has the caller start anew
	replay  bool // the caller's last request is sent again for her
	steps   int  // frames that reach the caller before
}

func (h *handover) run() {
	p := h.pair
	p.a.wait = true
	p.up()
	for n := 0; n < h.steps; n++ { // frame by frame
		p.collect(p.a, p.b)
		if len(p.b.in) > 0 {
			f := p.b.in[0]
			p.b.in = p.b.in[1:]
			p.b.Receive(p.now, f)
		}
		p.collect(p.b, p.a)
		p.deliver(p.a)
	}
	p.collect(p.a, p.b) // what the PAC sent is sent
	p.deliver(p.b)
	if h.restart {
		p.a.Restart(p.now)
		p.collect(p.a, p.b)
	}
	last := p.a.LastRequest()
	p.a = h.pns
	p.b.log = nil
	p.a.Up(p.now)
	if h.replay {
		p.settleOnce()
		p.a.Receive(p.now, last)
	}
	p.run(40 * time.Second)
}

// settleOnce lets the PNS's first request reach the caller, and her answers
// the PNS.
func (p *pair) settleOnce() {
	p.collect(p.a, p.b)
	p.deliver(p.b)
	p.collect(p.b, p.a)
	p.deliver(p.a)
}

func TestHandOverInEachPhase(t *testing.T) {
	ask := []auth.Method{auth.CHAPMD5, auth.MSCHAPv2, auth.MSCHAP, auth.EAP, auth.PAP}
	for _, m := range allMethods {
		for _, mode := range []struct{ restart, onlyAck, replay bool }{
			{false, false, false}, {true, false, false}, {false, false, true}, {false, true, true},
		} {
			for steps := 4; steps < 9; steps++ {
				caller := client(m)
				caller.OnlyAck = mode.onlyAck
				pac := server(ask...)
				pac.NameOnly = true
				company := server(auth.MSCHAPv2, auth.CHAPMD5, auth.MSCHAP, auth.PAP)
				// Once in 256 restarts the PNS's Identifier is the one that the PAC had, and
				// what the caller answered to that counts for the PNS too: not here.
				pac.Rand, company.Rand = rand.NewChaCha8([32]byte{1}), rand.NewChaCha8([32]byte{2})
				p := newPair(t, pac, caller)
				pns := newPair(t, company, client()).a
				h := &handover{pair: p, pns: pns, steps: steps, restart: mode.restart, replay: mode.replay}
				if h.run(); p.a.Phase() != Network || p.b.Phase() != Network {
					t.Errorf("%v, %+v, after %d frames: PNS %v: %s; caller %v: %s", m, mode, steps, p.a.Phase(), p.a.story(), p.b.Phase(), p.b.story())
				}
				if got := fmt.Sprint(p.b.ip.Agreed().Local); p.b.Phase() == Network && got != "2.1.1.129" {
					t.Errorf("%v, %+v: the caller has %s", m, mode, got)
				}
			}
		}
	}
}

// Without the replay a caller of this kind and the PNS would wait for each
// other: this is what the replay is for.
func TestOnlyAckNeedsTheReplay(t *testing.T) {
	caller := client(auth.PAP)
	caller.OnlyAck = true
	p := newPair(t, server(auth.PAP), caller)
	pns := newPair(t, server(auth.PAP), client()).a
	h := &handover{pair: p, pns: pns, steps: 12}
	if h.run(); p.a.Phase() == Network {
		t.Error("it opened all the same")
	}
}

func TestOnlyAckSendsOneRequest(t *testing.T) {
	caller := client(auth.PAP)
	caller.OnlyAck = true
	p := newPair(t, server(auth.PAP), caller)
	requests := 0
	count := func() {
		for _, f := range p.a.in {
			if bytes.HasPrefix(f, []byte{0xFF, 3, 0xC0, 0x21, byte(cp.ConfigureRequest)}) {
				requests++
			}
		}
	}
	p.up()
	for range 40 {
		p.collect(p.a, p.b)
		p.collect(p.b, p.a)
		count()
		p.deliver(p.a)
		p.deliver(p.b)
	}
	p.a.Restart(p.now)
	for range 40 {
		p.collect(p.a, p.b)
		p.collect(p.b, p.a)
		count()
		p.deliver(p.a)
		p.deliver(p.b)
	}
	if requests != 1 {
		t.Errorf("the caller sent %d Configure-Requests", requests)
	}
}
