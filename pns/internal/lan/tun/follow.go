package tun

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// hearken has the kernel tell of interfaces, of their addresses and of routes. The
// socket stays in the calling thread's namespace.
func hearken() (*nl.NetlinkSocket, error) {
	return nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR,
		unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE)
}

// follow puts back what the kernel takes away when an interface goes down or is
// removed, once it is there again: the routes to ours, the answers of ARP on
// those of the LAN; and what somebody takes away of our own. It ends when ctx has
// ended and the socket is closed.
func (l *LAN) follow(ctx context.Context) {
	var own owned
	for {
		l.kernel.SetReceiveTimeout(own.patience())
		messages, from, err := l.kernel.Receive()
		if ctx.Err() == nil && own.due() {
			l.repair(&own)
		}
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, unix.EAGAIN):
		case errors.Is(err, unix.ENOBUFS): // the socket was full; what comes from now on is told again
			l.o.Log.Info("interfaces changed faster than could be followed: all are looked at")
			l.lookAgain(&own)
		case err != nil:
			l.o.Log.Error("changes of interfaces are followed no more: restart pns", "error", err)
			return
		case from.Pid == nl.PidKernel:
			for _, m := range messages {
				l.told(&own, unix.NlMsghdr(m.Header), m.Data)
			}
		}
	}
}

// told takes one message of the kernel's.
func (l *LAN) told(own *owned, h unix.NlMsghdr, data []byte) {
	switch h.Type {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		link, err := netlink.LinkDeserialize(&h, data)
		if err != nil {
			return
		}
		i := link.Attrs()
		l.proxy.changed(i.Index, i.Name)
		l.relay.changed(i.Index, i.Name)
		info := nl.DeserializeIfInfomsg(data)
		switch {
		case h.Type == unix.RTM_NEWLINK:
			l.hides(own, i.Index, i.Name)
		case l.hidden != nil && info.Family == unix.AF_UNSPEC: // else it left a bridge
			l.hidden.gone(i.Index)
		}
		switch {
		case i.Index != l.out.own():
		case h.Type == unix.RTM_DELLINK:
			l.out.leave(i.Index)
		default:
			l.named(own, i.Name)
			if info.Change&unix.IFF_UP != 0 && info.Change != ^uint32(0) { // put up or down, and not just made
				l.put(i)
			}
		}
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		index := int(nl.DeserializeIfAddrmsg(data).Index)
		l.proxy.changed(index, "")
		l.relay.changed(index, "")
	case unix.RTM_DELROUTE: // an address takes its own, of table local, with it
		if over(data) == l.out.own() {
			own.lose()
		}
	}
}

// lookAgain takes all interfaces as they are now, for want of what was told.
func (l *LAN) lookAgain(own *owned) {
	l.proxy.lookAll()
	l.relay.lookAll()
	index := l.out.own() // before the list: one that is made meanwhile is not missed there
	links, err := whole(l.netlink.LinkList)
	if err != nil {
		l.o.Log.Error("the interfaces cannot be listed", "error", err)
		return
	}
	there := false
	for _, link := range links {
		i := link.Attrs()
		l.hides(own, i.Index, i.Name)
		if i.Index == index {
			there = true
			l.named(own, i.Name)
			l.put(i)
		}
	}
	if index != 0 && !there {
		l.out.leave(index)
	}
}

// An owned interface is ours, as it was said to be; and how others are called.
type owned struct {
	named   string         // other than it should be
	renamed map[int]string // likewise those of the masquerade, by their indexes
	look    time.Time      // when to see what it lacks; zero: it lost nothing
	failed  string         // why that could not be put back
}

// named says that our interface was renamed. It works on.
func (l *LAN) named(o *owned, name string) {
	switch {
	case name == l.o.Name:
		o.named = ""
	case name != o.named:
		l.o.Log.Warn("the interface was renamed: callers stay on it", "interface", l.o.Name, "name", name)
		o.named = name
	}
}

// put takes our interface as it was put: up, when it gets its routes back, or
// down.
func (l *LAN) put(i *netlink.LinkAttrs) {
	log := l.o.Log.With("interface", l.o.Name)
	if i.Flags&net.FlagUp == 0 {
		if l.fault.put(i.Index) != i.Index {
			log.Warn("the interface was put down: callers reach nothing")
		}
		return
	}
	err := l.setUpAgain(i.Index)
	if l.fault.put(0) == i.Index || err != nil {
		log.Info("the interface was put up", "error", err)
	}
}
