package pptp

import (
	"encoding/binary"

	"carrier/shared/wire"
)

// StartControlConnectionRequest opens a control connection (RFC 2637 §2.1).
type StartControlConnectionRequest struct {
	ProtocolVersion     uint16
	FramingCapabilities Framing
	BearerCapabilities  Bearer
	MaximumChannels     uint16 // of a PAC; a PNS sends 0
	FirmwareRevision    uint16
	HostName            string // at most 64 octets
	VendorName          string // at most 64 octets
}

// Type is TypeStartControlConnectionRequest.
func (StartControlConnectionRequest) Type() ControlType { return TypeStartControlConnectionRequest }

func parseStartRequest(r *wire.Reader) Message {
	var m StartControlConnectionRequest
	m.ProtocolVersion = r.Uint16("Protocol Version")
	r.Skip("Reserved1", 2)
	m.FramingCapabilities = Framing(r.Uint32("Framing Capabilities"))
	m.BearerCapabilities = Bearer(r.Uint32("Bearer Capabilities"))
	m.MaximumChannels = r.Uint16("Maximum Channels")
	m.FirmwareRevision = r.Uint16("Firmware Revision")
	m.HostName = r.Text("Host Name", textLen)
	m.VendorName = r.Text("Vendor Name", textLen)
	return m
}

func (m StartControlConnectionRequest) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.ProtocolVersion)
	b = append(b, 0, 0) // Reserved1
	b = binary.BigEndian.AppendUint32(b, uint32(m.FramingCapabilities))
	b = binary.BigEndian.AppendUint32(b, uint32(m.BearerCapabilities))
	b = binary.BigEndian.AppendUint16(b, m.MaximumChannels)
	b = binary.BigEndian.AppendUint16(b, m.FirmwareRevision)
	b = appendText(b, m.HostName, textLen)
	return appendText(b, m.VendorName, textLen)
}

func (m StartControlConnectionRequest) check() error { return checkHost(m.HostName, m.VendorName) }

func checkHost(host, vendor string) error {
	if err := checkText("Host Name", host, textLen); err != nil {
		return err
	}
	return checkText("Vendor Name", vendor, textLen)
}

// StartControlConnectionReply answers StartControlConnectionRequest (RFC 2637
// §2.2).
type StartControlConnectionReply struct {
	ProtocolVersion     uint16
	Result              StartResult
	Error               ErrorCode // only with StartGeneralError
	FramingCapabilities Framing
	BearerCapabilities  Bearer
	MaximumChannels     uint16 // of a PAC; a PNS sends 0
	FirmwareRevision    uint16
	HostName            string // at most 64 octets
	VendorName          string // at most 64 octets
}

// Type is TypeStartControlConnectionReply.
func (StartControlConnectionReply) Type() ControlType { return TypeStartControlConnectionReply }

func parseStartReply(r *wire.Reader) Message {
	var m StartControlConnectionReply
	m.ProtocolVersion = r.Uint16("Protocol Version")
	m.Result = StartResult(r.Uint8("Result Code"))
	m.Error = ErrorCode(r.Uint8("Error Code"))
	m.FramingCapabilities = Framing(r.Uint32("Framing Capability"))
	m.BearerCapabilities = Bearer(r.Uint32("Bearer Capability"))
	m.MaximumChannels = r.Uint16("Maximum Channels")
	m.FirmwareRevision = r.Uint16("Firmware Revision")
	m.HostName = r.Text("Host Name", textLen)
	m.VendorName = r.Text("Vendor Name", textLen)
	return m
}

func (m StartControlConnectionReply) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, m.ProtocolVersion)
	b = append(b, byte(m.Result), byte(m.Error))
	b = binary.BigEndian.AppendUint32(b, uint32(m.FramingCapabilities))
	b = binary.BigEndian.AppendUint32(b, uint32(m.BearerCapabilities))
	b = binary.BigEndian.AppendUint16(b, m.MaximumChannels)
	b = binary.BigEndian.AppendUint16(b, m.FirmwareRevision)
	b = appendText(b, m.HostName, textLen)
	return appendText(b, m.VendorName, textLen)
}

func (m StartControlConnectionReply) check() error { return checkHost(m.HostName, m.VendorName) }

// StopControlConnectionRequest ends the control connection and with it all its
// calls (RFC 2637 §2.3).
type StopControlConnectionRequest struct {
	Reason StopReason
}

// Type is TypeStopControlConnectionRequest.
func (StopControlConnectionRequest) Type() ControlType { return TypeStopControlConnectionRequest }

func parseStopRequest(r *wire.Reader) Message {
	var m StopControlConnectionRequest
	m.Reason = StopReason(r.Uint8("Reason"))
	r.Skip("Reserved1", 1)
	r.Skip("Reserved2", 2)
	return m
}

func (m StopControlConnectionRequest) append(b []byte) []byte {
	return append(b, byte(m.Reason), 0, 0, 0) // Reserved1, Reserved2
}

func (StopControlConnectionRequest) check() error { return nil }

// StopControlConnectionReply answers StopControlConnectionRequest (RFC 2637
// §2.4).
type StopControlConnectionReply struct {
	Result ReplyResult
	Error  ErrorCode // only with ReplyGeneralError
}

// Type is TypeStopControlConnectionReply.
func (StopControlConnectionReply) Type() ControlType { return TypeStopControlConnectionReply }

func parseStopReply(r *wire.Reader) Message {
	var m StopControlConnectionReply
	m.Result = ReplyResult(r.Uint8("Result Code"))
	m.Error = ErrorCode(r.Uint8("Error Code"))
	r.Skip("Reserved1", 2)
	return m
}

func (m StopControlConnectionReply) append(b []byte) []byte {
	return append(b, byte(m.Result), byte(m.Error), 0, 0) // Reserved1
}

func (StopControlConnectionReply) check() error { return nil }

// EchoRequest asks whether the peer is there (RFC 2637 §2.5).
type EchoRequest struct {
	Identifier uint32
}

// Type is TypeEchoRequest.
func (EchoRequest) Type() ControlType { return TypeEchoRequest }

func parseEchoRequest(r *wire.Reader) Message {
	return EchoRequest{Identifier: r.Uint32("Identifier")}
}

func (m EchoRequest) append(b []byte) []byte { return binary.BigEndian.AppendUint32(b, m.Identifier) }

func (EchoRequest) check() error { return nil }

// EchoReply answers EchoRequest with the same Identifier (RFC 2637 §2.6).
type EchoReply struct {
	Identifier uint32
	Result     ReplyResult
	Error      ErrorCode // only with ReplyGeneralError
}

// Type is TypeEchoReply.
func (EchoReply) Type() ControlType { return TypeEchoReply }

func parseEchoReply(r *wire.Reader) Message {
	var m EchoReply
	m.Identifier = r.Uint32("Identifier")
	m.Result = ReplyResult(r.Uint8("Result Code"))
	m.Error = ErrorCode(r.Uint8("Error Code"))
	r.Skip("Reserved1", 2)
	return m
}

func (m EchoReply) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, m.Identifier)
	return append(b, byte(m.Result), byte(m.Error), 0, 0) // Reserved1
}

func (EchoReply) check() error { return nil }
