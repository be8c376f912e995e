package profile

import "testing"

// A number is permitted as a whole, or by how it begins; and no sign that makes a
// modem do something in the middle of it is taken for a part of one.
func TestPermit(t *testing.T) {
	p := Permit{Numbers: []string{"5551212", "404*", "*67555*"}}
	for number, want := range map[string]bool{
		"5551212": true, "555-1212": true, "(404) 555.0001": true, "404": true, "*675550": true,
		"55512123": false, "555121": false, "40": false, "*": false, "": false, "- -": false, "1404": false,
		"5551212,9": false, "404W9": false, "404!9": false, "404@9": false, "404T9": false, "404;9": false, "404\r": false, "404A": false,
	} {
		digits, ok := Dialled(number)
		if got := ok && p.Allows(digits); got != want {
			t.Errorf("%q: %v, want %v", number, got, want)
		}
	}
	if all := (Permit{Numbers: []string{"*"}}); !all.Allows("0") {
		t.Error("* does not permit all")
	}
	if (Permit{}).Allows("5551212") {
		t.Error("nothing permits something")
	}
}
