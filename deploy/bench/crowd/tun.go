package main

import (
	"context"
	"runtime"

	"golang.org/x/sys/unix"

	"carrier/deploy/bench/offload"
)

// A bridge joins a call and a TUN, in batches both ways.
type bridge struct {
	tun  int
	join *offload.Joiner
}

const (
	batch    = 128 // packets
	mtu      = 1400
	headroom = 32 // octets before a packet from the TUN: of GRE and PPP
)

// tun makes a call whose data goes through a TUN of that name, and returns the
// caller's address.
func (c *crowd) tun(ctx context.Context, name string) (addr string, err error) {
	tun, err := offload.Open(name, true)
	if err != nil {
		return "", err
	}
	b := &bridge{tun, offload.NewJoiner(tun)}
	conn, err := c.endpoint.Dial(ctx, c.pns)
	if err != nil {
		return "", err
	}
	k, err := c.place(ctx, conn, b.write)
	if err != nil {
		return "", err
	}
	c.calls = append(c.calls, k)
	go b.read(k)
	return k.addr.String(), nil
}

// write takes the call's packets to the TUN.
func (b *bridge) write(packets [][]byte) {
	for _, p := range packets {
		b.join.Add(p)
	}
	b.join.Flush()
}

// read takes the TUN's packets to the call, until the program ends. It keeps a
// thread, which waits in the kernel.
func (b *bridge) read(k *call) {
	runtime.LockOSThread()
	in := make([]byte, offload.MaxRead)
	var room [batch][headroom + offload.Room]byte
	var packets [batch][]byte
	for {
		n, err := unix.Read(b.tun, in)
		if err != nil {
			return
		}
		filled := 0
		offload.Split(in[:n], func() []byte {
			if filled == batch {
				k.Deliver(packets[:filled])
				filled = 0
			}
			return room[filled][headroom:]
		}, func(size int) {
			packets[filled] = room[filled][:headroom+size]
			filled++
		})
		k.Deliver(packets[:filled])
	}
}
