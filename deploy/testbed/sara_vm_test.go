//go:build vm

package testbed

import (
	"strings"
	"testing"

	"carrier/hardware/exchange"
)

const pacConfig = `
name   = "atlanta"
socket = "{{.Dir}}/pac.sock"
state  = "{{.Dir}}/state"

[[bank]]
name  = "courier"
ports = [{{range $i, $p := .Modems}}{{if $i}}, {{end}}"{{$p}}"{{end}}]
init  = ["ATZ", "AT+VCID=1"]
{{.More}}
`

const pnsConfig = `
name   = "denver"
socket = "{{.Dir}}/pns.sock"

[[pac]]
name = "atlanta"
from = ["192.0.2.0/24"]

[lan]
local     = "2.1.1.61"
addresses = ["2.1.1.130-2.1.1.131"]
dns       = ["2.1.1.53"]

[[user]]
name     = "saran"
password = "blue moon"
address  = "2.1.1.129"
`

const saran = `
[[number]]
called = "5551212"
tunnel = ["2.1.1.60"]

[[user]]
name   = "saran"
tunnel = ["2.1.1.60"]
`

// Sara's call: pppd in the guest dials, pac answers and tunnels over raw GRE, pns
// lets her into the LAN.
func TestSarasCall(t *testing.T) {
	s, g := NewScene(t), Boot(t, 1)
	sara := exchange.Subscriber{Number: "4045550142", Name: "SARA N", At: "unix://" + g.Serial(1), Connect: true}
	phones := NewPhones(t, 2, exchange.Options{Subscribers: []exchange.Subscriber{sara}})
	data := map[string]any{"Dir": s.Dir, "Modems": phones.Modems, "More": saran}
	s.Start(s.Office, "pns", pnsConfig, data)
	s.Start(s.POP, "pac", pacConfig, data)
	out := s.Guest(g, `
dial saran "blue moon" defaultroute || exit 1
ip -4 -o addr show dev ppp1
ping -c 3 -W 5 2.1.1.10 || exit 1
wget -q -O - http://2.1.1.10/ || exit 1
hangup
`)
	if !strings.Contains(out, "inet 2.1.1.129 peer 2.1.1.61") || !strings.Contains(out, Page) {
		t.Errorf("the guest said:\n%s", out)
	}
}
