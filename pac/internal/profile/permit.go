package profile

import "strings"

// A Permit is what a PNS may have dialled. The zero value permits nothing.
type Permit struct {
	// Numbers are whole numbers, or with a * behind them all that begin so.
	Numbers []string
	Banks   []string // whose lines dial, the first first
}

// Allows says whether a number, digits as Dialled has them, may be dialled.
func (p Permit) Allows(number string) bool {
	for _, n := range p.Numbers {
		start, open := strings.CutSuffix(n, "*")
		if number == n || open && strings.HasPrefix(number, start) {
			return true
		}
	}
	return false
}

// Dialled is a telephone number without the signs that people put into one for
// the eye; false: it is none. What else a modem takes in a number makes it wait,
// hang up for a moment or go on dialling: with that in it one number could pass for another.
func Dialled(number string) (digits string, ok bool) {
	digits = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(number)
	return digits, digits != "" && strings.Trim(digits, "0123456789*#+") == ""
}
