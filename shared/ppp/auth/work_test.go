package auth

import (
	"fmt"
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
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range 100 {
				c.Check(s)
			}
			runtime.ReadMemStats(&after)
			return fmt.Sprintf("%d pieces, %d octets", (after.Mallocs-before.Mallocs)/100, (after.TotalAlloc-before.TotalAlloc)/100)
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
