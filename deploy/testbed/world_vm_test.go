//go:build vm

package testbed

import (
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

[[bank]]
name  = "courier"
ports = [{{range $i, $p := .Modems}}{{if $i}}, {{end}}"{{$p}}"{{end}}]
{{.More}}
`

// pnsConfig is Denver's: one address for users without their own.
const pnsConfig = `
name   = "denver"
socket = "{{.Dir}}/pns.sock"
panel  = "127.0.0.1:8724"

[[pac]]
name = "atlanta"
from = ["192.0.2.0/24"]

[lan]
local     = "2.1.1.61"
addresses = ["2.1.1.130"]
dns       = ["2.1.1.53"]
{{.LAN}}

[[user]]
name     = "saran"
password = "blue moon"
address  = "2.1.1.129"

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

// pnsPanel and pacPanel are where metrics are, each on its own host.
const pacPanel, pnsPanel = "127.0.0.1:8723", "127.0.0.1:8724"

// subscriber is the number of the telephone on the guest's port.
func subscriber(port int) string { return fmt.Sprintf("404555014%d", port) }

// newWorld starts everything; more goes into pac's configuration.
func newWorld(t *testing.T, ports int, line exchange.Conditions, more string) *world {
	t.Helper()
	return newWorldWith(t, ports, line, more, "")
}

// newWorldWith knows more people at the PNS, too.
func newWorldWith(t *testing.T, ports int, line exchange.Conditions, more, people string) *world {
	t.Helper()
	return newWorldOn(t, ports, line, more, people, "")
}

// newWorldOn has more to say of the PNS's LAN, too.
func newWorldOn(t *testing.T, ports int, line exchange.Conditions, more, people, lan string) *world {
	t.Helper()
	w := &world{Scene: NewScene(t), Guest: Boot(t, ports)}
	var o exchange.Options
	for n := 1; n <= ports; n++ {
		o.Subscribers = append(o.Subscribers, exchange.Subscriber{Number: subscriber(n), Name: "SARA N",
			At: "unix://" + w.Guest.Serial(n), Connect: true, Conditions: line})
	}
	w.Phones = NewPhones(t, 2, o)
	w.data = map[string]any{"Dir": w.Dir, "Modems": w.Phones.Modems, "More": more, "People": people, "LAN": lan}
	w.pns = w.Start(w.Office, "pns", pnsConfig, w.data)
	w.pac = w.Start(w.POP, "pac", pacConfig, w.data)
	Until(t, "the modems are set up", func() bool { return w.Metric(w.POP, pacPanel, `pac_lines{bank="courier",state="idle"}`) == 2 })
	return w
}

// run runs a script in the world's guest.
func (w *world) run(script string) string {
	w.T.Helper()
	return w.Scene.Guest(w.Guest, script)
}
