package pptp

import (
	"fmt"
	"strings"

	"carrier/shared/wire"
)

// Widths of text fields in octets.
const (
	textLen       = 64  // Host Name, Vendor Name, numbers, Subaddress
	statisticsLen = 128 // Call Statistics, RFC 2637 §2.13
)

// checkText says if s fits a field of n octets.
func checkText(field, s string, n int) error {
	if len(s) > n {
		return fmt.Errorf("%s: %d octets do not fit in %d", field, len(s), n)
	}
	if strings.IndexByte(s, 0) >= 0 {
		return fmt.Errorf("%s: %q holds a NUL", field, s)
	}
	return nil
}

// appendText appends s, filled up to n octets with zeros. s was checked; a
// longer one would be cut rather than move the fields behind it.
func appendText(dst []byte, s string, n int) []byte {
	s = s[:min(len(s), n)]
	return append(append(dst, s...), make([]byte, n-len(s))...)
}

// number reads a field of digits of which the first n are valid (RFC 2637
// §2.7, §2.9). A length above 64, which some peers send, means the whole field.
func number(r *wire.Reader, field string, n uint16) string {
	s := r.Text(field, textLen)
	return s[:min(len(s), int(n))]
}
