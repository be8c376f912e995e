package link

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/ipcp"
	"carrier/shared/ppp/ipv6cp"
)

// RFC 1661 §3: what does not belong to the phase is dropped without a word.
func TestPhaseRules(t *testing.T) {
	configure := packet(cp.ConfigureRequest, 1, "\x03\x06\x00\x00\x00\x00")
	p := newPair(t, server(auth.CHAPMD5), client())
	early := []ppp.Protocol{ppp.IPCP, ppp.PAP, ppp.CHAP, ppp.EAP, ppp.IPv4, ppp.IPXCP, ppp.LQR, ppp.CBCP, ppp.CCP}
	for _, proto := range early {
		p.answered(fmt.Sprintf("%v in Dead", proto), p.say(proto, configure...))
	}
	p.a.Up(p.now)
	p.a.Take()
	for _, proto := range early {
		p.answered(fmt.Sprintf("%v in Establish", proto), p.say(proto, configure...))
	}
	p = newPair(t, server(auth.CHAPMD5), client())
	p.openLCP()
	for _, proto := range []ppp.Protocol{ppp.IPCP, ppp.IPv4, ppp.IPXCP, ppp.CCP, ppp.EAP} {
		p.answered(fmt.Sprintf("%v in Authenticate", proto), p.say(proto, configure...))
	}
	p.answered("PAP where CHAP is demanded", p.say(ppp.PAP, packet(1, 1, "\x05saran\x06secret")...))
	if got := p.say(ppp.LQR, 1, 2, 3, 4); len(got) != 1 || got[0][4] != 8 { // a protocol of the link is rejected even here
		t.Errorf("LQR in Authenticate was answered % x", got)
	}
	p.want(p.a, "link up")
	p.a.Close(p.now, "")
	p.a.Take()
	for _, proto := range early {
		p.answered(fmt.Sprintf("%v in Terminate", proto), p.say(proto, configure...))
	}
}

func TestUnknownProtocolsAreRejected(t *testing.T) {
	p := newPair(t, server(), client())
	p.openLCP()
	for _, tt := range []struct {
		proto ppp.Protocol
		want  string // the rejected protocol
	}{
		{ppp.IPXCP, "80 2b"}, {ppp.CCP, "80 fd"}, {ppp.IPX, "00 2b"}, {ppp.VJCompressed, "00 2d"}, {ppp.CBCP, "c0 29"},
		{ppp.IPv4, ""}, // IPCP is there: the owner's business, whatever IPCP's state
		{ppp.PAP, ""}, {ppp.CHAP, ""}, {ppp.EAP, ""},
	} {
		got := p.say(tt.proto, 1, 2, 3)
		switch {
		case tt.want == "":
			p.answered(tt.proto.String(), got)
		case len(got) != 1 || !strings.HasSuffix(fmt.Sprintf("% x", got[0]), "00 09 "+tt.want+" 01 02 03"):
			t.Errorf("%v was answered % x", tt.proto, got)
		}
	}
	p.a.Receive(p.now, []byte{0x2B, 9, 9}) // compressed header
	if got := p.a.Take(); len(got) != 1 || !strings.HasSuffix(fmt.Sprintf("% x", got[0]), "00 2b 09 09") {
		t.Errorf("answered % x", got)
	}
	if got := p.say(ppp.IPXCP, make([]byte, 1500)...); len(got) != 1 || len(got[0]) != 4+1500 {
		t.Errorf("a long packet was answered by %d octets", len(got[0]))
	}
}

func TestProtocolRejectEndsThatProtocolOnly(t *testing.T) {
	p := newPair(t, server(auth.PAP), client())
	second := ipcp.New(ipcp.Options{})
	p.a.Network(p.now, ppp.IPV6CP, second)
	p.up()
	p.run(time.Second) // b rejects IPV6CP
	const rejected = `network over IPV6CP "IPV6CP is rejected", `
	behind := func(story string) string { return strings.Replace(story, "network up", rejected+"network up", 1) }
	p.want(p.a, behind(serverUp))
	p.answered("Protocol-Reject of IP", p.say(ppp.LCP, packet(8, 1, "\x00\x21\x45")...))
	p.settle()
	p.want(p.a, `network down IPCP, network over IPCP "IPCP is rejected"`)
	p.answered("IPCP afterwards", p.say(ppp.IPCP, packet(cp.ConfigureRequest, 9, "")...))
	p.run(time.Minute)
	if p.want(p.a, ""); p.a.Phase() != Network { // it had been open: no reason to end the link (RFC 1661 §3.7)
		t.Errorf("phase %v", p.a.Phase())
	}
	p.b.Restart(p.now) // a new negotiation tries again
	p.run(time.Second)
	p.want(p.a, "link down, "+behind(serverUp))
}

