package tun

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// mark is how our proxy entries are known from others': their protocol, which the
// kernel keeps as it does that of a route. Nobody has this number in its list
// (linux/rtnetlink.h); ip(8) shows it.
const mark = 172

// entries makes and finds the kernel's proxy entries that bear our mark.
type entries struct {
	sockets map[int]*nl.SocketHandle
}

// openEntries opens them in the calling thread's namespace.
func openEntries() (*entries, error) {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink: %w", err)
	}
	s.SetSendTimeout(&nl.SocketTimeoutTv)
	s.SetReceiveTimeout(&nl.SocketTimeoutTv)
	return &entries{map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: {Socket: s}}}, nil
}

func (e *entries) close() { e.sockets[unix.NETLINK_ROUTE].Close() }

func (e *entries) request(kind, flags int, m netlink.Ndmsg) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(kind, flags)
	r.Sockets = e.sockets
	r.AddData(&m)
	return r
}

// set has an interface answer for an address.
func (e *entries) set(index int, a netip.Addr) error {
	r := e.request(unix.RTM_NEWNEIGH, unix.NLM_F_CREATE|unix.NLM_F_REPLACE|unix.NLM_F_ACK,
		netlink.Ndmsg{Family: unix.AF_INET, Index: uint32(index), State: unix.NUD_PERMANENT, Flags: netlink.NTF_PROXY})
	r.AddData(nl.NewRtAttr(netlink.NDA_DST, a.AsSlice()))
	r.AddData(nl.NewRtAttr(netlink.NDA_PROTOCOL, []byte{mark}))
	_, err := r.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// marked are those with our mark, on all interfaces.
func (e *entries) marked() (all []netlink.Neigh, err error) {
	r := e.request(unix.RTM_GETNEIGH, unix.NLM_F_DUMP, netlink.Ndmsg{Family: unix.AF_INET, Flags: netlink.NTF_PROXY})
	messages, err := r.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWNEIGH)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		n, err := netlink.NeighDeserialize(m)
		if err != nil || n.Flags&netlink.NTF_PROXY == 0 {
			continue
		}
		attributes, err := nl.ParseRouteAttr(m[(&netlink.Ndmsg{}).Len():])
		if err != nil {
			continue
		}
		for _, a := range attributes {
			if a.Attr.Type == netlink.NDA_PROTOCOL && len(a.Value) == 1 && a.Value[0] == mark {
				all = append(all, *n)
			}
		}
	}
	return all, nil
}

// sweep takes away the entries that a killed run left. Those that another pns on
// this host has lead to its TUN, not to ours or nowhere.
func (p *proxy) sweep(own int) error {
	left, err := whole(p.entries.marked)
	if err != nil {
		return fmt.Errorf("the proxy entries of this host cannot be listed: %w", err)
	}
	gone := 0
	for _, n := range left {
		if p.anothers(n.IP, own) {
			continue
		}
		if err := p.netlink.NeighDel(&n); err != nil {
			return fmt.Errorf("the proxy entry for %v, which an earlier run left, cannot be taken away: %w", n.IP, err)
		}
		gone++
	}
	if gone > 0 {
		p.log.Info("proxy entries that an earlier run left are taken away", "entries", gone)
	}
	return nil
}

// anothers tells whether an address leads to a TUN that is not ours.
func (p *proxy) anothers(a net.IP, own int) bool {
	routes, err := p.netlink.RouteGet(a)
	if err != nil || len(routes) == 0 || routes[0].LinkIndex == own {
		return false
	}
	over, err := p.netlink.LinkByIndex(routes[0].LinkIndex)
	return err == nil && over.Type() == tunType
}
