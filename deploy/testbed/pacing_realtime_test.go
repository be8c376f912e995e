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

// With pppd at the caller's end, and a host of the LAN's behind lan.mode = "tun" as
// the sender, a ping beside a download takes no longer than a packet of the
// download, in most of five windows; a machine that is busy with something else
// spoils one or two. The line is used all the same, over all of them.
func pingBesideADownload(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{line: exchange.Conditions{Rate: 28800}, pac: saran, lan: "mode = \"tun\"\n[lan.tun]\nproxy_arp = [\"lan\"]\nforwarding = true\n"})
	w.run(`
dial saran "blue moon" defaultroute || exit 1
wget -q -O /tmp/data 'http://2.1.1.10/data?n=1000000' &
sleep 8
`)
	const windows, most = 5, 3 // the download lasts for so many
	good := 0
	var all []carried // before and after each window
	for n := 0; n < windows && good < most; n++ {
		median, late, had := w.pings()
		all = append(all, had[:]...)
		t.Logf("median %v, 99th percentile %v; %.1f %% of the line", median, late, 100*had[1].since(had[0]).used())
		if median <= 250*time.Millisecond && late <= 400*time.Millisecond {
			good++
		}
	}
	line := all[len(all)-1].since(all[0])
	t.Logf("%.1f %% of the line in %.0f s", 100*line.used(), line.seconds)
	if good < most || line.used() < 0.95 {
		t.Errorf("in %d windows of %d a ping took 250 ms and 400 ms at most, want %d; %.1f %% of the line was used, want 95", good, windows, most, 100*line.used())
	}
	w.run("hangup\n")
}

// carried is what has come out of a line, and when.
type carried struct{ octets, packets, seconds float64 }

// since is what has come since another.
func (c carried) since(d carried) carried {
	return carried{c.octets - d.octets, c.packets - d.packets, c.seconds - d.seconds}
}

// used is how much of a line of 28,800 bit/s that is. A frame has a protocol, an
// FCS and a flag besides its packet, and of random octets one in 128 is escaped.
// Without start and stop bits, under LAPM, the line carries 3600 octets a second.
func (c carried) used() float64 { return (c.octets*129/128 + c.packets*4) / c.seconds / 3600 }

// pings sends 40, in 20 s, and tells the median and the 99th percentile of their
// time, and what the line had carried before and after.
func (w *world) pings() (median, most time.Duration, had [2]carried) {
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
	said := regexp.MustCompile(`(?m)^had (\d+) in (\d+) at ([0-9.]+)`).FindAllStringSubmatch(out, -1)
	if len(trips) != 40 || len(said) != 2 {
		w.T.Fatalf("%d pings of 40 came back:\n%s", len(trips), out)
	}
	for i, m := range said {
		for field, to := range map[int]*float64{1: &had[i].octets, 2: &had[i].packets, 3: &had[i].seconds} {
			*to, _ = strconv.ParseFloat(m[field], 64)
		}
	}
	slices.Sort(trips)
	return trips[20], trips[39], had
}
