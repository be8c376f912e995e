package session

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/flow"
	"carrier/pns/internal/users"
	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/eap"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
	"carrier/shared/record"
)

// A stranger is somebody on a call whose session and data half are the real
// ones: she may say anything.
type stranger struct {
	v     *visit
	flow  atomic.Pointer[flow.Flow] // nil until the call is connected
	stats flow.Stats
	timer *time.Timer // of the flow
	gre   gre.Session // hers
	heard atomic.Int64
	long  atomic.Int64 // octets of the longest frame that she heard
	lan   atomic.Int64 // octets that reached the LAN
	last  atomic.Pointer[[]byte]
	asked sync.Map // by ppp.Protocol, the last Configure-Request with options, as []byte
	most  int      // octets of the longest packet that reached the LAN
	frame []byte
}

// Send and WakeAt are the tunnel's, Write is the LAN's.

func (s *stranger) Send(packets ...[]byte) error {
	for _, p := range packets {
		_, payload, err := gre.Parse(p)
		if err != nil || len(payload) == 0 {
			continue
		}
		s.heard.Add(1)
		s.long.Store(max(s.long.Load(), int64(len(payload))))
		f := slices.Clone(payload)
		s.last.Store(&f)
		if p, info, err := ppp.Split(f); err == nil && len(info) > 4 && info[0] == request {
			s.asked.Store(p, info)
		}
		select {
		case s.v.data.down <- f:
		default:
		}
	}
	return nil
}

func (s *stranger) WakeAt(at time.Time) {
	if s.timer != nil {
		s.timer.Stop()
	}
	if !at.IsZero() {
		s.timer = time.AfterFunc(time.Until(at), func() { s.flow.Load().Wake(time.Now()) })
	}
}

func (s *stranger) Write(packets ...[]byte) {
	for _, p := range packets {
		s.lan.Add(int64(len(p)))
		s.most = max(s.most, len(p))
	}
}

// says brings one frame, and waits until it has been dealt with.
func (s *stranger) says(frame []byte) {
	s.frame = s.gre.Append(time.Now(), s.frame[:0], frame)
	s.flow.Load().Receive([][]byte{s.frame})
	synctest.Wait()
}

// packet says one of a protocol of the automaton.
func (s *stranger) packet(p ppp.Protocol, code, id byte, data []byte) {
	s.says(packet(p, code, id, data))
}

func packet(p ppp.Protocol, code, id byte, data []byte) []byte {
	head := binary.BigEndian.AppendUint16([]byte{code, id}, uint16(4+len(data)))
	return ppp.Append(nil, p, append(head, data...))
}

// everything is a PNS that knows all that there is.
func everything(o *Options) {
	o.Link.Ask = []auth.Method{auth.EAPMSCHAPv2, auth.EAPMD5, auth.EAPTLS, auth.MSCHAPv2, auth.MSCHAP, auth.CHAPMD5, auth.PAP}
	o.Link.LCP.Multilink, o.Link.LCP.CallsBack = lcp.Multilink{MRRU: 1400, Endpoint: []byte{3, 2, 0, 0, 0, 0, 1}}, true
	o.Coding = Coding{Encryption: Optional, MPPE: mppe.Key128 | mppe.Key56 | mppe.Key40 | mppe.MPPC,
		Compression: []ccp.Method{ccp.Deflate{Window: 15}, ccp.BSD{Bits: 12}, ccp.LZS{}, ccp.Predictor{}}}
	o.VJ = vj.Slots{Count: 16}
}

// stranger calls the place; nothing is said yet.
func (p *place) stranger() *stranger {
	s := &stranger{gre: gre.NewSession(gre.Options{PeerCallID: 1}, time.Now())}
	there := make(chan struct{}) // closed once s.v is: a call of ours is connected at once
	opt := p.opt
	p.opt = func(o *Options) {
		everything(o)
		o.Link.TLS = p.tls
		opt(o)
		o.Connect = func(_ int, ring func()) Data {
			<-there
			f := flow.New(flow.Options{Tunnel: s, LAN: s, GRE: gre.Options{PeerCallID: 2}, Rate: 28800, Ring: ring,
				Counters: o.Counters, Stats: &s.stats})
			s.flow.Store(f)
			return f
		}
	}
	s.v = p.call()
	close(there)
	return s
}

// stranger's stages, from where she begins to be one.
type begins uint8

