package main

import (
	"net"
	"net/netip"
	"time"

	"carrier/deploy/bench/turns"
)

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
	_, err := turns.Give(d, pace, n, func(call int) error {
		for range turns.Burst {
			if _, err := c.WriteToUDPAddrPort(payload[:], addrs[call]); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
