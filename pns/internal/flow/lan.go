package flow

import (
	"encoding/binary"
	"net/netip"
	"time"

	"carrier/pns/internal/dhcp"
	"carrier/shared/ppp"
)

// toLAN takes one IPv4 packet of the caller's, as frame has it. Its source must be
// the address that she was given, or behind her; a DHCPINFORM may be the session's.
func (f *Flow) toLAN(info, frame []byte) {
	if !f.net.Open {
		f.drop(&f.stats.NotOpen)
		return
	}
	packet, ok := trim(info)
	if !ok {
		f.drop(&f.stats.Malformed)
		return
	}
	if src := netip.AddrFrom4([4]byte(packet[12:16])); src != f.net.Remote && (!within(f.net.Behind, src) || within(f.net.Others, src)) {
		f.drop(&f.stats.Spoofed)
		return
	}
	if f.active(!f.dialled, packet) {
		f.lastData = f.scratch.now
	}
	if f.net.Informs && dhcp.Concerns(packet) {
		f.toSession(ppp.IPv4, info, frame)
		return
	}
	f.scratch.up = append(f.scratch.up, f.clamp(packet, f.net.MRU))
}

// active tells whether a packet is the activity that the idle limit counts: hers who
// called, or what she is sent.
func (f *Flow) active(hers bool, packet []byte) bool {
	if hers {
		return f.activity.FromCaller(packet)
	}
	return f.activity.ToCaller(packet)
}

// within tells whether one of some networks has an address.
func within(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// Deliver takes packets for the caller; it makes a Flow a lan.Receiver.
func (f *Flow) Deliver(packets [][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	f.enter(now)
	defer f.leave()
	for _, p := range packets {
		f.toCaller(now, p)
	}
	f.scratch.syns.Take()
	if !f.closed {
		f.settle(now)
	}
}

// toCaller sends one packet, or queues it where a window may have to be waited
// for.
func (f *Flow) toCaller(now time.Time, packet []byte) {
	p, open, mru, trim := ppp.IPv4, f.net.Open, f.net.MRU, trim
	if len(packet) > 0 && packet[0]>>4 == 6 {
		if p, open, trim = ppp.IPv6, f.net6 != nil, trim6; open {
			mru = f.net6.MRU
		}
	}
	packet, ok := trim(packet)
	switch {
	case !open:
		f.drop(&f.stats.NotOpen)
		return
	case f.coding.Shut:
		f.drop(&f.stats.Unsealed)
		return
	case !ok:
		f.drop(&f.stats.Malformed)
		return
	case len(packet) > mru:
		f.drop(&f.stats.TooLong)
		return
	}
	if (p == ppp.IPv4 || !fromRouter(packet)) && f.active(f.dialled, packet) {
		f.lastData = now
	}
	packet = f.clamp(packet, mru)
	if !f.windowing && !f.encodes() {
		f.sendAsItIs(now, p, packet)
		return
	}
	frame := f.form.Append(f.scratch.frame[:0], p, packet)
	f.scratch.frame = frame
	if f.windowing {
		f.queue.Push(now, frame)
	} else {
		f.send(now, frame)
	}
}

// trim checks an IPv4 header and cuts the padding behind the packet, which PPP
// allows (RFC 1661 §2).
func trim(b []byte) (packet []byte, ok bool) {
	if len(b) < 20 || b[0]>>4 != 4 {
		return nil, false
	}
	header, total := int(b[0]&0x0F)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < 20 || total < header || total > len(b) {
		return nil, false
	}
	return b[:total], true
}
