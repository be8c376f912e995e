//go:build vm

package testbed

import (
	"context"
	"fmt"
	"testing"

	"carrier/hardware/exchange"
)

// pacConfig is the POP's; More holds its users, numbers and PNSs.
const pacConfig = `
name   = "atlanta"
socket = "{{.Dir}}/pac.sock"
state  = "{{.Dir}}/state"
panel  = "127.0.0.1:8723"
{{with .Top}}{{.}}{{end}}

[[bank]]
name  = "courier"
ports = [{{range $i, $p := .Modems}}{{if $i}}, {{end}}"{{$p}}"{{end}}]
line_rate = 0
{{.More}}
`

// pnsConfig is Denver's: one address for users without their own.
const pnsConfig = `
name   = "denver"
socket = "{{.Dir}}/pns.sock"
state  = "{{.Dir}}/pns-state"
panel  = "127.0.0.1:8724"

[[pac]]
name = "atlanta"
from = ["192.0.2.0/24"]
{{with .PAC}}{{.}}{{end}}

[lan]
local     = "2.1.1.61"
addresses = ["2.1.1.130"]
dns       = ["2.1.1.53"]
{{.LAN}}

[[user]]
name     = "saran"
password = "blue moon"
address  = "2.1.1.129"
{{with .Saran}}{{.}}{{end}}

[[user]]
name     = "bob"
password = "green grass"

[[user]]
name     = "eve"
password = "red rose"
{{.People}}
`

const saran = `
[[user]]
name   = "saran"
tunnel = ["2.1.1.60"]
`

// A world is a scene with both programs running, and a guest whose serial ports
// have modems on the telephone network.
type world struct {
	*Scene
	Guest    *Guest
	Phones   *Phones
	pac, pns *Process
	data     map[string]any
}

// A setting is what a world is to be like; more goes into the configurations.
type setting struct {
	ports       int                 // 16550s of the guest; 0: one
	line        exchange.Conditions // of its telephones
	pac         string
	top, office string // before the first table of the PAC's, and of what the PNS says of it
	people, lan string // of the PNS
	outside     bool   // there is a host Outside
}

// pnsPanel and pacPanel are where metrics are, each on its own host.
const pacPanel, pnsPanel = "127.0.0.1:8723", "127.0.0.1:8724"

// subscriber is the number of the telephone on the guest's port.
func subscriber(port int) string { return fmt.Sprintf("404555014%d", port) }

// newWorld starts everything. The POP has a modem for each port of the guest,
// and one more.
func newWorld(t *testing.T, o setting) *world {
	t.Helper()
	ports := max(1, o.ports)
	w := &world{Scene: NewScene(t), Guest: Boot(t, ports)}
	if o.outside {
		w.Outside()
	}
	var phones exchange.Options
	for n := range FastPort + 1 {
		if n >= 1 && n <= ports || n == FastPort {
			phones.Subscribers = append(phones.Subscribers, exchange.Subscriber{Number: subscriber(n), Name: "SARA N",
				At: "unix://" + w.Guest.Serial(n), Connect: true, Conditions: o.line})
		}
	}
	w.Phones = NewPhones(t, ports+1, phones)
	w.data = map[string]any{"Dir": w.Dir, "Modems": w.Phones.Modems, "More": o.pac, "People": o.people, "LAN": o.lan, "Top": o.top, "PAC": o.office}
	w.pns = w.Start(w.Office, "pns", pnsConfig, w.data)
	w.pac = w.Start(w.POP, "pac", pacConfig, w.data)
	Until(t, "the modems are set up", w.idle)
	return w
}

// idle says whether all of the POP's modems wait for a call.
func (w *world) idle() bool {
	return w.Metric(w.POP, pacPanel, `pac_lines{bank="courier",state="idle"}`) == float64(len(w.Phones.Modems))
}

// run runs a script in the world's guest.
func (w *world) run(script string) string {
	w.T.Helper()
	return w.Scene.Guest(w.Guest, script)
}

// alone runs a script on a computer that has only one of the guest's ports, in a
// network namespace of its own: at the same time as other scripts.
func (w *world) alone(port int, script string) (string, error) {
	ctx, cancel := context.WithTimeout(w.T.Context(), 5*Patience)
	defer cancel()
	return w.Guest.Run(ctx, fmt.Sprintf("[ $alone ] || alone=1 exec unshare -n bash $0\n%s\nport=%d\n%s", Dial, port, script))
}
