package auth

import (
	"fmt"
	"math"
	"runtime"
	"testing"
)

// A name that nobody has costs Check as much as a wrong password: as many
// states of hashes and ciphers, and as large ones, are made for the one as for
// the other. Nothing is timed.
func TestCheckDoesTheSameWorkForNobody(t *testing.T) {
	for _, m := range []Method{PAP, CHAPMD5, MSCHAP, MSCHAPv2, EAPMD5, EAPMSCHAPv2} {
		sizes := map[Method]int{PAP: 0, CHAPMD5: 16, EAPMD5: 16}
		size, ok := sizes[m]
		if !ok {
			size = msValueSize
		}
		c := &Claim{m, "saran", seal(proof{password: "guess1", id: 1, challenge: make([]byte, challengeSize(m)), response: make([]byte, size)})}
		work := func(s Secret) string {
			v := c.Check(s)
			if v.OK || v.Message != refused || v.Reason != 0 {
				t.Errorf("%v: %+v", m, v)
			}
			pieces, octets := allocated(func() { c.Check(s) })
			return fmt.Sprintf("%d pieces, %d octets", pieces, octets)
		}
		wrong, nobody, hashed := work(known), work(Secret{}), work(NewNTHash([16]byte{1}))
		if wrong != nobody || hashed != nobody {
			t.Errorf("%v: %s for a wrong password, %s for nobody, %s where only a hash is known", m, wrong, nobody, hashed)
		}
		if nobody == "0 pieces, 0 octets" {
			t.Errorf("%v: nothing is done", m)
		}
	}
}

// allocated is what f allocates. The counters are those of the whole process,
// and the runtime allocates as well, now and then: so it is the least of some
// rounds, each of a single call.
func allocated(f func()) (pieces, octets uint64) {
	pieces, octets = math.MaxUint64, math.MaxUint64
	for range 100 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		pieces = min(pieces, after.Mallocs-before.Mallocs)
		octets = min(octets, after.TotalAlloc-before.TotalAlloc)
	}
	return pieces, octets
}
