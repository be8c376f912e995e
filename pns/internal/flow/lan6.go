package flow

import (
	"encoding/binary"
	"net/netip"

	"carrier/pns/internal/dhcp6"
	"carrier/pns/internal/lan"
	"carrier/pns/internal/ndp"
	"carrier/shared/ppp"
)

// toLAN6 takes one IPv6 packet of the caller's. Where it goes beyond the link,
// its source must be in a network that she was given; what she says to the
// router itself is the session's.
func (f *Flow) toLAN6(info, frame []byte) {
	packet, ok := trim6(info)
	if !ok {
		f.drop(&f.stats.Malformed)
		return
	}
	src, dst := netip.AddrFrom16([16]byte(packet[8:24])), netip.AddrFrom16([16]byte(packet[24:40]))
	switch {
	case !lan.Forwardable6(dst):
		if ndp.Concerns(packet) || dhcp6.Concerns(packet) { // the rest is for hosts on the link, and there is none
			f.toSession(ppp.IPv6, info, frame)
		}
	case !f.net6.Prefix.Contains(src) && !f.net6.Delegated.Contains(src) && (!within(f.net6.Behind, src) || within(f.net6.Others, src)):
		f.drop(&f.stats.Spoofed)
	default:
		if f.active(!f.dialled, packet) {
			f.lastData = f.scratch.now
		}
		f.scratch.up = append(f.scratch.up, f.clamp(packet, f.net6.MRU))
	}
}

// trim6 is trim for IPv6.
func trim6(b []byte) (packet []byte, ok bool) {
	if len(b) < lan.Header6Len || b[0]>>4 != 6 {
		return nil, false
	}
	total := lan.Header6Len + int(binary.BigEndian.Uint16(b[4:]))
	if total > len(b) {
		return nil, false
	}
	return b[:total], true
}

// fromRouter tells an IPv6 packet that is from a link-local address: only this
// link's router sends such to the caller.
func fromRouter(packet []byte) bool { return packet[8] == 0xFE && packet[9]&0xC0 == 0x80 }
