//go:build vm && realtime

package testbed

import (
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"carrier/hardware/exchange"
)

// What takes a minute of a slow line's time, and little of a processor's, does so
// side by side, and beside nothing else.
func TestAt28800(t *testing.T) {
	t.Run("Sara's call", sarasCall)
	t.Run("ping beside a download", pingBesideADownload)
}

// With pppd at the caller's end a ping beside a download takes no longer than a
// packet of the download, in most of five windows, and the line is used all the
// same; a machine that is busy with something else spoils one or two. In one of
// them the line is full: how full in the others, is up to the TCP of this host's
// kernel too, which may be one that makes pauses to measure (BBR) and leaves 93 %.
// TestPacing measures that with a sender of ours.
func pingBesideADownload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{line: exchange.Conditions{Rate: 28800}, pac: saran})
	w.run(`
dial saran "blue moon" defaultroute || exit 1
wget -q -O /tmp/data 'http://2.1.1.10/data?n=1000000' &
sleep 8
`)
	const windows, most = 5, 3 // the download lasts for so many
	good, full := 0, false
	for n := 0; n < windows && (good < most || !full); n++ {
		median, late, used := w.pings()
		t.Logf("median %v, 99th percentile %v; %.1f %% of the line", median, late, 100*used)
		if median <= 250*time.Millisecond && late <= 400*time.Millisecond && used >= 0.9 {
			good++
			full = full || used >= 0.95
		}
	}
	if good < most || !full {
		t.Errorf("in %d windows of %d a ping took 250 ms and 400 ms at most and 90 %% of the line is used, want %d; in one of them 95 %%: %v", good, windows, most, full)
	}
	w.run("hangup\n")
}

// pings sends 40, in 20 s, and tells the median and the 99th percentile of their time, and
// how much of the line was used meanwhile.
func (w *world) pings() (median, most time.Duration, used float64) {
	w.T.Helper()
	out := w.run(`
cd /sys/class/net/ppp1/statistics
echo had $(cat rx_bytes) in $(cat rx_packets) at $(cut -d' ' -f1 /proc/uptime)
ping -c 40 -i 0.5 -W 5 2.1.1.10
echo had $(cat rx_bytes) in $(cat rx_packets) at $(cut -d' ' -f1 /proc/uptime)
`)
	var trips []time.Duration
	for _, m := range regexp.MustCompile(`time=([0-9.]+) ms`).FindAllStringSubmatch(out, -1) {
		ms, _ := strconv.ParseFloat(m[1], 64)
		trips = append(trips, time.Duration(ms*float64(time.Millisecond)))
	}
	had := regexp.MustCompile(`(?m)^had (\d+) in (\d+) at ([0-9.]+)`).FindAllStringSubmatch(out, -1)
	if len(trips) != 40 || len(had) != 2 {
		w.T.Fatalf("%d pings of 40 came back:\n%s", len(trips), out)
	}
	slices.Sort(trips)
	grown := func(field int) float64 {
		before, _ := strconv.ParseFloat(had[0][field], 64)
		after, _ := strconv.ParseFloat(had[1][field], 64)
		return after - before
	}
	// A frame has a protocol, an FCS and a flag besides its packet, and of random
	// octets one in 128 is escaped. Without start and stop bits, under LAPM, the
	// line carries 3600 octets a second.
	return trips[20], trips[39], (grown(1)*129/128 + grown(2)*4) / grown(3) / 3600
}
