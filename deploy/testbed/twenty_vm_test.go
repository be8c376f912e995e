//go:build vm

package testbed

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"carrier/shared/record"
)

// twentyPNS takes clients from where the guest's are, encrypted because nothing else is
// said.
const twentyPNS = `
name   = "denver"
socket = "{{.Dir}}/pns.sock"

[clients]
from = ["192.0.2.1", "198.51.100.0/24"]

[lan]
local     = "2.1.1.61"
addresses = ["2.1.1.130-2.1.1.149"]

[[user]]
name     = "saran"
password = "blue moon"
`

// The clients of TestTwentyClients: those from 16 on are behind the NAT router.
const (
	twenty  = 20
	natFrom = 16
)

// twentyHosts is a guest script that makes a host of each client, c1 and on, on one
// Ethernet with the router: 198.51.100.0/24, and 10.0.0.0/24 for those behind it.
var twentyHosts = fmt.Sprintf(`
mkfifo /tmp/never
echo 4194304 >/proc/sys/net/core/rmem_default
{ printf '%%s\n' 'link add br0 type bridge' 'link set eth0 master br0' 'link set eth0 up' 'link set br0 up'
for n in {1..%d}; do printf '%%s\n' "netns add c$n" "link add v$n type veth peer name eth0 netns c$n" "link set v$n master br0 up"; done; } | ip -batch - || exit 1
for n in {1..%[1]d}; do
  net=198.51.100; [ $n -ge %d ] && net=10.0.0
  printf '%%s\n' 'link set lo up' "addr add $net.$((n+1))/24 dev eth0" 'link set eth0 up' "route add 192.0.2.2 via $net.1" | ip -n c$n -batch - || exit 1
done
`, twenty, natFrom)

// onHost begins a script that runs on client N's host.
const onHost = `
[ $inside ] || inside=1 exec ip netns exec c%d bash $0
port=%[1]d
`

// twentyDial opens a tunnel there, pings and reads a page. pptp's calls to one server
// share a connection by a socket in /run/pptp, so each host has one of its own. What
// waits does so without a new process, for twenty wait on one emulated processor.
const twentyDial = onHost + `
mkdir -p /run/pptp; mount -t tmpfs none /run/pptp
exec 9<>/tmp/never
pppd pty "pptp 192.0.2.2 --nolaunchpppd" local nodetach noauth user saran password "blue moon" noipdefault noipv6 defaultroute require-mppe-128 \
  unit $port debug logfile /share/pppd$port.log 9>&- >/dev/null 2>&1 &
for i in {1..360}; do
  [ -e /tmp/ppp$port.up ] && break
  kill -0 $! 2>/dev/null || { echo pppd ended; exit 1; }
  read -t 0.5 -u 9
done
[ -e /tmp/ppp$port.up ] || { echo no address; exit 1; }
ping -c 1 -W 55 2.1.1.10 || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
`

// traffic is for how long one client moves data: TRAFFIC in the environment, as
// `make soak` has it, or a minute.
func traffic(t *testing.T) time.Duration {
	text := os.Getenv("TRAFFIC")
	if text == "" {
		return time.Minute
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Twenty of Debian's pptp and pppd are connected at once, five of them behind one NAT
// router, which has docs/nat.md's rules. Each pings and reads a page; one on each side of
// the router moves data both ways, and the first that came, who is behind it, does for a
// minute while the others come.
func TestTwentyClients(t *testing.T) {
	t.Parallel()
	s := NewScene(t)
	guest := BootOnline(s.POP, "inet", "198.51.100.1/24")
	s.POP.IP("addr", "add", "10.0.0.1/24", "dev", "inet")
	s.POP.Forward()
	s.Office.IP("route", "add", "198.51.100.0/24", "via", "192.0.2.1")
	for _, b := range Blocks(t, "nat.md") {
		if b.Name == "masquerade" || b.Name == "helper" {
			theirs := strings.NewReplacer(`oifname "wan"`, `ip saddr 10.0.0.0/24 oifname "wan"`, "tcp dport", "ip saddr 10.0.0.0/24 tcp dport")
			s.POP.NFT(theirs.Replace(b.Text))
		}
	}
	s.Start(s.Office, "pns", twentyPNS, map[string]any{"Dir": s.Dir})
	s.Guest(guest, twentyHosts)

	const n = 1 << 20
	during := traffic(t)
	ctx, cancel := context.WithTimeout(t.Context(), during+10*Patience)
	defer cancel()
	dials := func(k int, more string) string {
		out, err := guest.Run(ctx, fmt.Sprintf(twentyDial, k)+more)
		if err != nil || !strings.Contains(out, "1 packets transmitted, 1 received") || !strings.Contains(out, Page) {
			t.Errorf("client %d: %v\n%s\n%s", k, err, out, guest.Log(k))
		}
		return out
	}
	dials(twenty, "")
	var all sync.WaitGroup
	all.Go(func() {
		out, err := guest.Run(ctx, fmt.Sprintf(onHost+`
for ((until = SECONDS + %d; SECONDS < until;)); do
  [ "$(wget -q -O - 'http://2.1.1.10/data?n=65536' | sha256sum | cut -d' ' -f1)" = %s ] || exit 1
done
`, twenty, int(during.Seconds()), Hash(Data(65536))))
		if err != nil {
			t.Errorf("data of client %d: %v\n%s", twenty, err, out)
		}
	})
	for k := 1; k < twenty; k++ {
		all.Go(func() {
			if k == 1 || k == natFrom {
				move := Dial + fmt.Sprintf("port=%d\n", k) + strings.ReplaceAll(transfer(n), "/tmp/data", "/tmp/data$port")
				hashes(t, dials(k, move), n)
			} else {
				dials(k, "")
			}
		})
	}
	all.Wait()

	behind, addresses := 0, map[string]bool{}
	for _, c := range s.Calls(s.Office, "pns") {
		if c.Stage != record.Online || c.Reason != record.Running || c.Method != "mschap-v2" {
			t.Errorf("a call is %+v", c)
		}
		addresses[c.Address.String()] = true
		if c.Calling == "192.0.2.1" {
			behind++
		}
	}
	if len(addresses) != twenty || behind != twenty-natFrom+1 {
		t.Errorf("%d are online at the end, %d of them behind the router", len(addresses), behind)
	}
	for k := 1; k <= twenty; k++ {
		if log, want := guest.Log(k), "MPPE 128-bit stateless compression enabled"; !strings.Contains(log, want) {
			t.Errorf("the log of client %d has no %q:\n%s", k, want, log)
		}
	}
}
