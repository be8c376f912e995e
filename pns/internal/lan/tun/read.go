package tun

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"golang.org/x/time/rate"
	wgtun "golang.zx2c4.com/wireguard/tun"

	"carrier/pns/internal/lan"
)

// segments is how many packets one from the kernel may be split into: 64 KiB
// at an MSS of 128 octets. What is beyond is lost, and TCP sends it again.
const segments = 512

// A reader brings packets from the kernel to callers. Only Run's goroutine has
// it.
type reader struct {
	dev   wgtun.Device
	bufs  [][]byte
	sizes []int

	to     *lan.Port // of run
	run    [][]byte
	errors *rate.Limiter
}

// use takes a device.
func (r *reader) use(d wgtun.Device) {
	r.dev = d
	if r.bufs == nil {
		r.errors = rate.NewLimiter(errorRate, errorBurst)
		r.bufs, r.sizes, r.run = make([][]byte, segments), make([]int, segments), make([][]byte, 0, segments)
		r.bufs[0] = make([]byte, maxPacket) // one that is not split may be this long
		for i := range r.bufs[1:] {
			r.bufs[i+1] = make([]byte, 2048) // and a segment no longer than the interface's MTU
		}
	}
}

// read delivers packets until ctx ends. An interface that has gone is made
// anew: callers stay.
func (l *LAN) read(ctx context.Context) error {
	for {
		err := l.readDevice()
		if ctx.Err() != nil {
			return nil
		}
		l.stats.Lost.Add(1)
		l.o.Log.Error("the interface is gone, and made anew", "interface", l.o.Name, "error", err)
		if !l.remake(ctx) {
			return nil
		}
	}
}

// readDevice delivers packets until the device is closed or gone.
func (l *LAN) readDevice() error {
	r := &l.in
	for {
		n, err := r.dev.Read(r.bufs, r.sizes, 0)
		if err != nil && !errors.Is(err, wgtun.ErrTooManySegments) {
			return err
		}
		for i := range n {
			l.down(r.bufs[i][:r.sizes[i]])
		}
		l.deliver()
	}
}

// again is how often the making of an interface is tried that has gone.
const again = time.Second

// remake makes the interface anew, however long it takes; false: ctx ended.
func (l *LAN) remake(ctx context.Context) bool {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		l.out.drop(false)
		d, index, err := l.open()
		if err == nil {
			l.in.use(d)
			if !l.out.use(d, index) {
				return false
			}
			l.fault.lose(nil)
			l.o.Log.Info("the interface is back", "interface", l.o.Name)
			return true
		}
		if l.fault.lose(err) {
			l.o.Log.Error("the interface cannot be made", "interface", l.o.Name, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

// down puts one packet into the run of its receiver.
func (l *LAN) down(packet []byte) {
	total := length(packet)
	if total == 0 {
		l.stats.Foreign.Add(1)
		return
	}
	packet = packet[:total]
	r := &l.in
	dst := destined(packet)
	if !dst.IsValid() {
		l.stats.Foreign.Add(1)
		return
	}
	if r.to == nil || r.to.Addr != dst && !r.to.Network.Contains(dst) {
		l.deliver()
		if r.to = l.table.Find(dst); r.to == nil {
			l.stats.Unattached.Add(1)
			l.report(lan.HostUnreachable, 0, packet)
			return
		}
	}
	if total > r.to.MTU {
		l.cut(packet)
		return
	}
	r.run = append(r.run, packet)
}

// destined is where the table has a packet's destination: her address, or the
// first of its /64. It is invalid for what the kernel says on its own link of
// IPv6, which the callers' are not: where a packet goes from caller to caller, its
// Redirects (RFC 4861 §8) among it.
func destined(packet []byte) netip.Addr {
	if packet[0]>>4 == 4 {
		return netip.AddrFrom4([4]byte(packet[16:20]))
	}
	dst := netip.AddrFrom16([16]byte(packet[24:40]))
	if !lan.Forwardable6(dst) || !lan.Forwardable6(netip.AddrFrom16([16]byte(packet[8:24]))) {
		return netip.Addr{}
	}
	return lan.Network6(dst).Addr()
}

// deliver hands the run over.
func (l *LAN) deliver() {
	r := &l.in
	if len(r.run) > 0 {
		l.stats.Down.Add(uint64(len(r.run)))
		r.to.Receiver.Deliver(r.run)
		r.run = r.run[:0]
	}
	r.to = nil
}

// cut makes fragments of a packet that its receiver does not take whole, or
// says that it may not.
func (l *LAN) cut(packet []byte) {
	r := &l.in
	if packet[0]>>4 == 6 { // which only its sender cuts
		l.stats.TooBig.Add(1)
		l.report(lan.PacketTooBig, r.to.MTU, packet)
		return
	}
	h, err := lan.Parse(packet)
	if err == nil {
		err = lan.Fragment(packet, h, r.to.MTU, func(p []byte) { r.run = append(r.run, p) })
	}
	if err != nil {
		l.stats.TooBig.Add(1)
		l.report(lan.FragmentationNeeded, r.to.MTU, packet)
	}
}

// What is sent of ICMP errors a second, as Linux does, and at once (RFC 1812
// §4.3.2.8).
const errorRate, errorBurst = 1000, 50

// report sends an ICMP error about a packet to where that came from. It speaks
// in the name of the caller: the kernel would take no packet with an address of
// its own from the interface.
func (l *LAN) report(e lan.ICMPError, mtu int, packet []byte) {
	if !l.in.errors.Allow() {
		return
	}
	var answer []byte
	if packet[0]>>4 == 6 {
		if e == lan.HostUnreachable {
			e = lan.AddressUnreachable
		}
		answer = lan.AppendError6(nil, e, mtu, netip.AddrFrom16([16]byte(packet[24:40])), packet)
	} else if h, err := lan.Parse(packet); err == nil {
		answer = lan.AppendError(nil, e, mtu, h.Dst, packet)
	}
	if len(answer) > 0 {
		l.Write(answer)
	}
}
