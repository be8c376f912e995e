package predictor

// A reference is the algorithm of RFC 1978 as its text tells it, an octet and a
// bit at a time; its CRC is worked bit by bit.
type reference struct {
	table map[int]byte
	hash  int
}

// frame is the datagram of a packet.
func (r *reference) frame(packet []byte) []byte {
	var data []byte
	for i := 0; i < len(packet); i += 8 {
		var flags byte
		var literal []byte
		for k := i; k < i+8 && k < len(packet); k++ {
			if r.table[r.hash] == packet[k] {
				flags |= 1 << (k - i)
			} else {
				literal = append(literal, packet[k])
			}
			r.table[r.hash] = packet[k]
			r.hash = (r.hash*16 ^ int(packet[k])) % 65536
		}
		data = append(append(data, flags), literal...)
	}
	high, low := byte(len(packet)>>8), byte(len(packet))
	crc := 0xFFFF
	for _, c := range append([]byte{high, low}, packet...) {
		for i := range 8 {
			bit := (crc ^ int(c>>i)) & 1
			crc >>= 1
			if bit == 1 {
				crc ^= 0x8408
			}
		}
	}
	crc ^= 0xFFFF
	if len(data) < len(packet) {
		high |= 0x80
	} else {
		data = packet
	}
	return append(append([]byte{high, low}, data...), byte(crc), byte(crc>>8))
}
