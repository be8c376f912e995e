package main

import (
	"context"
	"errors"

	wgtun "golang.zx2c4.com/wireguard/tun"
)

// A bridge joins a call and a TUN, in batches both ways.
type bridge struct {
	dev  wgtun.Device
	bufs [][]byte
}

const (
	virtioHeader = 10
	batch        = 128
	mtu          = 1400
	headroom     = 32 // octets before a packet from the TUN: of GRE and PPP
)

// tun makes a call whose data goes through a TUN of that name, and returns the
// caller's address.
func (c *crowd) tun(ctx context.Context, name string) (addr string, err error) {
	dev, err := wgtun.CreateTUN(name, mtu)
	if err != nil {
		return "", err
	}
	b := &bridge{dev: dev}
	for range batch {
		b.bufs = append(b.bufs, make([]byte, virtioHeader+65535+virtioHeader))
	}
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
	for len(packets) > 0 {
		n := min(len(packets), batch)
		var bufs [batch][]byte
		for i, p := range packets[:n] {
			room := b.bufs[i]
			bufs[i] = room[:virtioHeader+copy(room[virtioHeader:], p)]
		}
		_, _ = b.dev.Write(bufs[:n], virtioHeader) // what is not taken is lost
		packets = packets[n:]
	}
}

// read takes the TUN's packets to the call, until it is closed.
func (b *bridge) read(k *call) {
	bufs, sizes := make([][]byte, batch), make([]int, batch)
	bufs[0] = make([]byte, headroom+65535) // one that is not split may be this long
	for i := range bufs[1:] {
		bufs[i+1] = make([]byte, 2048)
	}
	packets := make([][]byte, 0, batch)
	for {
		n, err := b.dev.Read(bufs, sizes, headroom)
		if err != nil && !errors.Is(err, wgtun.ErrTooManySegments) {
			return
		}
		packets = packets[:0]
		for i := range n {
			packets = append(packets, bufs[i][:headroom+sizes[i]])
		}
		k.Deliver(packets)
	}
}
