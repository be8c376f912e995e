//go:build netns

package testbed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/ppp/auth"
)

// tunPAC brings everybody to Denver.
const tunPAC = `
name   = "atlanta"
socket = "{{.Dir}}/pac.sock"
panel  = "127.0.0.1:8723"

[pacing]
enabled = false

[[bank]]
name  = "courier"
ports = [{{range $i, $p := .Modems}}{{if $i}}, {{end}}"{{$p}}"{{end}}]
line_rate = 0

[default]
tunnel = ["2.1.1.60"]
`

// tunPNS has its callers on the LAN.
const tunPNS = `
name   = "denver"
socket = "{{.Dir}}/pns.sock"
panel  = "127.0.0.1:8724"

[[pac]]
name = "atlanta"
from = ["192.0.2.0/24"]

[lan]
mode      = "tun"
local     = "2.1.1.60"
addresses = ["2.1.1.129-2.1.1.190"]

[lan.tun]
proxy_arp  = ["lan"]
masquerade = ["out"]
forwarding = true

[[user]]
name     = "saran"
password = "blue moon"
`

// An office is a scene, with a host Outside, whose PNS has its callers on the
// LAN by a TUN.
type office struct {
	*Scene
	phones   *Phones
	pac, pns *Process
	data     map[string]any
}

func newOffice(t *testing.T, callers int) *office {
	t.Helper()
	o := &office{Scene: NewScene(t)}
	o.Outside()
	o.begin(callers, tunPNS)
	return o
}

// begin starts the programs, with a PNS of that configuration.
func (o *office) begin(callers int, pns string) {
	o.T.Helper()
	var phones exchange.Options
	for n := range callers {
		phones.Subscribers = append(phones.Subscribers, exchange.Subscriber{Number: fmt.Sprint(4045550100 + n), Name: "SARA N"})
	}
	o.phones = NewPhones(o.T, callers, phones)
	o.data = map[string]any{"Dir": o.Dir, "Modems": o.phones.Modems}
	o.pns = o.Start(o.Office, "pns", pns, o.data)
	o.pac = o.Start(o.POP, "pac", tunPAC, o.data)
}

// dial calls from one telephone.
func (o *office) dial(phone int) (*caller.Call, error) {
	hers, modems := net.Pipe()
	plugged, stop := context.WithCancel(context.Background())
	unplugged := make(chan struct{})
	go func() {
		defer close(unplugged)
		o.phones.Lines()[phone].Plug(plugged, modems)
	}()
	o.T.Cleanup(func() {
		stop()
		<-unplugged
	})
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	c, err := caller.Dial(ctx, hers, caller.Options{Number: Number, Login: auth.Login{Name: "saran", Secret: auth.NewPassword("blue moon")}})
	if err == nil {
		o.T.Cleanup(func() { c.Close() })
	}
	return c, err
}

// everybody calls at once.
func (o *office) everybody(n int) []*caller.Call {
	o.T.Helper()
	calls, errs := make([]*caller.Call, n), make([]error, n)
	var dialling sync.WaitGroup
	for i := range n {
		dialling.Go(func() { calls[i], errs[i] = o.dial(i) })
	}
	dialling.Wait()
	for i, err := range errs {
		if err != nil {
			o.T.Fatalf("telephone %d: %v", i, err)
		}
	}
	return calls
}

// uses does what a caller does on the LAN, and outside, where she is seen as the
// office.
func uses(c *caller.Call, octets int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*Patience)
	defer cancel()
	if _, err := c.Ping(ctx, netip.MustParseAddr("2.1.1.10")); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	for url, want := range map[string]string{
		"http://2.1.1.10/":         Page,
		"http://2.1.1.10/from":     c.Addr().String() + "\n",
		"http://198.51.100.2/from": "198.51.100.1\n",
	} {
		if page, err := c.Get(ctx, url); err != nil || string(page) != want {
			return fmt.Errorf("%s has %q: %w", url, page, err)
		}
	}
	down := sha256.New()
	if _, err := c.Download(ctx, fmt.Sprintf("http://2.1.1.10/data?n=%d", octets), down); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	data := Data(octets)
	if got := fmt.Sprintf("%x", down.Sum(nil)); got != Hash(data) {
		return fmt.Errorf("download: the caller has %s", got)
	}
	_, answer, err := c.Upload(ctx, "http://2.1.1.10/hash", bytes.NewReader(data), int64(octets))
	if err != nil || strings.TrimSpace(string(answer)) != Hash(data) {
		return fmt.Errorf("upload: the LAN has %q: %w", answer, err)
	}
	return nil
}

const pnsPanelTUN = "127.0.0.1:8724"

// metric waits until a line of the PNS's panel has a value.
func (o *office) metric(line string, want float64) {
	o.T.Helper()
	Until(o.T, fmt.Sprintf("%s %v", line, want), func() bool { return o.Metric(o.Office, pnsPanelTUN, line) == want })
}
