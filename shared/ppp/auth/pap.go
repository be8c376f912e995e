package auth

import "carrier/shared/wire"

// PAP's codes (RFC 1334 §2.2).
const (
	papRequest = 1 // Authenticate-Request
	papAck     = 2
	papNak     = 3
)

// parsePAPRequest reads an Authenticate-Request's data (RFC 1334 §2.2.1).
func parsePAPRequest(data []byte) (name, password string, err error) {
	r := wire.NewReader(data)
	name = string(r.Bytes("Peer-ID", int(r.Uint8("Peer-ID Length"))))
	password = string(r.Bytes("Password", int(r.Uint8("Passwd-Length"))))
	return name, password, r.Err()
}

// appendPAPRequest appends that data; Login.Accepts has seen to the lengths.
func appendPAPRequest(dst []byte, name, password string) []byte {
	dst = append(append(dst, byte(len(name))), name...)
	return append(append(dst, byte(len(password))), password...)
}

// papMessage reads the message of an Authenticate-Ack or -Nak (RFC 1334
// §2.2.2). It must not affect operation, and some peers leave even its length
// out: whatever is there is taken.
func papMessage(data []byte) string {
	r := wire.NewReader(data)
	n := int(r.Uint8("Msg-Length"))
	return printable(string(r.Bytes("Message", min(n, r.Len()))))
}

// appendPAPMessage appends that data; a printable text fits its length.
func appendPAPMessage(dst []byte, text string) []byte {
	return append(append(dst, byte(len(text))), text...)
}
