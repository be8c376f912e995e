//go:build vm

package testbed

import (
	"bytes"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"carrier/deploy/testbed/usbip"
	"carrier/hardware/caller"
	"carrier/shared/record"
)

// acmBank is the modem on USB.
const acmBank = `
[[bank]]
name  = "acm"
ports = ["/dev/ttyACM0"]
`

// acmServer serves it by RFC 2217, and acmServed is it there.
const (
	acmServer = `connection: &modem
  accepter: telnet(rfc2217),tcp,127.0.0.1,2217
  connector: serialdev,/dev/ttyACM0,115200n81,local,rtscts
`
	acmServed = `
[[bank]]
name  = "acm"
ports = ["rfc2217://127.0.0.1:2217"]
`
)

// pac on a driver of the kernel's that shows it Data Carrier Detect as it is,
// and passes Data Terminal Ready on. QEMU's ports keep the one on for ever, and
// the other to themselves. In the end a server that we did not write is between.
func TestCarrierOnTheKernelsModemDriver(t *testing.T) {
	t.Parallel()
	p := newPOP(t)
	p.run("modprobe vhci_hcd; modprobe cdc_acm")
	m := p.plugModem()
	p.start(acmBank)
	t.Run("lost", func(t *testing.T) { p.carrierLostAfter(t, 0) })
	t.Run("hung up", func(t *testing.T) { p.hungUpByDTR(t, m) })
	t.Run("killed", p.killed)
	p.start(acmBank)
	t.Run("unplugged", func(t *testing.T) { m = p.acmUnplugged(t, m) })
	p.killPAC()
	p.file("ser2net.yaml", acmServer)
	// It finds no address where there is none but loopback.
	p.run("ip addr add 192.0.2.17/32 dev lo; ser2net -n -d -c /share/ser2net.yaml -P /tmp/ser2net.pid >/dev/null 2>&1 &")
	p.start(acmServed)
	t.Run("served lost", func(t *testing.T) { p.carrierLostAfter(t, 3*serverLooks) })
	t.Run("served hung up", func(t *testing.T) { p.hungUpByDTR(t, m) })
}

// serverLooks is how often ser2net looks at the modem's lines: of a call that is
// shorter it may never tell that it was there.
const serverLooks = time.Second

// carrierLostAfter ends a call by Data Carrier Detect alone, when it has carried
// data for so long.
func (p *pop) carrierLostAfter(t *testing.T, d time.Duration) {
	c := p.acmCall()
	for began := time.Now(); time.Since(began) < d; {
		p.carries(c)
	}
	p.phones.Drop(usbNumber)
	if ended := p.ended(1); ended.Reason != record.CarrierLost || ended.Text != "the line lost its carrier" {
		t.Errorf("pac remembers %+v", ended)
	}
	if strings.Contains(p.log("pac"), "does not follow the carrier") {
		t.Error("pac says that Data Carrier Detect does not follow the carrier")
	}
	p.ends(c)
}

// hungUpByDTR has pac end a call by Data Terminal Ready alone.
func (p *pop) hungUpByDTR(t *testing.T, m *acm) {
	c := p.acmCall()
	m.forget()
	p.run("pac hangup -c /share/pac.toml " + p.calls()[0].Name)
	if ended := p.ended(2); ended.Reason != record.Operator {
		t.Errorf("pac remembers %+v", ended)
	}
	p.ends(c)
	p.acmIdle() // all is said
	if said := m.said(); bytes.Contains(said, []byte("+++")) || bytes.Contains(said, []byte("ATH")) {
		t.Errorf("pac told the modem %q", said)
	}
}

// killed shows that the kernel hangs up for a pac that cannot any more.
func (p *pop) killed(*testing.T) {
	c := p.acmCall()
	p.killPAC()
	p.ends(c)
}

func (p *pop) killPAC() {
	p.t.Helper()
	p.run("kill -9 $(pidof pac); while pidof pac; do sleep 0.1; done; rm /share/pac.log")
}

// acmUnplugged shows that a call ends with its modem, which is taken back.
func (p *pop) acmUnplugged(t *testing.T, m *acm) *acm {
	c := p.acmCall()
	m.unplug()
	if ended := p.ended(1); ended.Reason != record.LineFault || ended.Text != `port "/dev/ttyACM0": the device went away` {
		t.Errorf("pac remembers %+v", ended)
	}
	p.ends(c)
	p.run("while [ -c /dev/ttyACM0 ] || pidof vhci; do sleep 0.1; done")
	m = p.plugModem()
	if err := p.acmCall().Close(); err != nil {
		t.Error(err)
	}
	if ended := p.ended(2); ended.Reason != record.CallerHungUp {
		t.Errorf("pac remembers %+v", ended)
	}
	return m
}

// acmCall makes a call to the modem on USB.
func (p *pop) acmCall() *caller.Call {
	p.t.Helper()
	p.acmIdle()
	c := p.dial(usbNumber, "saran", "blue moon")
	p.carries(c)
	return c
}

func (p *pop) acmIdle() {
	p.t.Helper()
	Until(p.t, "the modem is idle", func() bool {
		return containsAll(p.run("pac lines -c /share/pac.toml"), []string{"acm/", "idle"})
	})
}

// ends waits until the caller has lost her call.
func (p *pop) ends(c *caller.Call) {
	p.t.Helper()
	select {
	case <-c.Done():
	case <-time.After(Patience):
		p.t.Fatal("the caller's call goes on")
	}
}

// An acm is a modem on USB. It never says in words that the carrier is gone,
// and it keeps what it was told.
type acm struct {
	*usbip.Modem
	unplug func()

	mu    sync.Mutex
	heard []byte
}

// bus is the socket behind the virtio port that USB/IP goes through.
func (p *pop) bus() string { return filepath.Join(p.dir, "usbip.sock") }

// plugModem plugs the modem in, with usbNumber's line on it.
func (p *pop) plugModem() *acm {
	p.t.Helper()
	c, err := net.Dial("unix", p.bus())
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := c.Write([]byte{0}); err != nil { // vhci waits for it
		p.t.Fatal(err)
	}
	m := &acm{Modem: usbip.NewModem(c)}
	served := make(chan struct{})
	go func() { defer close(served); m.Serve(c) }()
	m.unplug = func() { c.Close(); <-served }
	p.t.Cleanup(m.unplug)
	p.attach(usbNumber, m)
	p.run("vhci /dev/vport0p2 >>/share/vhci.log 2>&1 & until [ -c /dev/ttyACM0 ]; do sleep 0.1; done")
	return m
}

func (m *acm) Read(b []byte) (int, error) {
	n, err := m.Modem.Read(b)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = append(m.heard, b[:n]...)
	return n, err
}

func (m *acm) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("NO CARRIER")) {
		return len(b), nil
	}
	return m.Modem.Write(b)
}

func (m *acm) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = nil
}

func (m *acm) said() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.heard)
}
