package auth

import (
	"cmp"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// A failure is MS-CHAP's Failure message (RFC 2433 §8, RFC 2759 §6).
type failure struct {
	reason    Reason // zero: none that can be read
	retry     bool
	challenge []byte // for the next try; nil: none
	version   int    // of changing passwords, that the authenticator speaks
	text      string // M=, which RFC 2759 §6 defines and RFC 2433 §8 lets pass
	whole     string
}

// appendMSFailure appends the message. Version 2 must show a challenge.
// Version 1 may leave it out, and does unless the peer may try again: peers
// that read no more than 63 octets see more of the text so. An expired password
// is no retry: the new one comes instead (RFC 2759 §9.1.6).
func appendMSFailure(dst []byte, m Method, f failure) []byte {
	retry, version := 0, 3
	if f.retry && f.reason != PasswordExpired {
		retry = 1
	}
	dst = fmt.Appendf(dst, "E=%d R=%d ", cmp.Or(f.reason, WrongPassword), retry)
	if m == MSCHAP {
		version = 2
	}
	if m != MSCHAP || f.retry {
		dst = fmt.Appendf(dst, "C=%X ", f.challenge)
	}
	return fmt.Appendf(dst, "V=%d M=%s", version, f.text)
}

// parseMSFailure reads the message. What cannot be read is left out (RFC 2433
// §8: text not recognised is ignored).
func parseMSFailure(message string) failure {
	fields, text, _ := cutMessage(message)
	f := failure{text: text, whole: message}
	for s := range strings.FieldsSeq(fields) {
		key, value, _ := strings.Cut(s, "=")
		switch key {
		case "E":
			n, _ := strconv.ParseUint(value, 10, 16)
			f.reason = Reason(n)
		case "R":
			f.retry = value == "1"
		case "C":
			f.challenge, _ = hex.DecodeString(value)
		case "V":
			f.version, _ = strconv.Atoi(value)
		}
	}
	return f
}

// String is the message for a person: its M=, else its code in words, else all
// of it (RFC 2433 §8: codes not listed are dealt with gracefully).
func (f failure) String() string {
	switch words, known := reasons[f.reason]; {
	case f.text != "":
		return printable(f.text)
	case known:
		return words
	}
	return printable(f.whole)
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
