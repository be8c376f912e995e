package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"carrier/deploy/bench/turns"
	"carrier/shared/peer"
)

// patience is how long one call may take to be made.
const patience = time.Minute

// setups makes and ends whole calls, each with a control connection of its own.
func (c *crowd) setups(ctx context.Context, d time.Duration, workers int) (rate float64, err error) {
	ctx, stop := context.WithTimeout(ctx, d)
	defer stop()
	var made atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	at := c.pns
	for range workers {
		remote := at
		at.Addr = netip.AddrPortFrom(at.Addr.Addr().Next(), at.Addr.Port())
		all.Go(func() {
			for ctx.Err() == nil {
				if err := c.setup(remote); err != nil {
					failed.Store(&err)
					return
				}
				made.Add(1)
			}
		})
	}
	start := time.Now()
	all.Wait()
	if e := failed.Load(); e != nil {
		return 0, *e
	}
	return float64(made.Load()) / time.Since(start).Seconds(), nil
}

func (c *crowd) setup(remote peer.Remote) error {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	conn, err := c.endpoint.Dial(ctx, remote)
	if err != nil {
		return err
	}
	defer func() {
		conn.Stop()
		<-conn.Done()
	}()
	k, err := c.place(ctx, conn, nil)
	if err != nil {
		return err
	}
	k.end()
	return k.ended(ctx)
}

// gather makes n calls, some at a time, and returns how many a second.
func (c *crowd) gather(ctx context.Context, n int) (rate float64, err error) {
	conn, err := c.endpoint.Dial(ctx, c.pns)
	if err != nil {
		return 0, err
	}
	const atOnce = 32
	var mu sync.Mutex
	var all sync.WaitGroup
	start := time.Now()
	turns := make(chan struct{}, n)
	for range n {
		turns <- struct{}{}
	}
	close(turns)
	for range atOnce {
		all.Go(func() {
			for range turns {
				ctx, stop := context.WithTimeout(ctx, patience)
				k, failed := c.place(ctx, conn, nil)
				stop()
				mu.Lock()
				if failed != nil {
					err = failed
				} else {
					c.calls = append(c.calls, k)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return float64(n) / time.Since(start).Seconds(), err
}

// send sends UDP packets of that many octets, each call in its turn.
func (c *crowd) send(d time.Duration, rate int, to string, octets int) (sent int, err error) {
	dst, err := netip.ParseAddr(to)
	if err != nil || len(c.calls) == 0 || rate <= 0 || octets < headers {
		return 0, fmt.Errorf("to %q from %d calls at %d, %d octets each: %w", to, len(c.calls), rate, octets, err)
	}
	for _, k := range c.calls {
		k.datagram = datagram(k.addr, dst, octets)
	}
	packets := make([][]byte, turns.Burst)
	return turns.Give(d, rate, len(c.calls), func(call int) error {
		k := c.calls[call]
		for i := range packets {
			packets[i] = k.datagram
		}
		k.data(packets)
		return nil
	})
}

// headers are those of IPv4 and UDP, in octets.
const headers = 28

// datagram is a PPP frame with an IPv4 packet of UDP to the discard port,
// without checksum.
func datagram(from, to netip.Addr, octets int) []byte {
	b := make([]byte, 4+octets)
	copy(b, []byte{0xFF, 0x03, 0x00, 0x21})
	ip := b[4:]
	ip[0], ip[8], ip[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(ip[2:], uint16(octets))
	a, z := from.As4(), to.As4()
	copy(ip[12:], a[:])
	copy(ip[16:], z[:])
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	sum = sum>>16 + sum&0xFFFF
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum>>16+sum))
	binary.BigEndian.PutUint16(ip[20:], 9)
	binary.BigEndian.PutUint16(ip[22:], 9)
	binary.BigEndian.PutUint16(ip[24:], uint16(octets-20))
	return b
}

// received is how many packets came in since it was last asked.
func (c *crowd) received() (n uint64) {
	for _, k := range c.calls {
		n += k.received.Swap(0)
	}
	return n
}

// hangUp ends all calls at once.
func (c *crowd) hangUp(ctx context.Context) (n int, err error) {
	for _, k := range c.calls {
		k.end()
	}
	for _, k := range c.calls {
		if err := k.ended(ctx); err != nil {
			return 0, err
		}
	}
	n, c.calls = len(c.calls), nil
	return n, nil
}