const (
	asRung   begins = iota // as soon as the modem has answered
	asked                  // when she is asked who she is, inside EAP
	shaking                // when EAP-TLS has begun, which she chose
	choosing               // once she is known, and is asked how she wants to be called back
	onceUp                 // once she is one of ours, without compression
	packed                 // likewise, and a method of compression is agreed on
	stages
)

// sara is who she says she is, from that stage on.
func (b begins) sara() users.User {
	return saran(func(u *users.User) {
		if b == choosing {
			u.Callback = atHome
		}
	})
}

// arrives has her come so far as an honest caller does, and compress by a method once
// she is packed.
func (s *stranger) arrives(t *testing.T, stage begins, by ccp.Method) {
	t.Helper()
	if stage <= shaking {
		s.v.connect()
		synctest.Wait()
		if stage >= asked {
			s.answer(cp.ConfigureAck, func(o []byte) []byte { return o })
			s.packet(ppp.LCP, request, 1, nil)
		}
		if stage == shaking {
			s.packet(ppp.EAP, eapResponse, s.identifier(), append([]byte{byte(eap.Identity)}, "saran"...))
			s.packet(ppp.EAP, eapResponse, s.identifier(), []byte{byte(eap.Nak), byte(eap.TLS)})
		}
		return
	}
	o, want := sara("saran", "secret", auth.MSCHAPv2), record.Online
	if stage == choosing {
		o, want = wants(lcp.ByCBCP, ""), record.Configuring
	}
	c := s.v.dial(o, speaks6, func(c *caller) {
		c.bring = s.bring
		c.loses = func(p ppp.Protocol, _ []byte) bool { return p == ppp.CBCP }
		if stage == packed {
			c.packs = by
		}
	})
	time.Sleep(5 * time.Second)
	c.stop()
	<-c.stopped
	if r := s.v.s.Record(); r.Stage != want || r.Reason != record.Running {
		t.Fatalf("not %v: %+v", want, r)
	}
}

// hostileServer is a stranger whom we have called, and who must prove who she is. Once
// she is asked who she is, she has demanded MS-CHAPv2 of us; what comes later is after an
// honest server's part, who compresses nothing.
func (p *place) hostileServer(t *testing.T, stage begins) *stranger {
	t.Helper()
	d := branch
	d.Proof = auth.Login{Name: "denver", Secret: auth.NewPassword("red sun")}
	p.dials(d, func(o *Options) { o.Link.Login.Allow = nil })
	s := p.stranger()
	synctest.Wait()
	switch {
	case stage == asRung:
	case stage < onceUp:
		s.answer(cp.ConfigureAck, func(o []byte) []byte { return o })
		s.packet(ppp.LCP, request, 1, []byte{3, 5, 0xC2, 0x23, 0x81})
	default:
		honest := s.v.answers(func(h *server) { h.bring = s.bring }, auth.MSCHAPv2)
		time.Sleep(5 * time.Second)
		close(honest.quit)
		<-honest.stopped
		if r := s.v.s.Record(); r.Stage != record.Online {
			t.Fatalf("not online: %+v", r)
		}
	}
	return s
}

// bring is says for her honest part; what comes too early is lost.
func (s *stranger) bring(frame []byte) {
	if f := s.flow.Load(); f != nil {
		f.Receive([][]byte{s.gre.Append(time.Now(), nil, frame)})
	}
}

// answer says of the last Configure-Request of LCP what code says.
func (s *stranger) answer(code cp.Code, change func(options []byte) []byte) {
	s.answers(ppp.LCP, code, change)
}

// answers is answer for any protocol; nothing is said where none was asked for.
func (s *stranger) answers(p ppp.Protocol, code cp.Code, change func(options []byte) []byte) {
	if info, ok := s.asked.LoadAndDelete(p); ok {
		info := info.([]byte)
		s.packet(p, byte(code), info[1], change(slices.Clone(info[4:])))
	}
}

// identifier is that of the last packet heard.
func (s *stranger) identifier() byte {
	if _, info := s.lastHeard(); len(info) > 1 {
		return info[1]
	}
	return 0
}

func (s *stranger) lastHeard() (ppp.Protocol, []byte) {
	f := s.last.Load()
	if f == nil {
		return 0, nil
	}
	p, info, err := ppp.Split(*f)
	if err != nil {
		return 0, nil
	}
	return p, info
}

func (s *stranger) over() bool {
	select {
	case <-s.v.done:
		return true
	default:
		return false
	}
}
