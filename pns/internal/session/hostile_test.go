package session

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"runtime"
	"slices"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/cp"
	"carrier/shared/record"
)

// An attack is what a stranger says, one frame or a few at a time.
type attack struct {
	name  string
	from  begins
	times int
	say   func(s *stranger, n int)
	ends  bool                   // the call must be over soon; else it may go on
	seen  func(s *stranger) bool // that it came where it shall; nil: nothing shows it
}

// answered tells that all that was said had an answer.
func answered(times int) func(*stranger) bool {
	return func(s *stranger) bool { return s.heard.Load() >= int64(times) }
}

func undecoded(times int) func(*stranger) bool {
	return func(s *stranger) bool { return s.stats.Undecoded.Load() == uint64(times) }
}

// refused tells that she was taken for somebody who may not get on.
func refused(s *stranger) bool { return s.v.s.Record().Reason == record.AuthFailed }

const (
	request     = byte(cp.ConfigureRequest)
	optionMRU   = 1 // Maximum-Receive-Unit, RFC 1661 §6.1
	eapResponse = 2
	echoRequest = 9 // RFC 1661 §5.8

)

// many is as many of an option as a packet has room for.
func many(option ...byte) []byte { return bytes.Repeat(option, 1400/len(option)) }

// negotiation is against the automaton, whoever the stranger is.
var negotiation = []attack{
	{name: "options of length 0", times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, request, byte(n), []byte{byte(n), 0, 1, 2})
	}},
	{name: "options of length 1", times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, request, byte(n), []byte{byte(n), 1})
	}},
	{name: "options of length 255 that are not there", times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, request, byte(n), []byte{byte(n), 255, 1, 2})
	}},
	{name: "options of 255 octets", times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, request, byte(n), append([]byte{byte(n), 255}, make([]byte, 253)...))
	}, seen: answered(900)},
	{name: "hundreds of options", times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, request, byte(n), many(byte(n), 2))
	}, seen: answered(900)},
	{name: "the same option again and again", times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, request, byte(n), many(optionMRU, 4, 5, 0xDC))
	}, seen: answered(1000)},
	{name: "one Identifier for all requests", times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, request, 7, []byte{optionMRU, 4, byte(n), byte(n >> 8)})
	}, seen: answered(1000)},
	{name: "endless Nak", times: 1000, ends: true, say: func(s *stranger, n int) {
		s.answer(cp.ConfigureNak, func([]byte) []byte { return []byte{optionMRU, 4, 3, byte(n)} })
	}},
	{name: "endless Reject", times: 1000, ends: true, say: func(s *stranger, _ int) {
		s.answer(cp.ConfigureReject, func(o []byte) []byte { return o })
	}},
	{name: "codes that do not exist", times: 1000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, byte(16+n%240), byte(n), make([]byte, 1400))
	}, seen: answered(1000)},
	{name: "protocols that do not exist", from: onceUp, times: 1000, say: func(s *stranger, n int) {
		s.says(ppp.Append(nil, ppp.Protocol(0x9001|n%32<<9), make([]byte, 1400)))
	}, seen: answered(1000)},
	{name: "Echo-Requests", from: onceUp, times: 10_000, say: func(s *stranger, n int) {
		s.packet(ppp.LCP, echoRequest, byte(n), make([]byte, 1400))
	}, seen: answered(10_000)},
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

