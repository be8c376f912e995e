//go:build vm

package testbed

import (
	"strings"
	"testing"
)

// branch has pppd dial in from a router: dhcp6c asks for a prefix and gives a part of
// it to the interface home, behind which there is a host. What it was told of names is
// in /tmp/told.
const branch = `port=9; family=-6; ipv6=+ipv6
modprobe veth
ip netns add behind && ip link add home type veth peer name eth0 netns behind || exit 1
ip link set home up; ip -n behind link set lo up; ip -n behind link set eth0 up
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
echo 2 >/proc/sys/net/ipv6/conf/default/accept_ra
dial saran "blue moon" noip || exit 1
printf '#!/bin/sh\necho "$new_domain_name_servers $new_domain_name" >/tmp/told\n' >/tmp/tell; chmod 755 /tmp/tell
cat >/tmp/dhcp6c.conf <<X
interface ppp9 { send ia-pd 1; send rapid-commit; request domain-name-servers; request domain-name; script "/tmp/tell"; };
id-assoc pd 1 { prefix-interface home { sla-id 7; sla-len 8; }; };
X
dhcp6c -f -D -c /tmp/dhcp6c.conf ppp9 >/share/dhcp6c.log 2>&1 &
echo $! >$pids/dhcp6c
for i in $(seq 600); do
  ip -6 -o addr show dev home scope global -tentative | grep -q inet6 && [ -e /tmp/told ] && break
  sleep 0.1
done
ip -6 -o addr show dev home scope global | tee /tmp/home
router=$(sed -n 's|.* inet6 \([0-9a-f:]*\)/64 .*|\1|p' /tmp/home)
[ "$router" ] || { cat /share/dhcp6c.log; exit 1; }
echo told $(cat /tmp/told)
ip -n behind addr add 2001:db8:100:7::99/64 dev eth0 nodad
ip -n behind route add default via $router || exit 1
ip netns exec behind ping -c 3 -W 5 2001:db8:2::10 || exit 1
echo the LAN sees $(ip netns exec behind wget -q -O - http://[2001:db8:2::10]/from)
ip -n behind addr add 2001:db8:100:107::99/128 dev lo nodad
ip -6 route add 2001:db8:100:107::99 via 2001:db8:100:7::99 dev home
ip netns exec behind ping -c 1 -W 1 -I 2001:db8:100:107::99 2001:db8:2::10 && exit 1
true
`

// released ends dhcp6c, which gives the prefix back, then the call.
const released = `port=9
p=$(cat $pids/dhcp6c); kill $p
while kill -0 $p 2>/dev/null; do sleep 0.1; done
`

// routesIPv6 has a router of the guest's dial in, with a DHCPv6 client that we did not
// write: a host behind it reaches the LAN and is reached, and the prefix goes back.
func routesIPv6(t *testing.T, w *world) {
	const used, spoofed = `pns_addresses{pool="delegated",state="used"}`, `pns_frames_dropped_total{reason="spoofed"}`
	w.LAN.IP("-6", "route", "add", "2001:db8:100::/48", "via", "2001:db8:2::60")
	before := w.Metric(w.Office, pnsPanel, spoofed)
	out := w.run(branch)
	for _, want := range []string{"inet6 2001:db8:100:7:", "told 2001:db8:2::53 denver.example. corp.example.", "3 packets transmitted, 3 received", "the LAN sees 2001:db8:100:7::99\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what the guest said:\n%s", want, out)
		}
	}
	if v := w.Metric(w.Office, pnsPanel, spoofed) - before; v != 1 {
		t.Errorf("%v spoofed packets, but the host behind sent one from a network that was not delegated", v)
	}
	if v := w.Metric(w.Office, pnsPanel, used); v != 1 {
		t.Errorf("%v prefixes are used", v)
	}
	if c := w.Calls(w.Office, "pns")[0]; c.Delegated.String() != "2001:db8:100::/56" {
		t.Errorf("pns knows %+v", c)
	}
	for _, want := range []string{`"delegated6_free": 0`, `"delegated": "2001:db8:100::/56"`, `"networks6_free": 255`} {
		if status := w.Ask(w.Office, "pns", "status", "--json"); !strings.Contains(status, want) {
			t.Errorf("%s is not in the status:\n%s", want, status)
		}
	}
	if out, err := w.LAN.Command("ping", "-c", "3", "-W", "5", "2001:db8:100:7::99").CombinedOutput(); err != nil {
		t.Errorf("a host of the LAN does not reach the one behind: %v\n%s", err, out)
	}
	w.run(released)
	Until(t, "the prefix has gone back", func() bool { return w.Metric(w.Office, pnsPanel, used) == 0 })
	if out, err := w.LAN.Command("ping", "-c", "1", "-W", "5", "2001:db8:100:7::99").CombinedOutput(); err == nil || !strings.Contains(string(out), "Address unreachable") {
		t.Errorf("what was given back is reached, or nobody says why not: %v\n%s", err, out)
	}
	w.run("port=9 hangup\n")
}
