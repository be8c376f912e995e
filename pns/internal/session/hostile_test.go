package session

import (
	"bytes"
	"runtime"
	"slices"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/eap"
	"carrier/shared/record"
)

// An attack is what a stranger says, one frame or a few at a time.
type attack struct {
	name  string
	from  begins
	times int
	say   func(s *stranger, n int)
	by    ccp.Method             // once she is packed
	ends  bool                   // the call must be over soon; else it may go on
	most  int64                  // frames that she may hear; 0: two for each time, and some
	seen  func(s *stranger) bool // that it came where it shall; nil: nothing shows it
}

// answered tells that all that was said had an answer.
func answered(times int) func(*stranger) bool {
	return func(s *stranger) bool { return s.heard.Load() >= int64(times) }
}

func undecoded(times int) func(*stranger) bool {
	return func(s *stranger) bool { return s.stats.Undecoded.Load() >= uint64(times) }
}

// refused tells that she was taken for somebody who may not get on.
func refused(s *stranger) bool { return s.v.s.Record().Reason == record.AuthFailed }

const (
	request     = byte(cp.ConfigureRequest)
	eapResponse = byte(eap.Response)
	echoRequest = 9 // RFC 1661 §5.8
)

// many is as many of an option as a packet has room for.
func many(option ...byte) []byte { return bytes.Repeat(option, 1400/len(option)) }

// automaton is against that, whoever the stranger is.
var automaton = []attack{
	{name: "codes that do not exist", times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, byte(16+n%240), byte(n), make([]byte, 1400))
	}, seen: answered(1000)},
	{name: "protocols that do not exist", from: onceUp, times: 1000, say: func(s *stranger, n int) {
		s.says(ppp.Append(nil, ppp.Protocol(0x9001|n%32<<9), make([]byte, 1400)))
	}, seen: answered(1000)},
	{name: "Echo-Requests", from: onceUp, times: 10_000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, echoRequest, byte(n), make([]byte, 1400))
	}, seen: answered(10_000)},
	{name: "Echo-Requests longer than our MRU", from: onceUp, times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, echoRequest, byte(n), make([]byte, 20_000))
	}, most: 1},
	{name: "IPCP begun again and again", from: onceUp, times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.IPCP, request, byte(n), nil)
	}, seen: answered(1000)},
}

// unknown is against those who want to know who the stranger is.
var unknown = []attack{
	{name: "a name of 255 octets", from: asked, times: 1000, ends: true, say: func(s *stranger, _ int) {
		s.packet(ppp.EAP, eapResponse, s.identifier(), append([]byte{1}, bytes.Repeat([]byte{'A'}, 255)...))
	}, seen: answered(1)},
	{name: "an answer with a name as long as a packet", from: asked, times: 1000, ends: true, say: func(s *stranger, n int) {
		s.packet(ppp.EAP, eapResponse, s.identifier(), append([]byte{1}, "saran"...))
		s.packet(ppp.EAP, eapResponse, s.identifier(), append([]byte{26, 2, byte(n), 5, 0x7C, 49}, bytes.Repeat([]byte{'A'}, 1400)...))
	}, seen: refused},
	{name: "a Nak of all types there are", from: asked, times: 1000, ends: true, say: func(s *stranger, _ int) {
		s.packet(ppp.EAP, eapResponse, s.identifier(), append([]byte{1}, "saran"...))
		s.packet(ppp.EAP, eapResponse, s.identifier(), append([]byte{3}, many(4, 26, 13, 99)...))
	}, seen: answered(3)},
	{name: "answers in protocols that were not asked for", from: asked, times: 1000, ends: true, say: func(s *stranger, n int) {
		s.packet(ppp.CHAP, 2, byte(n), append([]byte{49}, bytes.Repeat([]byte{'A'}, 49+255)...))
		s.packet(ppp.PAP, 1, byte(n), append([]byte{255}, bytes.Repeat([]byte{'A'}, 255)...))
		s.packet(ppp.CHAP, 3, byte(n), nil)
		s.packet(ppp.EAP, 3, byte(n), nil)
	}},
	{name: "IPCP before anybody has logged in", from: asked, times: 1000, ends: true, say: func(s *stranger, n int) {
		s.packet(ppp.IPCP, request, byte(n), nil)
		s.packet(ppp.CCP, request, byte(n), nil)
	}},
}

// Whatever a stranger says and however often: nothing panics, she is not
// answered more than she says, memory does not grow, no packet that is longer
// than one may be reaches the LAN, and what cannot come to an agreement ends.
func TestStrangers(t *testing.T) {
	ours := newAuthority(t).server(t)
	for _, a := range slices.Concat(automaton, misused(), unknown, handshakes(t), squeezed()) {
		t.Run(a.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newPlace6(t, a.from.sara())
				p.tls = ours
				s := p.stranger()
				s.arrives(t, a.from, a.by)
				before := heap()
				s.heard.Store(0)
				for n := 0; n < a.times && !s.over(); n++ {
					a.say(s, n)
				}
				most := int64(a.times)*2 + 20
				if a.most > 0 {
					most = a.most
				}
				if got := s.heard.Load(); got > most {
					t.Errorf("%d frames in answer to %d", got, a.times)
				}
				if n := s.long.Load(); n > 2+2+ppp.DefaultMRU {
					t.Errorf("she heard a frame of %d octets", n)
				}
				if a.seen != nil && !a.seen(s) {
					t.Errorf("heard %d frames, %d were not decoded: nothing was attacked", s.heard.Load(), s.stats.Undecoded.Load())
				}
				if grown := heap() - before; grown > 1<<20 {
					t.Errorf("%d octets more than before", grown)
				}
				if s.most > 1500 {
					t.Errorf("a packet of %d octets reached the LAN", s.most)
				}
				time.Sleep(5 * time.Minute)
				if a.ends && !s.over() {
					t.Errorf("the call goes on: %+v", s.v.s.Record())
				}
				if r := s.v.s.Record(); a.from < onceUp && !r.Up.IsZero() {
					t.Error("she got on")
				}
				s.v.cancel()
				<-s.v.done
			})
		})
	}
}

// heap is what is in use, in octets.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
