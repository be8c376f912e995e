// Package pptp holds the messages of the Point-to-Point Tunneling Protocol's
// control connection and its state machines (RFC 2637 §2, §3). It does no I/O:
// a value takes a message or the time and says what is to be done.
package pptp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"carrier/shared/wire"
)

// Port is the TCP port on which control connections are received (RFC 2637
// §1.4).
const Port = 1723

// Version is the protocol version of RFC 2637: version 1, revision 0 (§1.4).
const Version = 0x0100

const (
	controlMessage = 1          // PPTP Message Type, §1.4
	magicCookie    = 0x1A2B3C4D // §1.4
	headerLen      = 12         // up to and with Reserved0
	// maxLength bounds messages of types that we do not know: room for an
	// extension, and no invitation to send 64 KiB.
	maxLength = 1024
)

// Errors of Parse and Splitter. After ErrCookie or ErrLength the stream is out
// of step and its TCP connection must be closed at once (RFC 2637 §1.4);
// ErrUnknown is a whole message of a type that we do not know, which costs
// nothing to leave alone.
var (
	ErrCookie  = errors.New("wrong magic cookie")
	ErrLength  = errors.New("wrong length")
	ErrUnknown = errors.New("unknown message type")
)

// A Message is one of the fifteen control messages (RFC 2637 §2), as a value
// of its struct.
type Message interface {
	// Type is the Control Message Type.
	Type() ControlType
	// append appends what follows Reserved0.
	append(dst []byte) []byte
	// check says which field does not fit.
	check() error
}

// layout is what Parse must know of a type.
type layout struct {
	name   string
	length int // total, including the header
	parse  func(*wire.Reader) Message
}

var layouts = [...]layout{
	TypeStartControlConnectionRequest: {"Start-Control-Connection-Request", 156, parseStartRequest},
	TypeStartControlConnectionReply:   {"Start-Control-Connection-Reply", 156, parseStartReply},
	TypeStopControlConnectionRequest:  {"Stop-Control-Connection-Request", 16, parseStopRequest},
	TypeStopControlConnectionReply:    {"Stop-Control-Connection-Reply", 16, parseStopReply},
	TypeEchoRequest:                   {"Echo-Request", 16, parseEchoRequest},
	TypeEchoReply:                     {"Echo-Reply", 20, parseEchoReply},
	TypeOutgoingCallRequest:           {"Outgoing-Call-Request", 168, parseOutgoingRequest},
	TypeOutgoingCallReply:             {"Outgoing-Call-Reply", 32, parseOutgoingReply},
	TypeIncomingCallRequest:           {"Incoming-Call-Request", 220, parseIncomingRequest},
	TypeIncomingCallReply:             {"Incoming-Call-Reply", 24, parseIncomingReply},
	TypeIncomingCallConnected:         {"Incoming-Call-Connected", 28, parseIncomingConnected},
	TypeCallClearRequest:              {"Call-Clear-Request", 16, parseClearRequest},
	TypeCallDisconnectNotify:          {"Call-Disconnect-Notify", 148, parseDisconnectNotify},
	TypeWANErrorNotify:                {"WAN-Error-Notify", 40, parseErrorNotify},
	TypeSetLinkInfo:                   {"Set-Link-Info", 24, parseLinkInfo},
}

// header is the part that all messages share (RFC 2637 §1.4, §2).
type header struct {
	length, messageType uint16
	cookie              uint32
	control             ControlType
}

func readHeader(r *wire.Reader) header {
	h := header{
		length:      r.Uint16("Length"),
		messageType: r.Uint16("PPTP Message Type"),
		cookie:      r.Uint32("Magic Cookie"),
		control:     ControlType(r.Uint16("Control Message Type")),
	}
	r.Skip("Reserved0", 2)
	return h
}

// known tells if the header is of one of the fifteen messages.
func (h header) known() bool { return h.messageType == controlMessage && h.control.known() }

// check tests what makes a stream lose its step.
func (h header) check() error {
	if err := checkLength(h.length); err != nil {
		return err
	}
	if h.cookie != magicCookie {
		return fmt.Errorf("%w %#08x", ErrCookie, h.cookie)
	}
	if h.known() && int(h.length) != layouts[h.control].length {
		return fmt.Errorf("%w %d of %v: need %d", ErrLength, h.length, h.control, layouts[h.control].length)
	}
	return nil
}

func checkLength(n uint16) error {
	if n < headerLen || n > maxLength {
		return fmt.Errorf("%w %d: need %d to %d", ErrLength, n, headerLen, maxLength)
	}
	return nil
}

// Parse reads one whole message. A message cut short gives an error that
// matches wire.ErrShort and names the field; reserved fields may hold
// anything. The Message shares no memory with b.
func Parse(b []byte) (Message, error) {
	r := wire.NewReader(b)
	h := readHeader(r)
	if err := r.Err(); err != nil {
		return nil, err
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	if !h.known() {
		return nil, fmt.Errorf("%w: PPTP message type %d, %v", ErrUnknown, h.messageType, h.control)
	}
	m := layouts[h.control].parse(r)
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%v: %w", h.control, err)
	}
	if n := r.Len(); n > 0 {
		return nil, fmt.Errorf("%v: %w: %d octets follow it", h.control, ErrLength, n)
	}
	return m, nil
}

// Append appends the message as it is sent. It refuses a text that does not
// fit its field or holds a NUL, which would end it early, and never cuts one;
// then dst comes back as it was.
func Append(dst []byte, m Message) ([]byte, error) {
	if err := m.check(); err != nil {
		return dst, fmt.Errorf("%v: %w", m.Type(), err)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(layouts[m.Type()].length))
	dst = binary.BigEndian.AppendUint16(dst, controlMessage)
	dst = binary.BigEndian.AppendUint32(dst, magicCookie)
	dst = binary.BigEndian.AppendUint16(dst, uint16(m.Type()))
	dst = append(dst, 0, 0) // Reserved0
	return m.append(dst), nil
}
