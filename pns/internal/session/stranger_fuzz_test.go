package session

import (
	"runtime/metrics"
	"testing"

	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
)

// said are the protocols of what a fuzzed stranger says.
var said = []ppp.Protocol{ppp.LCP, ppp.EAP, ppp.CHAP, ppp.PAP, ppp.IPCP, ppp.CCP, ppp.Compressed, ppp.IPv4, ppp.VJCompressed,
	ppp.VJUncompressed, ppp.IPV6CP, 0x8281, ppp.CBCP, ppp.Multilink, ppp.LQR, ppp.IPv6}

// asServer is added to the stage of a stranger whom we have called.
const asServer = 0x80

// FuzzStranger has a stranger say anything, from any stage on, as a caller or as the
// server of a call of ours: of each frame the first octets choose the protocol, the code
// and the Identifier, and how many of those that follow are its data.
func FuzzStranger(f *testing.F) {
	f.Add(byte(asRung), []byte{0, 1, 1, 4, 1, 4, 5, 0xDC, 0, 2, 0x80, 0})
	f.Add(byte(asked), []byte{1, 2, 0x80, 6, 1, 's', 'a', 'r', 'a', 'n', 1, 2, 0x80, 2, 3, 4})
	f.Add(byte(shaking), []byte{1, 2, 0x80, 4, 13, 0x40, 0x16, 3, 1, 2, 0x80, 2, 13, 0, 1, 2, 0x80, 6, 13, 0x80, 0xFF, 0xFF, 0xFF, 0xFF})
	f.Add(byte(choosing), []byte{12, 2, 0x80, 3, 1, 2, 0, 12, 2, 0x80, 3, 3, 3, 0})
	f.Add(byte(onceUp), []byte{4, 1, 1, 6, 3, 6, 2, 1, 1, 130, 5, 14, 1, 0, 0, 5, 9, 0})
	f.Add(byte(onceUp), []byte{10, 1, 1, 10, 1, 10, 0, 0, 0, 0, 0, 0, 0, 9, 13, 0, 0, 5, 0x80, 0, 0, 1, 0x21, 14, 0, 0, 1, 0})
	f.Add(byte(packed), []byte{6, 0, 0, 3, 0, 0, 0x4B, 5, 14, 1, 0, 6, 0, 0, 3, 0, 1, 0xFF})
	f.Add(byte(asServer+asRung), []byte{0, 1, 1, 5, 3, 5, 0xC2, 0x23, 0x81, 0, 4, 0x80, 5, 3, 5, 0xC2, 0x23, 5})
	f.Add(byte(asServer+asked), []byte{2, 1, 9, 17, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 2, 3, 9, 2, 'S', '=', 2, 4, 9, 7, 'E', '=', '6', '4', '8', ' ', 'R'})
	f.Add(byte(asServer+onceUp), []byte{4, 1, 1, 6, 3, 6, 10, 2, 0, 1, 5, 5, 3, 0, 6, 0, 0, 4, 0x90, 0, 1, 2, 7, 0, 0, 1, 0x45})
	ours, idle := newAuthority(f).server(f), heap()
	f.Fuzz(func(t *testing.T, stage byte, script []byte) {
		bubble(t, func(t *testing.T) {
			from := begins(stage&^asServer) % stages
			p := newPlace6(t, from.sara())
			p.tls = ours
			var s *stranger
			if stage&asServer != 0 {
				s = p.hostileServer(t, from)
			} else {
				s = p.stranger()
				s.arrives(t, from, ccp.Deflate{Window: 15})
			}
			s.heard.Store(0)
			before, frames := allocated(), int64(0)
			for ; len(script) >= 4 && !s.over(); frames++ {
				script = s.reads(script)
			}
			if got := s.heard.Load(); got > frames*4+20 {
				t.Errorf("%d frames in answer to %d", got, frames)
			}
			if s.most > 1500 {
				t.Errorf("a packet of %d octets reached the LAN", s.most)
			}
			// What is held was allocated: to look for it is worth while then only.
			if allocated()-before > maxHeld {
				if held := heap() - idle; held > 4*maxHeld {
					t.Errorf("%d octets are held after %d frames", held, frames)
				}
			}
			if r := s.v.s.Record(); from < onceUp && !r.Up.IsZero() {
				t.Error("she got on")
			}
			s.v.cancel()
			<-s.v.done
		})
	})
}

// maxHeld is far more than a session needs, in octets.
const maxHeld = 4 << 20

// reads says the first frame of a script, and returns the rest.
func (s *stranger) reads(script []byte) (rest []byte) {
	p, code, id := said[int(script[0])%len(said)], script[1], script[2]
	n := min(int(script[3]), len(script)-4)
	data := script[4 : 4+n]
	if id >= 0x80 {
		id = s.identifier()
	}
	if p.Network() || p == ppp.LQR {
		s.says(ppp.Append(nil, p, data))
	} else {
		s.packet(p, code, id, data)
	}
	return script[4+n:]
}

// allocated is what the program has ever allocated, in octets.
func allocated() int64 {
	m := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(m)
	return int64(m[0].Value.Uint64())
}
