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
cd /sys/class/net/ppp1/statistics
echo had $(cat rx_bytes) in $(cat rx_packets) at $(cut -d' ' -f1 /proc/uptime)
ping -c 80 -i 0.5 -W 5 2.1.1.10
echo had $(cat rx_bytes) in $(cat rx_packets) at $(cut -d' ' -f1 /proc/uptime)
hangup
`)
	var trips []time.Duration
	for _, m := range regexp.MustCompile(`time=([0-9.]+) ms`).FindAllStringSubmatch(out, -1) {
		ms, _ := strconv.ParseFloat(m[1], 64)
		trips = append(trips, time.Duration(ms*float64(time.Millisecond)))
	}
	had := regexp.MustCompile(`(?m)^had (\d+) in (\d+) at ([0-9.]+)`).FindAllStringSubmatch(out, -1)
	if len(trips) != 80 || len(had) != 2 {
		t.Fatalf("%d pings of 80 came back:\n%s", len(trips), out)
	}
	slices.Sort(trips)
	number := func(s string) float64 {
		n, _ := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return n
	}
	grown := func(field int) float64 { return number(had[1][field]) - number(had[0][field]) }
	// A frame has a protocol, an FCS and a flag besides its packet, and of random
	// octets one in 128 is escaped. Without start and stop bits, under LAPM, the
	// line carries 3600 octets a second.
	used := (grown(1)*129/128 + grown(2)*4) / grown(3) / 3600
	t.Logf("median %v, 99th percentile %v; %.1f %% of the line", trips[40], trips[79], 100*used)
	if trips[40] > 250*time.Millisecond || trips[79] > 400*time.Millisecond || used < 0.95 {
		t.Error("want a median of 250 ms, a 99th percentile of 400 ms and 95 %")
	}
}
