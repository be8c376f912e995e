// Package eap speaks the Extensible Authentication Protocol of one PPP link
// (RFC 3748), without pass-through: packets, and the conversation of either
// role. A Server asks for the Identity, then tries methods in its own order; a
// Peer answers. What a method proves is the business of the Method and the
// PeerMethod: package eaptls has one, package auth those that need a password.
//
// Neither role does I/O or has a clock: the owner gives the time, packets and
// expired deadlines, and sends what is left in an Outbox.
package eap

import "fmt"

// A Code says what a packet is (RFC 3748 §4).
type Code uint8

// The codes.
const (
	Request  Code = 1
	Response Code = 2
	Success  Code = 3
	Failure  Code = 4
)

// A Type is what a Request or Response is about (RFC 3748 §5).
type Type uint8

// The types known here. Those from MD5 on are methods.
const (
	Identity     Type = 1
	Notification Type = 2
	Nak          Type = 3 // in Responses only
	MD5          Type = 4
	TLS          Type = 13 // RFC 5216
	MSCHAPv2     Type = 26 // draft-kamath-pppext-eap-mschapv2
)

var typeNames = map[Type]string{Identity: "Identity", Notification: "Notification", Nak: "Nak", MD5: "MD5-Challenge",
	TLS: "TLS", MSCHAPv2: "MSCHAPv2"}

// String is the type's name, or its number.
func (t Type) String() string {
	if s, ok := typeNames[t]; ok {
		return s
	}
	return fmt.Sprintf("type %d", uint8(t))
}
