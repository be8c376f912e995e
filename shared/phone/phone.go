// Package phone is telephone numbers, as people and files write them.
package phone

import "strings"

// Longest is the longest number that is dialled, in octets: an
// Outgoing-Call-Request has no room for more (RFC 2637 §2.7).
const Longest = 64

// Digits is a number without the signs that people put into one for the eye; false:
// it is none. What else a modem takes in a number makes it wait, hang up for a moment
// or go on dialling: with that in it one number could pass for another.
func Digits(s string) (digits string, ok bool) {
	digits = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(s)
	return digits, digits != "" && len(digits) <= Longest && strings.Trim(digits, "0123456789*#+") == ""
}

// Pattern tells whether s is a pattern of numbers: the digits of one, or with a *
// behind them all that begin so.
func Pattern(s string) bool {
	start, open := strings.CutSuffix(s, "*")
	digits, ok := Digits(start)
	return open && start == "" || ok && digits == start && len(s) <= Longest
}

// Matches tells whether one of the patterns has a number, of which digits are what
// Digits says.
func Matches(patterns []string, digits string) bool {
	for _, p := range patterns {
		start, open := strings.CutSuffix(p, "*")
		if digits == p || open && strings.HasPrefix(digits, start) {
			return true
		}
	}
	return false
}
