package session

import (
	"encoding/binary"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/flow"
	"carrier/shared/gre"
	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/cp"
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
	lan   atomic.Int64 // octets that reached the LAN
	last  atomic.Pointer[[]byte]
	most  int // octets of the longest packet that reached the LAN
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
		f := slices.Clone(payload)
		s.last.Store(&f)
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
	o.Link.Ask = []auth.Method{auth.EAPMSCHAPv2, auth.EAPMD5, auth.MSCHAPv2, auth.MSCHAP, auth.CHAPMD5, auth.PAP}
	o.Coding = Coding{Encryption: Optional, MPPE: mppe.Key128 | mppe.Key56 | mppe.Key40 | mppe.MPPC,
		Compression: []ccp.Method{ccp.Deflate{Window: 15}, ccp.BSD{Bits: 12}}}
	o.VJ = vj.Slots{Count: 16}
}

// stranger calls the place; nothing is said yet.
func (p *place) stranger() *stranger {
	s := &stranger{gre: gre.NewSession(gre.Options{PeerCallID: 1}, time.Now())}
	opt := p.opt
	p.opt = func(o *Options) {
		everything(o)
		opt(o)
		o.Connect = func(_ int, ring func()) Data {
			f := flow.New(flow.Options{Tunnel: s, LAN: s, GRE: gre.Options{PeerCallID: 2}, Rate: 28800, Ring: ring,
				Counters: o.Counters, Stats: &s.stats})
			s.flow.Store(f)
			return f
		}
	}
	s.v = p.call()
	return s
}

// stranger's stages, from where she begins to be one.
type begins uint8

const (
	asRung   begins = iota // as soon as the modem has answered
	asked                  // when she is asked who she is, inside EAP
	onceUp                 // once she is one of ours, without compression
	deflated               // likewise, and Deflate is agreed on
)

// arrives has her come so far as an honest caller does.
func (s *stranger) arrives(t *testing.T, stage begins) {
	t.Helper()
	if stage <= asked {
		s.v.connect()
		synctest.Wait()
		if stage == asked {
			s.answer(cp.ConfigureAck, func(o []byte) []byte { return o })
			s.packet(ppp.LCP, byte(cp.ConfigureRequest), 1, nil)
		}
		return
	}
	c := s.v.dial(sara("saran", "secret", auth.MSCHAPv2), func(c *caller) {
		c.bring = s.bring
		if stage == deflated {
			c.packs = ccp.Deflate{Window: 15}
		}
	})
	time.Sleep(5 * time.Second)
	c.stop()
	<-c.stopped
	if r := s.v.s.Record(); r.Stage != record.Online {
		t.Fatalf("not online: %+v", r)
	}
}

// bring is says for her honest part; what comes too early is lost.
func (s *stranger) bring(frame []byte) {
	if f := s.flow.Load(); f != nil {
		f.Receive([][]byte{s.gre.Append(time.Now(), nil, frame)})
	}
}

// answer says of the last Configure-Request what code says.
func (s *stranger) answer(code cp.Code, change func(options []byte) []byte) {
	p, info := s.lastHeard()
	if len(info) > 4 && info[0] == byte(cp.ConfigureRequest) {
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
