package lan

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Broadcast is everybody on a link (RFC 919 §7).
var Broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// Last is the last address of a network of IPv4, which is its broadcast; invalid where
// it has none: in those of one and of two hosts (RFC 3021), and of IPv6.
func Last(n netip.Prefix) netip.Addr {
	if !n.Addr().Is4() || n.Bits() > 30 {
		return netip.Addr{}
	}
	a := n.Addr().As4()
	binary.BigEndian.PutUint32(a[:], binary.BigEndian.Uint32(a[:])|(1<<(32-n.Bits())-1))
	return netip.AddrFrom4(a)
}

// ToAll changes a UDP packet to the broadcast of a network into one to Broadcast, for a
// link that is not of that network; one to a group stays. A checksum that it has is
// made anew: that of a packet from this host may not be there yet. It returns packet.
func ToAll(packet []byte) []byte {
	h := int(packet[0]&0x0F) * 4
	if to := netip.AddrFrom4([4]byte(packet[16:20])); !to.IsMulticast() {
		copy(packet[16:20], Broadcast.AsSlice())
		SetChecksum(packet[:h])
	}
	datagram := packet[h:]
	if sum := datagram[6:8]; sum[0] != 0 || sum[1] != 0 {
		sum[0], sum[1] = 0, 0
		n := ChecksumUDP(netip.AddrFrom4([4]byte(packet[12:16])), netip.AddrFrom4([4]byte(packet[16:20])), datagram)
		if n == 0 {
			n = 0xFFFF // 0 means: no checksum
		}
		binary.BigEndian.PutUint16(sum, n)
	}
	return packet
}

// Hosts are the ports of single addresses of IPv4, in no order.
func (t *Table) Hosts() (all []*Port) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for a, p := range t.ports {
		if a.Is4() {
			all = append(all, p)
		}
	}
	return slices.Clip(all)
}