// squeezed is against what decompresses.
func squeezed() []attack {
	var zeros bytes.Buffer
	w, _ := flate.NewWriter(&zeros, flate.BestCompression)
	w.Write(append([]byte{0x21, 0x45}, make([]byte, 1<<20)...))
	w.Flush()
	bomb := append([]byte{0, 0}, bytes.TrimSuffix(zeros.Bytes(), []byte{0, 0, 0xFF, 0xFF})...)
	return []attack{
		{name: "Reset-Requests", from: deflated, times: 10_000, say: func(s *stranger, n int) {
			s.packet(ppp.CCP, byte(ccp.ResetRequest), byte(n), nil)
		}, seen: answered(10_000)},
		{name: "Reset-Acks", from: deflated, times: 10_000, say: func(s *stranger, n int) {
			s.packet(ppp.CCP, byte(ccp.ResetAck), byte(n), make([]byte, 64))
		}},
		{name: "frames that cannot be decompressed", from: deflated, times: 10_000, say: func(s *stranger, n int) {
			s.says(ppp.Append(nil, ppp.Compressed, append([]byte{byte(n >> 8), byte(n)}, bytes.Repeat([]byte{byte(n)}, 1000)...)))
		}, seen: undecoded(10_000)},
		{name: "a decompression bomb", from: deflated, times: 1, say: func(s *stranger, _ int) {
			s.says(ppp.Append(nil, ppp.Compressed, bomb))
		}, seen: undecoded(1)},
		{name: "decompression bombs", from: deflated, times: 1000, say: func(s *stranger, n int) {
			binary.BigEndian.PutUint16(bomb, uint16(n))
			s.says(ppp.Append(nil, ppp.Compressed, bomb))
		}, seen: undecoded(1000)},
		{name: "CCP begun again and again", from: deflated, times: 1000, say: func(s *stranger, n int) {
			s.packet(ppp.CCP, request, byte(n), nil)
		}, seen: answered(1000)},
	}
}

// Whatever a stranger says and however often: nothing panics, she is not
// answered more than she says, memory does not grow, no packet that is longer
// than one may be reaches the LAN, and what cannot come to an agreement ends.
func TestStrangers(t *testing.T) {
	for _, a := range slices.Concat(negotiation, unknown, squeezed()) {
		t.Run(a.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newPlace(t, addresses, saran(nil)).stranger()
				s.arrives(t, a.from)
				before := heap()
				s.heard.Store(0)
				for n := 0; n < a.times && !s.over(); n++ {
					a.say(s, n)
				}
				if got := s.heard.Load(); got > int64(a.times)*2+20 {
					t.Errorf("%d frames in answer to %d", got, a.times)
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

// FuzzStranger has a stranger say anything, from any stage on: of each frame the
// first octets choose the protocol, the code and the Identifier, and how many of
// those that follow are its data.
func FuzzStranger(f *testing.F) {
	f.Add(byte(asRung), []byte{0, 1, 1, 4, 1, 4, 5, 0xDC, 0, 2, 0x80, 0})
	f.Add(byte(asked), []byte{1, 2, 0x80, 6, 1, 's', 'a', 'r', 'a', 'n', 1, 2, 0x80, 2, 3, 4})
	f.Add(byte(onceUp), []byte{4, 1, 1, 6, 3, 6, 2, 1, 1, 130, 5, 14, 1, 0, 0, 5, 9, 0})
	f.Add(byte(deflated), []byte{6, 0, 0, 3, 0, 0, 0x4B, 5, 14, 1, 0, 6, 0, 0, 3, 0, 1, 0xFF})
	protocols := []ppp.Protocol{ppp.LCP, ppp.EAP, ppp.CHAP, ppp.PAP, ppp.IPCP, ppp.CCP, ppp.Compressed, ppp.IPv4, ppp.VJCompressed,
		ppp.VJUncompressed, ppp.IPV6CP, 0x8281}
	f.Fuzz(func(t *testing.T, stage byte, script []byte) {
		bubble(t, func(t *testing.T) {
			s := newPlace(t, addresses, saran(nil)).stranger()
			s.arrives(t, begins(stage%4))
			s.heard.Store(0)
			frames := int64(0)
			for ; len(script) >= 4 && !s.over(); frames++ {
				p, code, id := protocols[int(script[0])%len(protocols)], script[1], script[2]
				n := min(int(script[3]), len(script)-4)
				data := script[4 : 4+n]
				if id >= 0x80 {
					id = s.identifier()
				}
				if script = script[4+n:]; p.Network() || p == ppp.Compressed {
					s.says(ppp.Append(nil, p, data))
				} else {
					s.packet(p, code, id, data)
				}
			}
			if got := s.heard.Load(); got > frames*4+20 {
				t.Errorf("%d frames in answer to %d", got, frames)
			}
			if s.most > 1500 {
				t.Errorf("a packet of %d octets reached the LAN", s.most)
			}
			if r := s.v.s.Record(); stage%4 < byte(onceUp) && !r.Up.IsZero() {
				t.Error("she got on")
			}
			s.v.cancel()
			<-s.v.done
		})
	})
}
