package pptp

import (
	"encoding/binary"

	"carrier/shared/wire"
)

// OutgoingCallRequest asks a PAC to place a call (RFC 2637 §2.7). Clients that
// tunnel their own PPP play the PNS and send it too.
type OutgoingCallRequest struct {
	CallID                 uint16 // of the PNS
	CallSerialNumber       uint16
	MinimumBPS, MaximumBPS uint32
	BearerType             Bearer
	FramingType            Framing
	Window                 uint16 // Packet Recv. Window Size, in packets
	Delay                  uint16 // Packet Processing Delay, in tenths of a second
	PhoneNumber            string // at most 64 octets
	Subaddress             string // at most 64 octets
}

// Type is TypeOutgoingCallRequest.
func (OutgoingCallRequest) Type() ControlType { return TypeOutgoingCallRequest }

func parseOutgoingRequest(r *wire.Reader) Message {
	var m OutgoingCallRequest
	m.CallID = r.Uint16("Call ID")
	m.CallSerialNumber = r.Uint16("Call Serial Number")
	m.MinimumBPS = r.Uint32("Minimum BPS")
	m.MaximumBPS = r.Uint32("Maximum BPS")
	m.BearerType = Bearer(r.Uint32("Bearer Type"))
	m.FramingType = Framing(r.Uint32("Framing Type"))
	m.Window = r.Uint16("Packet Recv. Window Size")
	m.Delay = r.Uint16("Packet Processing Delay")
	n := r.Uint16("Phone Number Length")
	r.Skip("Reserved1", 2)
	m.PhoneNumber = number(r, "Phone Number", n)
	m.Subaddress = r.Text("Subaddress", textLen)
	return m
}

func (m OutgoingCallRequest) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.CallID)
	b = binary.BigEndian.AppendUint16(b, m.CallSerialNumber)
	b = binary.BigEndian.AppendUint32(b, m.MinimumBPS)
	b = binary.BigEndian.AppendUint32(b, m.MaximumBPS)
	b = binary.BigEndian.AppendUint32(b, uint32(m.BearerType))
	b = binary.BigEndian.AppendUint32(b, uint32(m.FramingType))
	b = binary.BigEndian.AppendUint16(b, m.Window)
	b = binary.BigEndian.AppendUint16(b, m.Delay)
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.PhoneNumber)))
	b = append(b, 0, 0) // Reserved1
	b = appendText(b, m.PhoneNumber, textLen)
	return appendText(b, m.Subaddress, textLen)
}

func (m OutgoingCallRequest) check() error {
	if err := checkText("Phone Number", m.PhoneNumber, textLen); err != nil {
		return err
	}
	return checkText("Subaddress", m.Subaddress, textLen)
}

// OutgoingCallReply is the PAC's answer to OutgoingCallRequest (RFC 2637 §2.8).
type OutgoingCallReply struct {
	CallID            uint16 // of the PAC
	PeerCallID        uint16 // of the PNS
	Result            OutgoingResult
	Error             ErrorCode // only with OutgoingGeneralError
	Cause             CauseCode
	ConnectSpeed      uint32 // bit/s
	Window            uint16 // Packet Recv. Window Size, in packets
	Delay             uint16 // Packet Processing Delay, in tenths of a second
	PhysicalChannelID uint32
}

// Type is TypeOutgoingCallReply.
func (OutgoingCallReply) Type() ControlType { return TypeOutgoingCallReply }

func parseOutgoingReply(r *wire.Reader) Message {
	var m OutgoingCallReply
	m.CallID = r.Uint16("Call ID")
	m.PeerCallID = r.Uint16("Peer's Call ID")
	m.Result = OutgoingResult(r.Uint8("Result Code"))
	m.Error = ErrorCode(r.Uint8("Error Code"))
	m.Cause = CauseCode(r.Uint16("Cause Code"))
	m.ConnectSpeed = r.Uint32("Connect Speed")
	m.Window = r.Uint16("Packet Recv. Window Size")
	m.Delay = r.Uint16("Packet Processing Delay")
	m.PhysicalChannelID = r.Uint32("Physical Channel ID")
	return m
}

func (m OutgoingCallReply) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.CallID)
	b = binary.BigEndian.AppendUint16(b, m.PeerCallID)
	b = append(b, byte(m.Result), byte(m.Error))
	b = binary.BigEndian.AppendUint16(b, uint16(m.Cause))
	b = binary.BigEndian.AppendUint32(b, m.ConnectSpeed)
	b = binary.BigEndian.AppendUint16(b, m.Window)
	b = binary.BigEndian.AppendUint16(b, m.Delay)
	return binary.BigEndian.AppendUint32(b, m.PhysicalChannelID)
}

func (OutgoingCallReply) check() error { return nil }

