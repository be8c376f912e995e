package relay

import "carrier/hardware/line"

// fullPacket is what a packet that fills the MRU of a PPTP call carries, in
// octets.
const fullPacket = 1400

// maxWindow is advertised where nothing is known to be slow.
const maxWindow = 64

// minWindow is one packet on the line, one that follows it, one whose
// acknowledgement is on its way, and a place for one that must not wait.
const minWindow = 4

// Window is the Packet Recv. Window Size to advertise for a line of that rate
// in bit/s: two more full packets than the line takes in one second, but at least
// 4 and at most 64: 4 at 28,800. It is 64 when the rate is not known (0) or that
// of a port.
func Window(rate int) uint16 {
	if rate <= 0 || line.OfPort(rate) {
		return maxWindow
	}
	return uint16(min(max(rate/8/fullPacket+2, minWindow), maxWindow))
}

// Delay is the Packet Processing Delay to advertise with that window, in
// tenths of a second, by the formula of RFC 2637 §4.4 with an MTU of 1500,
// rounded up. It is 0 where Window does not know the rate.
func Delay(rate int, window uint16) uint16 {
	const mtu, header = 1500, 36
	if rate <= 0 || line.OfPort(rate) {
		return 0
	}
	bits := (mtu - header) * int(window) * 8
	return uint16(min((bits*10+rate-1)/rate, 0xFFFF))
}
