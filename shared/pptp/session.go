package pptp

import (
	"encoding/binary"

	"carrier/shared/wire"
)

// CallClearRequest asks the PAC to end a call (RFC 2637 §2.12).
type CallClearRequest struct {
	CallID uint16 // of the PNS, who sends it
}

// Type is TypeCallClearRequest.
func (CallClearRequest) Type() ControlType { return TypeCallClearRequest }

func parseClearRequest(r *wire.Reader) Message {
	var m CallClearRequest
	m.CallID = r.Uint16("Call ID")
	r.Skip("Reserved1", 2)
	return m
}

func (m CallClearRequest) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.CallID)
	return append(b, 0, 0) // Reserved1
}

func (CallClearRequest) check() error { return nil }

// CallDisconnectNotify tells the PNS that a call has ended (RFC 2637 §2.13).
type CallDisconnectNotify struct {
	CallID     uint16 // of the PAC, who sends it
	Result     DisconnectResult
	Error      ErrorCode // only with DisconnectGeneralError
	Cause      CauseCode
	Statistics string // at most 128 octets
}

// Type is TypeCallDisconnectNotify.
func (CallDisconnectNotify) Type() ControlType { return TypeCallDisconnectNotify }

func parseDisconnectNotify(r *wire.Reader) Message {
	var m CallDisconnectNotify
	m.CallID = r.Uint16("Call ID")
	m.Result = DisconnectResult(r.Uint8("Result Code"))
	m.Error = ErrorCode(r.Uint8("Error Code"))
	m.Cause = CauseCode(r.Uint16("Cause Code"))
	r.Skip("Reserved1", 2)
	m.Statistics = r.Text("Call Statistics", statisticsLen)
	return m
}

func (m CallDisconnectNotify) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.CallID)
	b = append(b, byte(m.Result), byte(m.Error))
	b = binary.BigEndian.AppendUint16(b, uint16(m.Cause))
	b = append(b, 0, 0) // Reserved1
	return appendText(b, m.Statistics, statisticsLen)
}

func (m CallDisconnectNotify) check() error {
	return checkText("Call Statistics", m.Statistics, statisticsLen)
}

// WANErrorNotify tells the PNS of errors on the caller's line. The counters are
// cumulative; it is sent only when an error occurred, and not more than once in
// 60 seconds (RFC 2637 §2.14).
type WANErrorNotify struct {
	PeerCallID       uint16 // of the PNS
	CRCErrors        uint32
	FramingErrors    uint32
	HardwareOverruns uint32
	BufferOverruns   uint32
	TimeoutErrors    uint32
	AlignmentErrors  uint32
}

// Type is TypeWANErrorNotify.
func (WANErrorNotify) Type() ControlType { return TypeWANErrorNotify }

func parseErrorNotify(r *wire.Reader) Message {
	var m WANErrorNotify
	m.PeerCallID = r.Uint16("Peer's Call ID")
	r.Skip("Reserved1", 2)
	m.CRCErrors = r.Uint32("CRC Errors")
	m.FramingErrors = r.Uint32("Framing Errors")
	m.HardwareOverruns = r.Uint32("Hardware Overruns")
	m.BufferOverruns = r.Uint32("Buffer Overruns")
	m.TimeoutErrors = r.Uint32("Time-out Errors")
	m.AlignmentErrors = r.Uint32("Alignment Errors")
	return m
}

func (m WANErrorNotify) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.PeerCallID)
	b = append(b, 0, 0) // Reserved1
	b = binary.BigEndian.AppendUint32(b, m.CRCErrors)
	b = binary.BigEndian.AppendUint32(b, m.FramingErrors)
	b = binary.BigEndian.AppendUint32(b, m.HardwareOverruns)
	b = binary.BigEndian.AppendUint32(b, m.BufferOverruns)
	b = binary.BigEndian.AppendUint32(b, m.TimeoutErrors)
	return binary.BigEndian.AppendUint32(b, m.AlignmentErrors)
}

func (WANErrorNotify) check() error { return nil }

// SetLinkInfo carries the ACCMs agreed with the caller (RFC 2637 §2.15).
type SetLinkInfo struct {
	PeerCallID            uint16 // of the PAC
	SendACCM, ReceiveACCM uint32
}

// Type is TypeSetLinkInfo.
func (SetLinkInfo) Type() ControlType { return TypeSetLinkInfo }

func parseLinkInfo(r *wire.Reader) Message {
	var m SetLinkInfo
	m.PeerCallID = r.Uint16("Peer's Call ID")
	r.Skip("Reserved1", 2)
	m.SendACCM = r.Uint32("Send ACCM")
	m.ReceiveACCM = r.Uint32("Receive ACCM")
	return m
}

func (m SetLinkInfo) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.PeerCallID)
	b = append(b, 0, 0) // Reserved1
	b = binary.BigEndian.AppendUint32(b, m.SendACCM)
	return binary.BigEndian.AppendUint32(b, m.ReceiveACCM)
}

func (SetLinkInfo) check() error { return nil }
