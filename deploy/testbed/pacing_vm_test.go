//go:build vm

package testbed

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"carrier/hardware/exchange"
)

// With pppd at the caller's end a ping beside a download takes no longer than a
// packet of the download, and the line is full all the same.
func TestPingBesideADownload(t *testing.T) {
	w := newWorld(t, 1, exchange.Conditions{Rate: 28800}, saran)
	out := w.run(`
dial saran "blue moon" defaultroute || exit 1
wget -q -O /tmp/data 'http://2.1.1.10/data?n=1000000' &
sleep 8
echo had $(wc -c < /tmp/data) at $(cut -d' ' -f1 /proc/uptime)
ping -c 80 -i 0.5 -W 5 2.1.1.10
echo had $(wc -c < /tmp/data) at $(cut -d' ' -f1 /proc/uptime)
hangup
`)
	var trips []time.Duration
	for _, m := range regexp.MustCompile(`time=([0-9.]+) ms`).FindAllStringSubmatch(out, -1) {
		ms, _ := strconv.ParseFloat(m[1], 64)
		trips = append(trips, time.Duration(ms*float64(time.Millisecond)))
	}
	had := regexp.MustCompile(`(?m)^had (\d+) at ([0-9.]+)`).FindAllStringSubmatch(out, -1)
	if len(trips) != 80 || len(had) != 2 {
		t.Fatalf("%d pings of 80 came back:\n%s", len(trips), out)
	}
	slices.Sort(trips)
	number := func(s string) float64 {
		n, _ := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return n
	}
	took := number(had[1][2]) - number(had[0][2])
	payload := (number(had[1][1]) - number(had[0][1])) / took
	// A packet of 576 octets carries 524 (TCP has time stamps) and takes about 10
	// more of the line: protocol, FCS, flag, and what random octets cost in
	// escapes. Without start and stop bits, under LAPM, the line has 3600 a second.
	used := (payload*586/524 + float64(len(trips))*94/took) / 3600
	t.Logf("median %v, 99th percentile %v; %.0f octets/s of the download, %.1f %% of the line", trips[40], trips[79], payload, 100*used)
	if trips[40] > 250*time.Millisecond || trips[79] > 400*time.Millisecond || used < 0.95 {
		t.Error("want a median of 250 ms, a 99th percentile of 400 ms and 95 %")
	}
}
