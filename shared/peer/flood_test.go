package peer

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"carrier/shared/gre"
	"carrier/shared/pptp"
)

// soon is how fast a client who may come must get in, whatever others do.
const soon = 2 * time.Second

// Who is who in these tests: a client, one who has gone mad, and a stranger.
const client, mad, stray = "127.0.0.1", "127.0.0.8", "127.0.0.9"

// besieged is an endpoint that lets in client and mad, answers all their calls, and
// has a call with the client that must go on.
func besieged(t *testing.T) (h *host, running *exchange) {
	h = run(t, "2", nil)
	h.admits(func(from netip.AddrPort) (Remote, error) {
		if from.Addr().String() == stray {
			return Remote{}, fmt.Errorf("%s is nobody", stray)
		}
		return Remote{Name: "client", Transport: UDP, Limits: Limits{All: 1000, Source: 150, Rate: 10}}, nil
	})
	pac := run(t, "1", nil)
	atPAC, atPNS := call(t, pac.dial(h), h, 1)
	go func() {
		for {
			select {
			case c := <-h.outgoing:
				c.Answer(pptp.OutgoingCallReply{})
			case <-t.Context().Done():
				return
			}
		}
	}()
	return h, talk(t, atPAC, atPNS)
}

// from opens a TCP connection from an address.
func (h *host) from(t *testing.T, source string) *stranger {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}, Timeout: patience}
	c, err := d.Dial("tcp4", h.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	return &stranger{c, t}
}

// getsIn is how long a client takes to have a call.
func (h *host) getsIn(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	s := h.from(t, client)
	defer s.Close()
	s.say(linuxStart)
	s.hear(ourStart)
	s.say(linuxCall)
	s.answered()
	return time.Since(start)
}

// answered reads an Outgoing-Call-Reply and tells whether the call was taken.
func (s *stranger) answered() bool {
	s.t.Helper()
	reply := make([]byte, 32)
	if _, err := io.ReadFull(s, reply); err != nil {
		s.t.Fatalf("no answer to the call: %v", err)
	}
	return reply[16] == byte(pptp.OutgoingConnected)
}

// withstands attacks, and has a client get in every now and then for as long as that
// lasts, each time in time, ten times at least, and the running call go on meanwhile.
func (h *host) withstands(t *testing.T, running *exchange, attack func()) {
	t.Helper()
	over := make(chan struct{})
	var slowest time.Duration
	var wg sync.WaitGroup
	wg.Go(func() { defer close(over); attack() })
	defer wg.Wait()
	const often = 150 * time.Millisecond // one source may begin ten a second
	for times, next := 0, time.Now(); ; {
		running.once(t)
		if now := time.Now(); times < 10 || now.After(next) {
			slowest = max(slowest, h.getsIn(t))
			times, next = times+1, now.Add(often)
		}
		select {
		case <-over:
			if times < 10 {
				continue
			}
			slowest = max(slowest, h.getsIn(t))
			if t.Logf("the slowest client took %v", slowest); slowest > soon {
				t.Errorf("a client took %v to get in", slowest)
			}
			return
		default:
		}
	}
}

// Ten thousand TCP connections that say nothing, half of them a stranger's, half
// of one who may come.
func TestFloodOfSilentConnections(t *testing.T) {
	h, running := besieged(t)
	const rounds, each = 2, 2500 // this process has both ends of each, and 20,000 files
	h.withstands(t, running, func() {
		kept := int64(0)
		for round := range rounds {
			var all []net.Conn
			for range each {
				all = append(all, h.from(t, stray).Conn, h.from(t, mad).Conn)
			}
			// Clients get in meanwhile, and are pending for a moment.
			settled := func() int64 {
				return int64(h.stats.ConnsCrowded.Load()+h.stats.ConnsFast.Load()) + kept
			}
			eventually(t, "every connection is taken or closed", func() bool {
				return settled()+h.stats.Pending.Load() >= int64((round+1)*2*each)
			})
			if n := h.stats.Pending.Load(); n > silentSource+strangersSource+1 {
				t.Errorf("%d are waited for", n)
			}
			kept += int64((round+1)*2*each) - settled()
			for _, c := range all {
				c.Close()
			}
			eventually(t, "they are gone", func() bool { return h.stats.Pending.Load() <= 1 })
		}
	})
	eventually(t, "nothing is left", func() bool { return h.stats.Pending.Load() == 0 })
}

// One source that begins more than a thousand calls a second has those that it may
// have, and hears of each other one that it was refused.
func TestFloodOfCalls(t *testing.T) {
	h, running := besieged(t)
	const calls, batch = 10_000, 50
	h.withstands(t, running, func() {
		s := h.from(t, mad)
		defer s.Close()
		s.say(linuxStart)
		s.hear(ourStart)
		start, taken := time.Now(), 0
		for id := 0; id < calls; id += batch {
			var all strings.Builder
			for i := range batch {
				all.WriteString(strings.Replace(linuxCall, "6A47", hex16(uint16(id+i)), 1) + " ")
			}
			s.SetDeadline(time.Now().Add(patience))
			s.say(all.String())
			for range batch {
				if s.answered() {
					taken++
				}
			}
		}
		took := time.Since(start)
		t.Logf("%.0f calls a second, %d taken", calls/took.Seconds(), taken)
		if calls/took.Seconds() < 1000 {
			t.Errorf("%d calls were asked for in %v: no flood", calls, took)
		}
		if most := 10 * (burstSeconds + 1 + int(took.Seconds())); taken < 100 || taken > min(most, 150) {
			t.Errorf("%d were taken in %v", taken, took)
		}
		if fast, full := h.stats.CallsFast.Load(), h.stats.CallsFull.Load(); fast+full != uint64(calls-taken) {
			t.Errorf("%d and %d were counted of %d that were refused", fast, full, calls-taken)
		}
	})
	eventually(t, "the calls are over", func() bool { return h.stats.Calls.Load() == 1 })
}

