package config

import (
	"reflect"
	"testing"

	"carrier/pns/internal/activity"
	"carrier/pns/internal/lan/relay"
	"carrier/pns/internal/lan/tun"
)

// office is a server with a LAN, in 13 lines.
const office = `name = "denver"
[[pac]]
name = "atlanta"
from = ["192.0.2.1"]
[[user]]
name     = "saran"
password = "x"
[lan]
mode      = "tun"
addresses = ["2.1.1.129"]
[lan.tun]
proxy_arp  = ["eth1"]
masquerade = ["ppp9"]
`

// Without the table nothing is relayed. What is relayed is no activity, whatever else
// is.
func TestRelay(t *testing.T) {
	for _, tt := range []struct {
		add    string
		want   *tun.Relay
		ignore []string
	}{
		{"", nil, activity.Names()},
		{"[lan.relay]\nservices = ['netbios', 'udp/9956']", &tun.Relay{Interfaces: []string{"eth1"},
			Options: relay.Options{Ports: []uint16{137, 138, 9956}, Rate: 20, Total: 100}}, append(activity.Names(), "udp/9956")},
		{"[lan.relay]\nservices = ['mdns']\ninterfaces = ['eth2', 'eth3']\nrate = 5\ntotal = 6\n[limits.activity]\nignore = []", &tun.Relay{Interfaces: []string{"eth2", "eth3"},
			Options: relay.Options{Ports: []uint16{5353}, Rate: 5, Total: 6}}, []string{"mdns"}},
	} {
		c, err := Parse("pns.toml", []byte(office+tt.add))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(c.LAN.Relay, tt.want) || !reflect.DeepEqual(c.Activity, ignoring(t, tt.ignore...)) {
			t.Errorf("%q: %+v", tt.add, c.LAN.Relay)
		}
	}
}

func TestMistakesOfRelay(t *testing.T) {
	for _, tt := range []struct{ name, add, want string }{
		{"no services", "[lan.relay]", `14: lan.relay.services: missing; would be right: services = ["netbios"]`},
		{"none", "[lan.relay]\nservices = []", `15: lan.relay.services: names none; would be right: services = ["netbios"], or no [lan.relay]`},
		{"services", "[lan.relay]\nservices = ['dhcp', 'udp/67', 'igmp', 'tcp/139', 'netbios']", `15: lan.relay.services[1]: "dhcp" cannot be relayed; would be right: "netbios", "mdns", "llmnr", "ssdp" or "udp/9956"
15: lan.relay.services[2]: "udp/67" cannot be relayed; would be right: "netbios", "mdns", "llmnr", "ssdp" or "udp/9956"
15: lan.relay.services[3]: "igmp" cannot be relayed; would be right: "netbios", "mdns", "llmnr", "ssdp" or "udp/9956"
15: lan.relay.services[4]: "tcp/139" cannot be relayed; would be right: "netbios", "mdns", "llmnr", "ssdp" or "udp/9956"`},
		{"rates", "[lan.relay]\nservices = ['ssdp']\nrate = 50\ntotal = 49", `17: lan.relay.total: 49 is less than rate, 50; would be right: as much, or more`},
		{"interfaces", "[lan.relay]\nservices = ['ssdp']\ninterfaces = ['eth1', 'ppp9', 'carrier0']", `16: lan.relay.interfaces[2]: callers are hidden on "ppp9" (lan.tun.masquerade), so that nobody there could answer them; would be right: an interface on which they are not
16: lan.relay.interfaces[3]: "carrier0" is what pns calls the interface that it makes (lan.tun.name); would be right: an interface that this host has`},
	} {
		wrong(t, tt.name, office+tt.add, tt.want)
	}
	const plain = "name = 'denver'\n[[pac]]\nname = 'atlanta'\nfrom = ['192.0.2.1']\n[[user]]\nname = 'saran'\npassword = 'x'\n[lan]\naddresses = ['2.1.1.129']\n"
	wrong(t, "in user space", plain+"[lan.relay]\nservices = ['ssdp']", `10: lan.relay: is of no use in user space, which has no hosts beside it; would be right: mode = "tun" in [lan]`)
	wrong(t, "nowhere", plain+"mode = 'tun'\n[lan.relay]\nservices = ['ssdp']", `11: lan.relay.interfaces: missing, and lan.tun.proxy_arp has none; would be right: interfaces = ["eth0"]`)
}
