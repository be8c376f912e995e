package cp

import (
	"errors"
	"testing"

	"carrier/shared/wire"
)

// CVE-2004-1002: pppd subtracted the header from the Length of a CBCP packet
// that was shorter than that, and read on behind it. This sends such Lengths to what
// all control protocols share, in the packet and in its options; cbcp has a test of
// this name too.
func TestCVE20041002LengthBelowTheHeader(t *testing.T) {
	for length := range byte(HeaderLength) {
		if p, err := Parse([]byte{1, 7, 0, length, 1, 4, 5, 0xDC}); !errors.Is(err, wire.ErrShort) || p.Data != nil {
			t.Errorf("a packet of %d octets: %v, %v", length, p, err)
		}
	}
	for length := range byte(2) {
		for _, b := range [][]byte{{1, length}, {1, length, 5, 0xDC}, {5, 6, 1, 2, 3, 4, 1, length, 1, length}} {
			if o, err := ParseOptions(b); !errors.Is(err, wire.ErrShort) || o != nil {
				t.Errorf("an option of %d octets: %v, %v", length, o, err)
			}
		}
	}
}
