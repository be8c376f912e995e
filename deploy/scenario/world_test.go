package scenario

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"text/template"

	"carrier/deploy/testbed"
	"carrier/hardware/exchange"
)

// The tests wait for modems most of their time, whatever the machine: many can
// run at once.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	m.Run()
}

// atlanta is the POP's configuration, denver the company's.
const (
	atlanta = `
name   = "atlanta"
socket = "{{.Dir}}/pac.sock"
panel  = "127.0.0.1:0"
{{with .State}}state = "{{.}}"{{end}}
{{.Top}}
[[bank]]
name  = "courier"
ports = [{{range .Modems}}"{{.}}", {{end}}]
{{.Bank}}
[[pns]]
name      = "denver"
at        = "2.1.1.60"
connect   = "{{.Connect}}"
transport = "udp"
{{.PNS}}
[[user]]
name   = "saran"
tunnel = ["2.1.1.60"]
[[user]]
name   = "bob"
tunnel = ["2.1.1.60"]
`
	denver = `
name   = "denver"
listen = "{{.Denver}}:1723"
udp    = "{{.Denver}}:4754"
socket = "{{.Dir}}/pns.sock"
panel  = "127.0.0.1:0"
{{with .State}}state = "{{.}}/pns"{{end}}
[[pac]]
name      = "atlanta"
from      = ["{{.From}}"]
transport = "udp"
{{.PAC}}
[lan]
local     = "2.1.1.60"
addresses = ["2.1.1.130-2.1.1.140"]
dns       = ["2.1.1.53"]
wins      = ["2.1.1.55", "2.1.1.56"]
[lan.userspace]
map         = {"2.1.1.10:80" = "{{.Web}}", "2.1.1.10:9" = "{{.Sink}}"}
only_mapped = true
[[user]]
name     = "saran"
password = "blue moon"
address  = "2.1.1.129"
{{.Saran}}
[[user]]
name     = "bob"
password = "green grass"
`
)

// A setting is what a test's world has of its own; zero fields are the usual.
type setting struct {
	phones   exchange.Options // Subscribers are filled here
	line     exchange.Conditions
	modems   int             // of the POP: one
	tcp      bool            // that one is behind a TCP port, not a Unix socket
	chips    []exchange.Chip // of these modems
	callers  int             // telephones: one
	bank     string          // keys of the POP's modems; their lines are as fast as their ports
	pac, pns string          // more of each configuration
	top      string          // more keys before the PAC's first table
	saran    string          // more keys of the PNS's user saran
	denver   string          // more keys of what the PNS says of the PAC
	atlanta  string          // more keys of what the PAC says of the PNS
	state    string          // folder of the PAC's, and in it the PNS's; none
	from     string          // where the PNS lets PACs come from; this host
	connect  string          // where the PAC finds the PNS; at the PNS's address
	detour   bool            // the control connection goes through world.detour
}

// A world is a telephone network, a POP and a company, in this process.
type world struct {
	t        *testing.T
	phones   *testbed.Phones
	pac, pns *program
	atlanta  string // the PAC's configuration
	office   string // the PNS's
	socket   string // of the PNS's commands
	denver   string // its address
	sink     net.PacketConn
	detour   *detour
}

// newWorld starts a world that ends with the test.
func newWorld(t *testing.T, s setting) *world {
	t.Helper()
	w := &world{t: t, denver: loopback()}
	for i := range max(1, s.callers) {
		s.phones.Subscribers = append(s.phones.Subscribers, exchange.Subscriber{Number: fmt.Sprint(4045550001 + i), Name: "SARA N", Conditions: s.line})
	}
	if s.tcp {
		s.phones.Subscribers = append(s.phones.Subscribers, exchange.Subscriber{Number: testbed.Number, At: "tcp://127.0.0.1:0"})
		w.phones = testbed.NewPhones(t, 0, s.phones)
		w.phones.Modems = []string{w.phones.Lines()[max(1, s.callers)].URL()}
	} else {
		w.phones = testbed.NewPhones(t, max(1, s.modems), s.phones, s.chips...)
	}
	web := httptest.NewServer(testbed.Pages())
	t.Cleanup(web.Close)
	var err error
	if w.sink, err = net.ListenPacket("udp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.sink.Close() })
	go echo(w.sink)
	if s.from == "" {
		s.from = "127.0.0.0/8"
	}
	if s.bank == "" {
		s.bank = "line_rate = 0"
	}
	connect := cmp.Or(s.connect, w.denver+":1723")
	if s.detour {
		w.detour = newDetour(t, w.denver, connect)
		connect = w.detour.Addr().String()
	}
	dir := t.TempDir()
	data := map[string]any{"Dir": dir, "Modems": w.phones.Modems, "Denver": w.denver, "Connect": connect, "From": s.from,
		"Web": web.Listener.Addr(), "Sink": w.sink.LocalAddr(), "Saran": s.saran, "State": s.state, "PAC": s.denver, "PNS": s.atlanta, "Bank": s.bank, "Top": s.top}
	w.office = string(fill(denver+s.pns, data))
	w.socket = filepath.Join(dir, "pns.sock")
	w.pns = startPNS(t, []byte(w.office), w.socket)
	w.atlanta = string(fill(atlanta+s.pac, data))
	w.pac = startPAC(t, []byte(w.atlanta), filepath.Join(dir, "pac.sock"))
	for n := range max(1, s.modems) { // who rings before her modem is ready has no number
		testbed.Until(t, "the POP's modems are ready", func() bool { return w.line(fmt.Sprintf("courier/%d", n+1)).State == "idle" })
	}
	return w
}

// echo answers each packet with its first octets, until c is closed.
func echo(c net.PacketConn) {
	for b := make([]byte, 2048); ; {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		c.WriteTo(b[:min(n, 8)], from)
	}
}

func fill(text string, data any) []byte {
	var b bytes.Buffer
	if err := template.Must(template.New("").Parse(text)).Execute(&b, data); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// loopback is an address of this host that nobody else uses, so that worlds can
// stand side by side, each with PPTP's port.
func loopback() string {
	return net.IPv4(127, byte(64+rand.N(64)), byte(rand.N(256)), byte(1+rand.N(254))).String()
}