func TestProtocolRejects(t *testing.T) {
	for _, tt := range []struct {
		rejected, story string
		ask             []auth.Method
	}{
		{"\x80\x21", `link up, authenticated, network over IPCP "IPCP is rejected", link down, finished: no network protocol "IPCP is rejected"`, nil},
		{"\x00\x21", `link up, authenticated, network over IPCP "IPCP is rejected", link down, finished: no network protocol "IPCP is rejected"`, nil},
		{"\xc0\x21", `link up, authenticated, link down, finished: LCP rejected "peer rejects LCP itself"`, nil},
		{"\xc2\x23", `link up, link down, finished: peer refused "peer rejects CHAP"`, []auth.Method{auth.CHAPMD5}},
		{"\xc0\x23", `link up`, []auth.Method{auth.CHAPMD5}}, // we never sent PAP
		{"\x00\x2d", `link up, authenticated, protocol rejected VJ compressed`, nil},
		{"\x00\x2f", `link up, authenticated, protocol rejected VJ uncompressed`, nil},
	} {
		p := newPair(t, server(tt.ask...), client())
		p.openLCP()
		p.say(ppp.LCP, packet(8, 1, tt.rejected+"\x01\x01\x00\x04")...)
		p.run(10 * time.Second)
		p.want(p.a, tt.story)
	}
}

func TestNoNetworkProtocol(t *testing.T) {
	p := newPair(t, server(), client())
	p.openLCP()
	p.run(30*time.Second - 1)
	p.want(p.a, "link up, authenticated")
	p.run(10 * time.Second)
	p.want(p.a, `network over IPCP "IPCP does not converge", link down, finished: no network protocol "IPCP does not converge"`)

	p = newPair(t, server(auth.PAP), client()) // a server without an address to give
	p.a.ncps = nil
	p.a.Network(p.now, ppp.IPCP, ipcp.New(ipcp.Options{}))
	p.up()
	p.run(time.Minute)
	p.want(p.b, `link up, authenticated, logged in, network over IPCP "IPCP: peer gives us no IP address", link down, finished: no network protocol "IPCP: peer gives us no IP address"`)
}

func TestNetworkMayBeAddedLate(t *testing.T) {
	p := newPair(t, server(auth.PAP), client())
	p.a.ncps = nil
	p.up()
	for p.a.Phase() != Network {
		p.collect(p.a, p.b)
		p.deliver(p.b)
		p.collect(p.b, p.a)
		p.deliver(p.a)
		p.collect(p.a, p.b)
	}
	p.a.Network(p.now, ppp.IPCP, p.a.ip)
	p.a.Network(p.now, ppp.IPCP, ipcp.New(ipcp.Options{})) // only once
	p.run(time.Second)
	p.want(p.a, serverUp)
	if len(p.a.ncps) != 1 {
		t.Errorf("%d protocols", len(p.a.ncps))
	}
}

// The peer closes IPCP but not the link.
func TestPeerClosesANetworkProtocol(t *testing.T) {
	p := newPair(t, server(auth.PAP), client()).up()
	p.run(time.Second)
	p.a.story()
	p.answered("Terminate-Request", p.say(ppp.IPCP, packet(cp.TerminateRequest, 5, "")...), "ff 03 80 21 06 05 00 04")
	p.run(time.Second)
	p.want(p.a, "network down IPCP")
	if p.a.Phase() != Network {
		t.Errorf("phase %v", p.a.Phase())
	}
}

// TestHeld keeps IPCP down until it is released, and again after each
// negotiation of LCP.
func TestHeld(t *testing.T) {
	p := newPair(t, server(auth.PAP), client())
	p.a.ncps = nil
	p.a.Hold(p.now, ppp.IPCP, ipcp.New(ipcp.Options{Local: netip.MustParseAddr("2.1.1.60"), Remote: netip.MustParseAddr("2.1.1.129")}))
	up := "link up, claimed saran, authenticated"
	p.up()
	p.run(10 * time.Second)
	p.want(p.a, up)
	p.answered("IPCP while it is held", p.say(ppp.IPCP, packet(cp.ConfigureRequest, 9, "")...))
	p.a.Release(p.now, ppp.IPCP)
	p.run(10 * time.Second)
	p.want(p.a, "network up IPCP")
	p.a.Release(p.now, ppp.IPCP) // again
	p.b.Restart(p.now)
	p.run(time.Second)
	p.want(p.a, "network down IPCP, link down, "+up)
	p.a.Release(p.now, ppp.IPCP)
	p.settle() // in no time: what came before has its answer now
	p.want(p.a, "network up IPCP")
}

