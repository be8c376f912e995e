package auth

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// msErrors are the codes of MS-CHAP's Failure in words (RFC 2433 §8, RFC 2759
// §6).
var msErrors = map[int]string{
	646: "the account is not allowed to log on at this hour",
	647: "the account is disabled",
	648: "the password has expired",
	649: "the account has no permission to dial in",
	691: "wrong user name or password",
	709: "the password could not be changed",
}

// appendMSFailure appends MS-CHAP's Failure message. No retry is allowed; the
// text rides along as M=, which RFC 2759 §6 defines and RFC 2433 §8 lets pass.
// Version 2 must show a challenge. Version 1 may leave it out, and does: peers
// that read no more than 63 octets see more of the text so.
func appendMSFailure(dst []byte, m Method, challenge [16]byte, text string) []byte {
	if m == MSCHAP {
		return fmt.Appendf(dst, "E=691 R=0 V=2 M=%s", text)
	}
	return fmt.Appendf(dst, "E=691 R=0 C=%X V=3 M=%s", challenge, text)
}

// msFailure is a Failure's message for a person: its M=, else its code in
// words, else all of it (RFC 2433 §8: codes not listed are dealt with
// gracefully, text not recognised is ignored).
func msFailure(message string) string {
	fields, text, ok := cutMessage(message)
	if ok && text != "" {
		return printable(text)
	}
	for f := range strings.FieldsSeq(fields) {
		if code, ok := strings.CutPrefix(f, "E="); ok {
			if n, err := strconv.Atoi(code); err == nil && msErrors[n] != "" {
				return msErrors[n]
			}
		}
	}
	return printable(message)
}

// appendMSSuccess appends MS-CHAPv2's Success message (RFC 2759 §5).
func appendMSSuccess(dst []byte, authenticator [20]byte, text string) []byte {
	return fmt.Appendf(dst, "S=%X M=%s", authenticator, text)
}

// msSuccess reads MS-CHAPv2's Success message and compares its proof with what
// it should be, in constant time (RFC 2759 §8.8).
func msSuccess(message string, want [20]byte) (text string, ok bool) {
	fields, text, _ := cutMessage(message)
	proof, found := strings.CutPrefix(strings.TrimRight(fields, " "), "S=")
	got, err := hex.DecodeString(proof)
	ok = found && err == nil && subtle.ConstantTimeCompare(got, want[:]) == 1
	return printable(text), ok
}

// cutMessage parts a message before its M= field, which reaches to the end.
func cutMessage(message string) (fields, text string, ok bool) {
	if text, ok := strings.CutPrefix(message, "M="); ok {
		return "", text, true
	}
	return strings.Cut(message, " M=")
}
