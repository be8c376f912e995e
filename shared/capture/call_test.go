package capture

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
)

// A call as two ends would show it, octets from the layouts of RFC 2637 §2,
// §4.1, RFC 1661, 1994 and 1332.

var (
	pac = netip.MustParseAddrPort("198.51.100.1:40001")
	pns = netip.MustParseAddrPort("2.1.1.60:1723")
)

const name = "atlanta/4711"

// controlMessage has Length, PPTP Message Type 1, Magic Cookie, Control Message
// Type, Reserved0 and the rest.
func controlMessage(kind uint16, fields ...any) []byte {
	b := []byte{0, 0, 0, 1, 0x1A, 0x2B, 0x3C, 0x4D, byte(kind >> 8), byte(kind), 0, 0}
	for _, f := range fields {
		switch f := f.(type) {
		case uint8:
			b = append(b, f)
		case uint16:
			b = binary.BigEndian.AppendUint16(b, f)
		case uint32:
			b = binary.BigEndian.AppendUint32(b, f)
		case string: // always a field of 64 octets
			b = append(append(b, f...), make([]byte, 64-len(f))...)
		}
	}
	binary.BigEndian.PutUint16(b, uint16(len(b)))
	return b
}

var (
	startRequest = controlMessage(1, uint16(0x100), uint16(0), uint32(3), uint32(3), uint16(64), uint16(1), "atlanta", "Carrier")
	startReply   = controlMessage(2, uint16(0x100), uint8(1), uint8(0), uint32(3), uint32(3), uint16(0), uint16(1), "denver", "Carrier")
	callRequest  = controlMessage(9, uint16(11), uint16(4711), uint32(2), uint32(1), uint16(7), uint16(7), "5551212", "5550001", "")
	callReply    = controlMessage(10, uint16(22), uint16(11), uint8(1), uint8(0), uint16(64), uint16(0), uint16(0))
	connected    = controlMessage(11, uint16(22), uint16(0), uint32(28800), uint16(2), uint16(0), uint32(1))
	linkInfo     = controlMessage(15, uint16(11), uint16(0), uint32(0xFFFFFFFF), uint32(0))
)

func octets(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

var (
	lcpRequest    = octets("FF 03 C0 21 01 01 00 14 02 06 00 0A 00 00 05 06 12 34 56 78 07 02 08 02")
	lcpAck        = octets("FF 03 C0 21 02 01 00 14 02 06 00 0A 00 00 05 06 12 34 56 78 07 02 08 02")
	chapChallenge = octets("FF 03 C2 23 01 01 00 1B 10 00112233445566778899AABBCCDDEEFF 64656E766572")
	chapResponse  = octets("FF 03 C2 23 02 01 00 1A 10 FFEEDDCCBBAA99887766554433221100 736172616E")
	ipcpRequest   = octets("FF 03 80 21 01 01 00 0A 03 06 02 01 01 81")
	ipcpBare      = octets("80 21 02 01 00 0A 03 06 02 01 01 81") // Address and Control compressed
)

// grePacket is enhanced GRE with a sequence number: flags, protocol 0x880B,
// payload length, call ID, sequence number, payload.
func grePacket(callID uint16, seq uint32, payload []byte) []byte {
	b := []byte{0x30, 0x01, 0x88, 0x0B}
	b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	b = binary.BigEndian.AppendUint16(b, callID)
	return append(binary.BigEndian.AppendUint32(b, seq), payload...)
}

// whole shows a whole call.
func whole(h *Hub) {
	h.PPP(name, Received, lcpRequest) // before anybody knows who calls
	h.Name(name, "saran", "")
	h.Control("denver", pac, pns, startRequest)
	h.Control("denver", pns, pac, startReply)
	h.Name(name, "saran", "denver")
	h.Control("denver", pac, pns, callRequest[:100]) // TCP splits and joins as it likes
	h.Control("denver", pac, pns, callRequest[100:])
	h.Control("denver", pns, pac, callReply)
	h.Control("denver", pac, pns, connected)
	h.GRE(name, pns.Addr(), pac.Addr(), grePacket(11, 0, lcpRequest))
	h.PPP(name, Sent, lcpRequest)
	h.PPP(name, Received, lcpAck)
	h.GRE(name, pac.Addr(), pns.Addr(), grePacket(22, 0, lcpAck))
	h.Control("denver", pns, pac, append(append([]byte(nil), linkInfo...), linkInfo...))
	h.PPP(name, Sent, chapChallenge)
	h.PPP(name, Received, chapResponse)
	h.PPP(name, Received, ipcpRequest)
	h.PPP(name, Sent, ipcpBare)
	h.Control("denver", pac, pns, nil)
	h.Control("denver", pns, pac, nil) // seen by the other side too
	h.Forget(name)
}
