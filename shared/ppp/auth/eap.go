package auth

import "carrier/shared/wire"

// EAP's codes (RFC 3748 §4) and the one type used here (§5.1).
const (
	eapRequest  = 1
	eapResponse = 2
	eapSuccess  = 3
	eapFailure  = 4

	eapIdentity = 1
)

// parseIdentity reads a Response's data; ok tells that it is an Identity. A
// Nak of an Identity, or any other type, is no valid answer (RFC 3748 §4.1).
func parseIdentity(data []byte) (name string, ok bool) {
	r := wire.NewReader(data)
	kind := r.Uint8("Type")
	return string(r.Rest()), r.Err() == nil && kind == eapIdentity
}
