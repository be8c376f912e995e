//go:build vm

package testbed

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// byNumber sends everybody who dials to Denver, or else to Boston.
const byNumber = `
[[number]]
called = "` + Number + `"
tunnel = ["denver", "boston"]

[[pns]]
name    = "denver"
connect = "192.0.2.2"

[[pns]]
name    = "boston"
connect = "192.0.2.3"
`

// trouble puts a bridge into the cable between the POP and the office.
func (w *world) trouble(seed uint64) *Bridge {
	w.T.Helper()
	inet := NewHost(w.T, "inet")
	w.POP.IP("link", "del", "wan")
	Join(w.POP, "wan", "192.0.2.1/24", inet, "left", "0.0.0.0/32")
	Join(w.Office, "wan", "192.0.2.2/24", inet, "right", "0.0.0.0/32")
	w.POP.Plain("wan")
	w.Office.Plain("wan")
	bridge := NewBridge(inet, "left", "right", seed)
	w.T.Cleanup(func() { // while they reach each other
		w.pac.Stop()
		w.pns.Stop()
	})
	return bridge
}

// count sends numbered datagrams, about 200 a second, until the answer of that
// number came, and prints the numbers of all answers. What a tty receives is
// kept on one processor of the guest: on two, its kernel changes the order.
const count = `
echo 1 >/sys/devices/virtual/workqueue/cpumask || exit 1
exec 4<>/dev/udp/2.1.1.10/7
cat <&4 >/tmp/answers & reader=$!
until [ "$(tail -n 1 /tmp/answers)" -ge %d ] 2>/dev/null; do
  for k in 1 2 3 4 5 6 7 8; do echo $((n += 1)) >&4; done
  sleep 0.03
done
{ kill $reader; wait $reader; } 2>/dev/null
cat /tmp/answers
`

// increasing wants numbers that only grow, and at least so many.
func increasing(t *testing.T, where string, numbers []int, least int) {
	t.Helper()
	for i := 1; i < len(numbers); i++ {
		if numbers[i] <= numbers[i-1] {
			t.Errorf("%s: %d came after %d", where, numbers[i], numbers[i-1])
		}
	}
	if len(numbers) < least {
		t.Errorf("%s: only %d datagrams came", where, len(numbers))
	}
}

// What the Internet loses, repeats and shuffles of GRE, both ways, is never
// delivered twice nor out of order, and counted at both ends.
func TestTroubleOnTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{pac: byNumber})
	bridge, numbers := w.trouble(1), NewNumbers(w.LAN, "2.1.1.10")
	bridge.Set(Trouble{Loss: 0.05, Reorder: 20, Duplicate: 0.05})

	const answers = 600
	out := w.run(`dial saran "blue moon" defaultroute || exit 1` + fmt.Sprintf(count, answers))
	var got []int
	for field := range strings.FieldsSeq(out) {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatalf("the guest said:\n%s", out)
		}
		got = append(got, n)
	}
	increasing(t, "towards the caller", got, answers/2)
	increasing(t, "from the caller", numbers.Got(), answers)

	const n = 256 << 10
	hashes(t, w.run(transfer(n)), n)

	seen := bridge.Seen()
	t.Logf("on the way: %+v", seen)
	for side, s := range seen {
		if s.Passed == 0 || s.Lost < s.Passed/50 || s.Duplicated < s.Passed/50 || s.Reordered < s.Passed/2 {
			t.Errorf("too little trouble from side %d: %+v", side, s)
		}
	}
	for _, end := range []struct {
		h            *Host
		panel, about string
	}{{w.POP, pacPanel, "pac"}, {w.Office, pnsPanel, "pns"}} {
		lines := []string{end.about + "_gre_lost_total"}
		for _, disposition := range []string{"held", "duplicate", "in-order"} {
			lines = append(lines, fmt.Sprintf("%s_gre_packets_total{direction=%q,disposition=%q}", end.about, "received", disposition))
		}
		for _, line := range lines {
			v := w.Metric(end.h, end.panel, line)
			if t.Logf("%s %v", line, v); v < 10 {
				t.Errorf("%s is %v", line, v)
			}
		}
	}
}
