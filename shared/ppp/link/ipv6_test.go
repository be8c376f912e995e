package link

import (
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/ipv6cp"
)

// IPv4 and IPv6 open beside each other on one link. The end of IPv6, by its
// control protocol or by a Protocol-Reject, is not the link's.
func TestTwoNetworkProtocols(t *testing.T) {
	for what, end := range map[string]func(p *pair){
		"Terminate-Request": func(p *pair) {
			p.answered("Terminate-Request", p.say(ppp.IPV6CP, packet(cp.TerminateRequest, 5, "")...), "ff 03 80 57 06 05 00 04")
		},
		"Protocol-Reject": func(p *pair) {
			p.answered("Protocol-Reject", p.say(ppp.LCP, packet(8, 1, "\x80\x57\x01\x01\x00\x04")...))
		},
	} {
		p := newPair(t, server(auth.CHAPMD5), client())
		a, b := ipv6cp.New(ipv6cp.Options{Local: ipv6cp.Identifier{7: 1}}, nil), ipv6cp.New(ipv6cp.Options{AskLocal: true}, nil)
		p.a.Network(p.now, ppp.IPV6CP, a)
		p.b.Network(p.now, ppp.IPV6CP, b)
		p.up()
		p.run(time.Second)
		p.want(p.a, serverUp+", network up IPV6CP")
		p.want(p.b, "link up, authenticated, logged in, network up IPCP, network up IPV6CP")
		if x, y := a.Agreed(), b.Agreed(); x.Local != y.Remote || x.Remote != y.Local || x.Local == x.Remote || x.Remote.IsZero() {
			t.Errorf("agreed on %+v and %+v", x, y)
		}
		end(p)
		p.run(time.Second)
		want := "network down IPV6CP"
		if what == "Protocol-Reject" {
			want += `, network over IPV6CP "IPV6CP is rejected"`
		}
		p.want(p.a, want)
		if p.a.Phase() != Network || p.a.ip.Agreed().Remote.String() != "2.1.1.129" {
			t.Errorf("%s: phase %v", what, p.a.Phase())
		}
	}
}