// TestRequestBeforeRelease answers the last one, unless LCP was negotiated anew since.
func TestRequestBeforeRelease(t *testing.T) {
	p := newPair(t, server(), client())
	p.a.ncps = nil
	p.a.Hold(p.now, ppp.IPCP, ipcp.New(ipcp.Options{Local: netip.MustParseAddr("2.1.1.60"), Remote: netip.MustParseAddr("2.1.1.129")}))
	p.openLCP()
	ask := func(id uint8, address string) {
		t.Helper()
		p.answered("held", p.say(ppp.IPCP, packet(cp.ConfigureRequest, id, "\x03\x06"+address)...))
	}
	ask(8, "\x00\x00\x00\x00")
	ask(9, "\x02\x01\x01\x81")
	p.a.Release(p.now, ppp.IPCP)
	p.answered("Release", p.a.Take(), "ff 03 80 21 01 01 00 0a 03 06 02 01 01 3c", "ff 03 80 21 02 09 00 0a 03 06 02 01 01 81")
	anew := func(id uint8) {
		t.Helper()
		ours, err := cp.Parse(p.say(ppp.LCP, packet(cp.ConfigureRequest, id, "")...)[0][4:])
		if err != nil {
			t.Fatal(err)
		}
		ours.Code = cp.ConfigureAck
		p.say(ppp.LCP, ours.Append(nil)...)
	}
	anew(20)
	ask(10, "\x02\x01\x01\x81")
	anew(21)
	p.a.Release(p.now, ppp.IPCP)
	p.answered("Release after another negotiation", p.a.Take(), "ff 03 80 21 01 01 00 0a 03 06 02 01 01 3c")
}

// TestSuccessIsRepeatedFirst tells a peer that has not said a word once more that it
// is accepted, before it is asked once more: until it knows it drops what is asked.
func TestSuccessIsRepeatedFirst(t *testing.T) {
	p := newPair(t, server(auth.CHAPMD5), client(auth.CHAPMD5))
	lost := 0
	p.b.lose = func() bool {
		if p.a.Phase() == Network {
			lost++
		}
		return lost > 0 && lost <= 2 // the Success, and the first request
	}
	p.up()
	p.run(3 * time.Second)
	if p.a.Phase() != Network || p.b.Phase() != Network || lost < 4 {
		t.Fatalf("%v and %v, %d lost or not", p.a.Phase(), p.b.Phase(), lost)
	}
	p.want(p.a, "link up, claimed saran, authenticated, network up IPCP")
}

// TestCompressionIsNoNetwork: without it the link goes on, and with it alone it
// does not.
func TestCompressionIsNoNetwork(t *testing.T) {
	p := newPair(t, server(), client())
	p.a.Network(p.now, ppp.CCP, ccp.New(ccp.Options{}))
	p.up()
	p.run(time.Second)
	p.want(p.a, `link up, authenticated, network over CCP "CCP is rejected", network up IPCP`)
	p = newPair(t, server(), client())
	for _, end := range []*end{p.a, p.b} {
		end.ncps = nil
		end.Network(p.now, ppp.CCP, ccp.New(ccp.Options{}))
	}
	p.a.Network(p.now, ppp.IPCP, ipcp.New(ipcp.Options{Local: netip.MustParseAddr("2.1.1.60")}))
	p.up()
	p.run(time.Second)
	p.want(p.a, `link up, authenticated, network up CCP, network over IPCP "IPCP is rejected", network down CCP, link down, finished: no network protocol "IPCP is rejected"`)
}

// TestHurry asks again at once for what the peer has dropped, and not for what
// it has answered.
func TestHurry(t *testing.T) {
	p := newPair(t, server(), client())
	p.openLCP()
	p.a.Hurry(p.now, ppp.IPCP)
	frames := p.a.Take()
	if len(frames) != 1 || string(frames[0][:5]) != "\xff\x03\x80\x21\x01" {
		t.Fatalf("% x", frames)
	}
	p = newPair(t, server(), client())
	p.up()
	p.run(time.Second)
	p.a.Hurry(p.now, ppp.IPCP)
	p.a.Hurry(p.now, ppp.CCP)
	if frames := p.a.Take(); len(frames) != 0 {
		t.Errorf("% x", frames)
	}
}

// What is dropped is rejected as if it had never been added, and may be added again.
func TestDrop(t *testing.T) {
	p := newPair(t, server(), client())
	p.a.Drop(p.now, ppp.IPV6CP) // which is not there
	p.a.Network(p.now, ppp.IPV6CP, ipv6cp.New(ipv6cp.Options{Local: ipv6cp.Identifier{7: 1}}, nil))
	p.b.Network(p.now, ppp.IPV6CP, ipv6cp.New(ipv6cp.Options{AskLocal: true}, nil))
	p.up()
	p.run(time.Second)
	p.want(p.a, "link up, authenticated, network up IPCP, network up IPV6CP")
	p.a.Drop(p.now, ppp.IPV6CP)
	p.settle()
	p.want(p.a, "network down IPV6CP")
	got := p.say(ppp.IPV6CP, packet(cp.ConfigureRequest, 9, "")...)
	if len(got) != 1 || !strings.HasSuffix(fmt.Sprintf("% x", got[0]), "00 0a 80 57 01 09 00 04") {
		t.Errorf("answered % x", got)
	}
	p.b.Restart(p.now)
	p.a.Network(p.now, ppp.IPV6CP, ipv6cp.New(ipv6cp.Options{Local: ipv6cp.Identifier{7: 1}}, nil))
	p.run(time.Second)
	p.want(p.a, "network down IPCP, link down, link up, authenticated, network up IPCP, network up IPV6CP")
}
