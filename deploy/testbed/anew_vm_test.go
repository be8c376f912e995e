//go:build vm

package testbed

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A trial is a call of pppd's whose link is negotiated afresh while it lasts: by
// us, all of it; by pppd, all of it, and what a signal has it negotiate again, which
// is compression.
type trial struct {
	*Scene
	guest *Guest
	port  int                   // pppd's, as its scripts and its log have it
	run   func(s string) string // runs a script in the guest
	ours  map[string]*Host      // the panels of our programs, whose counters show what was repaired

	dial  string // the beginning of a script: it leaves a call that is up
	work  string // what is done on it each time, beside a page and data both ways
	coded ways   // in which data are encrypted or compressed, as pppd's kernel counts them
	heads bool   // it compresses TCP headers, both ways
	again string // what pppd's log says when compression is up, for the signal; "": that does no good
	logs  []string
	// method is what pns remembers that proved who she is; empty: MS-CHAPv2.
	method string
}

// ways are those from pppd and to it.
type ways struct{ from, to bool }

var bothWays = ways{true, true}

// works has the call begin, carry data, be negotiated afresh by either end, and carry
// data each time: they arrive as they were, nobody asks for a reset, rejects
// anything or counts an error. Each line of logs is pppd's after each negotiation
// of everything; its identifiers do not count. The call goes on.
func (c trial) works(t *testing.T) {
	t.Helper()
	defer func() {
		if t.Failed() || c.T.Failed() {
			t.Logf("pppd's log:\n%s", c.guest.Log(c.port))
		}
	}()
	before := c.repaired()
	c.carries(t, "at first", c.dial)
	if running := c.Calls(c.Office, "pns")[0]; running.Method != cmp.Or(c.method, "mschap-v2") {
		t.Errorf("pns remembers %+v", running)
	}
	c.renegotiates()
	c.carries(t, "after our negotiation", c.script(routed))
	c.carries(t, "after pppd's negotiation", c.script(fmt.Sprintf(again, "touch /tmp/again", opened)+routed))
	if c.again != "" {
		c.carries(t, "after its compression's", c.script(fmt.Sprintf(again, "kill -USR2 $(cat $pids/$port)", c.again)))
	}
	log := c.guest.Log(c.port)
	plain := identifiers.ReplaceAllString(log, "")
	for _, want := range c.logs {
		if strings.Count(plain, want) < 3 {
			t.Errorf("pppd's log has no three %q:\n%s", want, log)
		}
	}
	for _, bad := range []string{"ResetReq", "ResetAck", "ProtRej", "CodeRej", "FCS"} {
		if strings.Contains(log, bad) {
			t.Errorf("pppd's log has %q:\n%s", bad, log)
		}
	}
	if after := c.repaired(); after != before {
		t.Errorf("something was repaired: before\n%s\nafter\n%s", before, after)
	}
}

// identifiers are those of packets in pppd's log.
var identifiers = regexp.MustCompile(` id=0x[0-9a-f]+`)

// Pieces of a guest script. routed waits until pppd has its address and its route
// again; again has it begin something anew by a command, and waits for a word in its
// log. anew are options for it to begin all anew, and opened is what it logs when that is
// done.
const (
	anew   = " plugin /usr/lib/pppd/again.so"
	opened = "rcvd [IPCP ConfAck"
	routed = `
until ip route get 2.1.1.10 2>/dev/null | grep -q "dev ppp$port "; do kill -0 $(cat $pids/$port) || exit 1; sleep 0.1; done
`
	again = `
n=$(grep -cF '%[2]s' /share/pppd$port.log)
%[1]s
until [ $(grep -cF '%[2]s' /share/pppd$port.log) -gt $n ]; do kill -0 $(cat $pids/$port) || exit 1; sleep 0.1; done
`
	counted = `
pppstats ppp$port; pppstats -z ppp$port
echo $(cat /sys/class/net/ppp$port/statistics/rx_errors) receive errors
`
)

// script is a piece with the port before it.
func (c trial) script(piece string) string { return fmt.Sprintf("port=%d\n%s", c.port, piece) }

// carries has data pass after a piece of script.
func (c trial) carries(t *testing.T, when, script string) {
	t.Helper()
	const n = 256 << 10
	out := c.run(script + c.work + "ping -c 2 -i 0.2 -W 5 2.1.1.10 || exit 1\nwget -q -O - http://2.1.1.10/ || exit 1\n" + transfer(n) + counted)
	hashes(t, out, n)
	for _, want := range []string{Page, noErrors} {
		if !strings.Contains(out, want) {
			t.Errorf("%s, the guest does not say %q:\n%s", when, want, out)
		}
	}
	heads, coded := stats(out, "VJCOMP"), stats(out, "COMPRESSED")
	if now := (ways{coded[6] > 0, coded[1] > 0}); now != c.coded {
		t.Errorf("%s, coded are %+v:\n%s", when, now, out)
	}
	if c.heads && (heads[2] == 0 || heads[7] == 0) {
		t.Errorf("%s, no TCP header is compressed:\n%s", when, out)
	}
}

// stats are the numbers of pppstats below the head that has a word: both ways, as
// they stand there.
func stats(out, head string) (n [12]float64) {
	_, out, _ = strings.Cut(out, head)
	for line := range strings.Lines(out) {
		if !strings.ContainsAny(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			for i, f := range strings.Fields(strings.ReplaceAll(line, "|", "")) {
				n[i], _ = strconv.ParseFloat(f, 64)
			}
			return n
		}
	}
	return n
}

// renegotiates has pns negotiate the call afresh, and waits until pppd has an
// address again.
func (c trial) renegotiates() {
	c.T.Helper()
	up := func() int { return strings.Count(c.guest.Log(c.port), opened) }
	before := up()
	c.Ask(c.Office, "pns", "renegotiate", c.Calls(c.Office, "pns")[0].Name)
	Until(c.T, "pppd's address after a new negotiation", func() bool { return up() > before })
}

// repaired is what our programs count of what went wrong on the way: frames that
// lines spoilt or nobody could decode, packets that were lost or came out of order,
// and resets. What comes under an old key during a negotiation is no such thing.
func (c trial) repaired() (all string) {
	c.T.Helper()
	for _, panel := range slices.Sorted(maps.Keys(c.ours)) {
		page, err := c.ours[panel].Command("curl", "-sf", "http://"+panel+"/metrics").Output()
		if err != nil {
			c.T.Fatal(err)
		}
		for line := range strings.Lines(string(page)) {
			if repairs.MatchString(line) {
				all += line
			}
		}
		if all == "" {
			c.T.Fatalf("%s counts nothing:\n%s", panel, page)
		}
	}
	return all
}

var repairs = regexp.MustCompile(`^p[na][sc]_(line_errors|gre_lost|ccp_|frames_dropped_total.*(undecoded|unexpanded|malformed|unjoined)|gre_packets_total.*(malformed|held|restarted|duplicate))`)
