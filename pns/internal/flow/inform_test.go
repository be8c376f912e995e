package flow

import (
	"net/netip"
	"testing"

	"carrier/pns/internal/lan"
	"carrier/shared/ppp"
	"carrier/shared/ppp/ccp"
)

// broadcast is a message of DHCP from the caller to everybody, whose type is kind.
func broadcast(from netip.Addr, kind byte) []byte {
	m := append([]byte{1, 8, 6}, make([]byte, 233)...)
	m = append(m, 99, 130, 83, 99, 53, 1, kind, 255)
	return lan.AppendUDP(nil, 1, netip.AddrPortFrom(from, 68), netip.MustParseAddrPort("255.255.255.255:67"), m)
}

// A caller's DHCPINFORM is the session's where that answers; all else of DHCP goes
// to the LAN, and so does that where the session does not.
func TestInforms(t *testing.T) {
	b := newBench(t, Options{}).open()
	inform, discover, foreign := broadcast(sara, 8), broadcast(sara, 1), broadcast(intranet, 8)
	b.from(frame(inform))
	b.wantsLAN("where nobody answers", inform)
	b.wantsSession("where nobody answers")
	b.SetNetwork(Network{Open: true, Remote: sara, Informs: true})
	b.from(frame(discover), frame(inform), append(frame(inform), 0, 0), frame(foreign))
	b.wantsLAN("of DHCP", discover)
	b.wantsSession("informs", frame(inform), append(frame(inform), 0, 0))
	b.wantsDropped(map[string]uint64{"spoofed": 1})
	for range controlQueue + 5 {
		b.from(frame(inform))
	}
	b.wantsDropped(map[string]uint64{"spoofed": 1, "session-busy": 5})
	b.wantsSession("as many as may wait", bytesOf(frame(inform), controlQueue)...)
	b.SetNetwork(Network{})
	b.from(frame(inform))
	b.wantsSession("while IPCP is not open")
}

func bytesOf(frame []byte, n int) (all [][]byte) {
	for range n {
		all = append(all, frame)
	}
	return all
}

// What comes compressed or encrypted is the same to the session.
func TestCodedInform(t *testing.T) {
	b := newBench(t, Options{}).open()
	b.SetNetwork(Network{Open: true, Remote: sara, Informs: true})
	method := new(numbered)
	b.SetCoding(Coding{In: inbound(t, method)})
	packet := append([]byte{0, 0x21}, broadcast(sara, 8)...)
	coded, _ := new(numbered).Compress(nil, packet)
	b.from(ppp.Append(nil, ppp.Compressed, coded))
	b.wantsSession("coded", packet)
	b.wantsLAN("coded")
}

func inbound(t *testing.T, m ccp.Method) *ccp.Inbound {
	t.Helper()
	in, err := ccp.NewInbound(ccp.Choice{Method: m}, ppp.DefaultMRU)
	if err != nil || in == nil {
		t.Fatalf("%v, %v", in, err)
	}
	return in
}
