package ipcp

import (
	"net/netip"

	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/vj"
)

// Judge answers the peer's options (cp.Negotiator). A peer that does not name
// its address, though we have one for it, is told in a Nak (RFC 1332 §3.3).
func (n *IPCP) Judge(opts []cp.Option) (cp.Answer, error) {
	n.remote, n.peerVJ = netip.Addr{}, vj.Slots{}
	var a cp.Answer
	named := false
	for _, o := range opts {
		if o.Type == optionCompression {
			n.judgeCompression(o, &a)
			continue
		}
		named = named || o.Type == optionAddress
		switch want := n.right(o); {
		case !want.IsValid():
			a.Reject = append(a.Reject, o)
		case !option(o.Type, want).Equal(o):
			a.Nak = append(a.Nak, option(o.Type, want))
		case o.Type == optionAddress:
			n.remote = want
		}
	}
	if !named && n.opt.Remote.Is4() {
		a.Nak = append(a.Nak, option(optionAddress, n.opt.Remote))
	}
	return a, nil
}

// judgeCompression takes any number of slots: our compressor need not use all of
// them, and need not leave out their numbers. Other protocols are told of the
// one that we speak.
func (n *IPCP) judgeCompression(o cp.Option, a *cp.Answer) {
	s, err := vj.ParseSlots(o.Data)
	switch {
	case n.opt.VJ.Count == 0:
		a.Reject = append(a.Reject, o)
	case err != nil:
		a.Nak = append(a.Nak, compression(n.opt.VJ))
	default:
		n.peerVJ = s
	}
}

// right is the address that we acknowledge in an option, invalid if there is
// none.
func (n *IPCP) right(o cp.Option) netip.Addr {
	switch o.Type {
	case optionAddress:
		if n.opt.Remote.Is4() {
			return n.opt.Remote
		}
		wish, _ := netip.AddrFromSlice(o.Data)
		if host(wish) && wish != n.opt.Local {
			return wish
		}
	case optionDNS1:
		return server(n.opt.DNS, 0)
	case optionDNS2:
		return server(n.opt.DNS, 1)
	case optionNBNS1:
		return server(n.opt.NBNS, 0)
	case optionNBNS2:
		return server(n.opt.NBNS, 1)
	}
	return netip.Addr{}
}

// host tells an address that a host on a link can have (RFC 1122 §3.2.1.3).
func host(a netip.Addr) bool {
	broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	return a.Is4() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && a != broadcast
}

func server(list []netip.Addr, i int) netip.Addr {
	if i < len(list) && list[i].Is4() {
		return list[i]
	}
	return netip.Addr{}
}
