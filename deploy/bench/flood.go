package main

import (
	"net"
	"net/netip"
	"time"
)

// burst is how many packets a caller gets in her turn: as many as are
// acknowledged at once, so that their number does not depend on the calls'.
const burst = 8

// flood sends datagrams of 128 octets from the PNS's host to n callers, each in
// her turn.
func (h *held) flood(n int, d time.Duration) error {
	var c *net.UDPConn
	if err := h.within(func() (err error) { c, err = net.ListenUDP("udp4", nil); return err }); err != nil {
		return err
	}
	defer c.Close()
	first := netip.MustParseAddr("10.99.0.2")
	addrs := make([]netip.AddrPort, 0, n)
	for a := first; len(addrs) < n; a = a.Next() {
		addrs = append(addrs, netip.AddrPortFrom(a, 9))
	}
	var payload [100]byte
	start := time.Now()
	for sent := 0; ; {
		since := time.Since(start)
		if since >= d {
			return nil
		}
		due := int(since.Seconds() * pace)
		if due-sent < burst {
			time.Sleep(burst * time.Second / pace)
			continue
		}
		for ; sent < due; sent++ {
			if _, err := c.WriteToUDPAddrPort(payload[:], addrs[sent/burst%n]); err != nil {
				return err
			}
		}
	}
}