// GRE for calls that are not there, for the running call from elsewhere, and with
// its Call ID and the client's address: Sequence Numbers far away, each alone, and
// acknowledgements of what was never sent.
func TestFloodOfGRE(t *testing.T) {
	h, running := besieged(t)
	to := net.UDPAddrFromAddrPort(h.UDPAddr())
	forge := func(source string) *net.UDPConn {
		c, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(source)}, to)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	away, here := forge(stray), forge(client)
	h.withstands(t, running, func() {
		running.attack(t, h, func(forged bool, packet []byte) {
			c := away
			if forged {
				c = here
			}
			if _, err := c.Write(packet); err != nil {
				t.Error(err)
			}
		})
	})
	if got, want := running.pns.target.Load().to.Port(), running.pac.conn.e.UDPAddr().Port(); got != want {
		t.Errorf("what the PNS sends goes to port %d, not to %d", got, want)
	}
}

// attack sends 20,000 packets, a few at a time, each of which must be counted, so
// that what is lost is not the kernel's doing.
func (x *exchange) attack(t *testing.T, h *host, send func(forged bool, packet []byte)) {
	const packets, batch = 20_000, 20
	unknown, malformed := h.stats.GREUnknown.Load(), h.stats.GREMalformed.Load()
	counted := func() (u, m uint64) {
		return h.stats.GREUnknown.Load() - unknown, h.stats.GREMalformed.Load() - malformed
	}
	for n := uint32(0); n < packets; n += batch {
		for i := n; i < n+batch; i += 5 {
			far := gre.Header{CallID: x.pns.ID(), HasSeq: true, Seq: 1<<30 + 3*i, HasAck: true, Ack: 1<<30 + i}
			send(false, packet(x.pns.ID(), i, "from elsewhere"))
			send(false, packet(uint16(i)<<1, i, "for nobody")) // also for the call, now and then: from elsewhere
			send(true, far.Append(nil, []byte("far ahead")))
			far.Seq += 1 << 31
			send(true, far.Append(nil, []byte("long past")))
			send(true, binary.BigEndian.AppendUint32([]byte{0x30, 0x81, 0x88, 0x0B, 0xFF, 0xFF}, i))
		}
		eventually(t, "the packets have come", func() bool {
			u, m := counted()
			return u+m >= uint64(n+batch)*3/5
		})
	}
	if u, m := counted(); u != packets*2/5 || m != packets/5 {
		t.Errorf("%d for unknown calls, %d malformed", u, m)
	}
	eventually(t, "those with the call's ID were looked at", func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		st := x.atPNS.Stats()
		return st.Received[gre.TooFar] == packets/5 && st.Received[gre.Late] == packets/5 && st.AcksIgnored == packets*2/5
	})
}

// An exchange is a running call, whose packets go through a gre.Session at each
// end: each is answered before the next is sent.
type exchange struct {
	pac, pns     *Call
	mu           sync.Mutex
	atPAC, atPNS gre.Session
	heard        chan string // at the PAC
	sent         atomic.Uint32
}

// A side is the data half of one end: it hands on what a gre.Session delivers.
type side struct {
	x       *exchange
	session *gre.Session
	deliver func([]byte)
}

func (s side) Receive(packets [][]byte) {
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	s.session.ReceiveBatch(time.Now(), packets, s.deliver)
}

func (side) Wake(time.Time) {}

// talk begins an exchange. Each end knows where the other's numbers are before
// anybody else sends some.
func talk(t *testing.T, pac, pns *Call) *exchange {
	t.Helper()
	x := &exchange{pac: pac, pns: pns, heard: make(chan string, 100)}
	x.atPAC = gre.NewSession(gre.Options{PeerCallID: pns.ID()}, time.Now())
	x.atPNS = gre.NewSession(gre.Options{PeerCallID: pac.ID()}, time.Now())
	pac.Bind(side{x, &x.atPAC, func(p []byte) {
		select {
		case x.heard <- string(p):
		default: // far more than was asked for, of which once will have had some
		}
	}})
	pns.Bind(side{x, &x.atPNS, func(p []byte) { pns.Send(x.atPNS.Append(time.Now(), nil, p)) }})
	x.once(t)
	return x
}

// once sends a packet to the PNS, which sends it back: nothing else may come.
func (x *exchange) once(t *testing.T) {
	t.Helper()
	want := fmt.Sprint("packet ", x.sent.Add(1))
	x.mu.Lock()
	packet := x.atPAC.Append(time.Now(), nil, []byte(want))
	x.mu.Unlock()
	if err := x.pac.Send(packet); err != nil {
		t.Fatal(err)
	}
	if got := get(t, x.heard, "the answer to "+want); got != want {
		t.Fatalf("%q came in place of %q", got, want)
	}
}