// IncomingCallRequest tells a PNS of a call that came in at the PAC (RFC 2637
// §2.9).
type IncomingCallRequest struct {
	CallID            uint16 // of the PAC
	CallSerialNumber  uint16
	BearerType        Bearer
	PhysicalChannelID uint32
	DialedNumber      string // at most 64 octets
	DialingNumber     string // at most 64 octets
	Subaddress        string // at most 64 octets
}

// Type is TypeIncomingCallRequest.
func (IncomingCallRequest) Type() ControlType { return TypeIncomingCallRequest }

func parseIncomingRequest(r *wire.Reader) Message {
	var m IncomingCallRequest
	m.CallID = r.Uint16("Call ID")
	m.CallSerialNumber = r.Uint16("Call Serial Number")
	m.BearerType = Bearer(r.Uint32("Call Bearer Type"))
	m.PhysicalChannelID = r.Uint32("Physical Channel ID")
	dialed := r.Uint16("Dialed Number Length")
	dialing := r.Uint16("Dialing Number Length")
	m.DialedNumber = number(r, "Dialed Number", dialed)
	m.DialingNumber = number(r, "Dialing Number", dialing)
	m.Subaddress = r.Text("Subaddress", textLen)
	return m
}

func (m IncomingCallRequest) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.CallID)
	b = binary.BigEndian.AppendUint16(b, m.CallSerialNumber)
	b = binary.BigEndian.AppendUint32(b, uint32(m.BearerType))
	b = binary.BigEndian.AppendUint32(b, m.PhysicalChannelID)
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.DialedNumber)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.DialingNumber)))
	b = appendText(b, m.DialedNumber, textLen)
	b = appendText(b, m.DialingNumber, textLen)
	return appendText(b, m.Subaddress, textLen)
}

func (m IncomingCallRequest) check() error {
	if err := checkText("Dialed Number", m.DialedNumber, textLen); err != nil {
		return err
	}
	if err := checkText("Dialing Number", m.DialingNumber, textLen); err != nil {
		return err
	}
	return checkText("Subaddress", m.Subaddress, textLen)
}

// IncomingCallReply is the PNS's answer to IncomingCallRequest (RFC 2637
// §2.10).
type IncomingCallReply struct {
	CallID     uint16 // of the PNS
	PeerCallID uint16 // of the PAC
	Result     IncomingResult
	Error      ErrorCode // only with IncomingGeneralError
	Window     uint16    // Packet Recv. Window Size, in packets
	Delay      uint16    // Packet Transmit Delay, in tenths of a second
}

// Type is TypeIncomingCallReply.
func (IncomingCallReply) Type() ControlType { return TypeIncomingCallReply }

func parseIncomingReply(r *wire.Reader) Message {
	var m IncomingCallReply
	m.CallID = r.Uint16("Call ID")
	m.PeerCallID = r.Uint16("Peer's Call ID")
	m.Result = IncomingResult(r.Uint8("Result Code"))
	m.Error = ErrorCode(r.Uint8("Error Code"))
	m.Window = r.Uint16("Packet Recv. Window Size")
	m.Delay = r.Uint16("Packet Transmit Delay")
	r.Skip("Reserved1", 2)
	return m
}

func (m IncomingCallReply) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.CallID)
	b = binary.BigEndian.AppendUint16(b, m.PeerCallID)
	b = append(b, byte(m.Result), byte(m.Error))
	b = binary.BigEndian.AppendUint16(b, m.Window)
	b = binary.BigEndian.AppendUint16(b, m.Delay)
	return append(b, 0, 0) // Reserved1
}

func (IncomingCallReply) check() error { return nil }

// IncomingCallConnected tells the PNS that the call was answered (RFC 2637
// §2.11).
type IncomingCallConnected struct {
	PeerCallID   uint16 // of the PNS
	ConnectSpeed uint32 // bit/s
	Window       uint16 // Packet Recv. Window Size, in packets
	Delay        uint16 // Packet Transmit Delay, in tenths of a second
	FramingType  Framing
}

// Type is TypeIncomingCallConnected.
func (IncomingCallConnected) Type() ControlType { return TypeIncomingCallConnected }

func parseIncomingConnected(r *wire.Reader) Message {
	var m IncomingCallConnected
	m.PeerCallID = r.Uint16("Peer's Call ID")
	r.Skip("Reserved1", 2)
	m.ConnectSpeed = r.Uint32("Connect Speed")
	m.Window = r.Uint16("Packet Recv. Window Size")
	m.Delay = r.Uint16("Packet Transmit Delay")
	m.FramingType = Framing(r.Uint32("Framing Type"))
	return m
}

func (m IncomingCallConnected) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.PeerCallID)
	b = append(b, 0, 0) // Reserved1
	b = binary.BigEndian.AppendUint32(b, m.ConnectSpeed)
	b = binary.BigEndian.AppendUint16(b, m.Window)
	b = binary.BigEndian.AppendUint16(b, m.Delay)
	return binary.BigEndian.AppendUint32(b, uint32(m.FramingType))
}

func (IncomingCallConnected) check() error { return nil }
