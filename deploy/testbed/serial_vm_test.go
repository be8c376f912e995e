//go:build vm

package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"carrier/shared/record"
)

// pac on the kernel's real serial driver: 16550s, and a USB adapter that comes
// and goes.
func TestPACOnRealSerialPorts(t *testing.T) {
	t.Parallel()
	p := newPOP(t)
	nonsense(t, p.guest.Serial(4))
	t.Run("modem lines", p.modemLines)
	t.Run("modem lines behind a server", p.modemLinesServed)
	p.run(`sleep 1000 </dev/ttyS2 >/dev/null 2>&1 & echo $! >/tmp/holder
mkdir -p /dev/serial/by-id; ln -s ../../ttyS1 /dev/serial/by-id/uart-1; ln -s ../../ttyUSB0 /dev/serial/by-id/usb-QEMU
modprobe xhci_pci; modprobe ftdi_sio`)
	p.start(serialBanks + `ports = ["` + stable + `"]`)
	t.Run("held port", p.heldPort)
	t.Run("exclusive", p.exclusive)
	t.Run("whole call", p.wholeCall)
	t.Run("bad modems", p.badModems)
	t.Run("clock set", p.clockSet)
	t.Run("usb", p.unplugged)
}

// stable is the name that stays with the USB adapter.
const stable = "/dev/serial/by-id/usb-QEMU"

// serialBanks are pac's, with a device that two of them name. The last one's
// ports follow.
const serialBanks = `
[[bank]]
name  = "uart"
ports = ["/dev/ttyS[1-4]"]
flow  = "rtscts"

[[bank]]
name  = "again"
ports = ["/dev/serial/by-id/uart-1"]

[[bank]]
name  = "usb"
`

// nonsense answers whatever comes on a socket with octets that mean nothing.
func nonsense(t *testing.T, path string) {
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		for b := make([]byte, 100); ; {
			if _, err := c.Read(b); err != nil {
				return
			}
			c.Write([]byte("\xff\x00~BLUBB\r\n\x80\rCONNEC\n"))
		}
	}()
}

// modemLines has the port's own lines tied to each other in the driver. The
// kernel has 32 files for UARTs, QEMU eight UARTs: cards have four.
func (p *pop) modemLines(t *testing.T) {
	got := strings.Fields(p.run("uart /dev/ttyS5"))
	want := "8 devices speeds carrier dtr octets stopped by CTS let go by CTS"
	if strings.Join(got, " ") != want {
		t.Errorf("it found %q right", got)
	}
}

// modemLinesServed has them reported by RFC 2217, by a server that we did not
// write, and that finds no address where there is none but loopback.
func (p *pop) modemLinesServed(t *testing.T) {
	if got := strings.Fields(p.run("ip addr add 192.0.2.17/32 dev lo; uart server /dev/ttyS5; ip addr del 192.0.2.17/32 dev lo")); strings.Join(got, " ") != "carrier dtr" {
		t.Errorf("it found %q right", got)
	}
}

// heldPort is taken when the program that holds it lets go, and that one is
// named until then.
func (p *pop) heldPort(t *testing.T) {
	p.logged("pac", "out of service", "/ttyS2", "it is in use by sleep (process ")
	p.run("kill $(cat /tmp/holder)")
	p.logged("pac", "modem ready", "/ttyS2")
	c := p.dial(popNumber(2), "saran", "blue moon")
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	p.ended(1)
}

// exclusive shows that the kernel keeps pac's port from whoever is not root,
// and whom pac sees and names when it is root, and when not.
func (p *pop) exclusive(t *testing.T) {
	p.run("chmod 666 /dev/ttyS[25]; sleep 1001 </dev/ttyS5 >/dev/null 2>&1 & echo $! >/tmp/holder")
	p.file("second.toml", strings.ReplaceAll(guestPAC, "/run/pac.sock", "/tmp/second.sock")+`
[[bank]]
name  = "second"
ports = ["/dev/ttyS2", "/dev/ttyS5"]
`)
	const doctor = "pac doctor -c /share/second.toml"
	nobody := func(command string) string { return `su -s /bin/bash nobody -c "` + command + `"` }
	for _, tt := range []struct {
		script string
		words  []string
	}{
		{nobody(": <>/dev/ttyS2"), []string{"Device or resource busy"}},
		{doctor, []string{"ttyS2: it is in use by pac (process ", "ttyS5: it is in use by sleep (process "}},
		{nobody(doctor), []string{"ttyS2: it is in use:", "ttyS5: ATE0Q0V1S0=0: the modem does not answer"}},
		{"cp /tmp/holder /var/lock/LCK..ttyS5; " + nobody(doctor), []string{"ttyS5: it is in use by sleep (process "}},
	} {
		if said := p.run(tt.script + " 2>&1; true"); !containsAll(said, tt.words) {
			t.Errorf("%s says %q, want %q", tt.script, said, tt.words)
		}
	}
	p.run("kill $(cat /tmp/holder); rm /var/lock/LCK..ttyS5")
}

// wholeCall carries data over a device that two entries name: it is one line.
func (p *pop) wholeCall(t *testing.T) {
	p.logged("pac", "two entries name one device", "/dev/serial/by-id/uart-1", "/dev/ttyS1")
	p.logged("pac", "modem ready", "/ttyS1")
	c := p.dial(popNumber(1), "saran", "blue moon")
	p.carries(c)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	p.logged("pac", "does not follow the carrier", "/ttyS1") // QEMU keeps DCD on
	ended := p.ended(2)
	if ended.User != "saran" || ended.Reason != record.CallerHungUp || ended.Line != "uart/ttyS1" {
		t.Errorf("pac remembers %+v", ended)
	}
}

// ended waits until so many calls have ended, and returns the latest.
func (p *pop) ended(n int) record.Call {
	p.t.Helper()
	var all []record.Call
	Until(p.t, "the end of the call", func() bool {
		all = p.calls()
		return len(all) == n && all[0].Reason != record.Running
	})
	return all[0]
}

// badModems are out of service, and say why: one is mute, one talks nonsense.
func (p *pop) badModems(t *testing.T) {
	for _, port := range []string{"/ttyS3", "/ttyS4"} {
		p.logged("pac", "out of service", port, "the modem does not answer")
	}
}

// clockSet shows that a limit runs on, no faster and no slower, though the clock
// is set forward by a day and back by two; that how long the call lasted is told
// aright; and that a lock does not end with a day that only the clock has seen.
func (p *pop) clockSet(t *testing.T) {
	days := func(n int) {
		t.Helper()
		p.run(fmt.Sprintf(`date -s @$(($(date +%%s) + %d * 86400))`, n))
	}
	c := p.dial(popNumber(1), "brief", "short time")
	up := time.Now()
	days(1)
	ctx, stop := context.WithTimeout(t.Context(), Patience)
	defer stop()
	if _, err := c.Ping(ctx, c.Peer()); err != nil {
		t.Errorf("a day later: %v", err)
	}
	days(-2)
	select {
	case <-c.Done():
	case <-time.After(Patience):
		t.Fatal("the call does not end")
	}
	if d := time.Since(up); d < 4*time.Second || d > 30*time.Second {
		t.Errorf("it ended after %v", d)
	}
	line := p.logged("pns", "session-timeout", "duration")
	var said struct{ Duration string }
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if d, err := time.ParseDuration(said.Duration); err != nil || d < 6*time.Second || d > 30*time.Second {
		t.Errorf("a duration of %v, %v", said.Duration, err)
	}
	if ended := p.ended(3); ended.Reason != record.ClearedByPNS {
		t.Errorf("pac remembers %+v", ended)
	}

	for _, tt := range []struct{ password, told string }{{"red moon", "wrong user name or password"}, {"blue moon", "too many wrong passwords"}} {
		p.idle("uart/ttyS1")
		if _, err := p.try(popNumber(1), "saran", tt.password); err == nil || !strings.Contains(err.Error(), tt.told) {
			t.Errorf("with %q she is told %v, want %q", tt.password, err, tt.told)
		}
		days(1)
	}
	p.ended(5)
	p.run("pns unlock saran -c /share/pns.toml")
}

// unplugged shows that a call ends with its adapter, and that the adapter is
// taken back without a restart, even when the kernel calls it otherwise.
func (p *pop) unplugged(t *testing.T) {
	p.logged("pac", "the modem is not there", stable)
	unplug := p.attach(usbNumber, p.plug(0))
	p.logged("pac", "modem ready", "usb/usb-QEMU")
	c := p.dial(usbNumber, "saran", "blue moon")
	p.carries(c)

	unplug()
	ended := p.ended(6)
	if ended.Reason != record.LineFault || ended.Text != `port "`+stable+`": the device went away` {
		t.Errorf("pac remembers %+v", ended)
	}
	select {
	case <-c.Done(): // the modem has no power any more
	case <-time.After(Patience):
		t.Error("the caller's call goes on")
	}
	// Another one comes first and gets the name, and udev follows.
	other := p.plug(1)
	p.run(`until [ -c /dev/ttyUSB0 ]; do sleep 0.1; done`)
	unplug = p.attach(usbNumber, p.plug(0))
	p.run(`until [ -c /dev/ttyUSB1 ]; do sleep 0.1; done; ln -sfn ../../ttyUSB1 ` + stable)
	c = p.dial(usbNumber, "saran", "blue moon")
	p.carries(c)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if ended := p.ended(7); ended.Reason != record.CallerHungUp || ended.Line != "usb/usb-QEMU" {
		t.Errorf("pac remembers %+v", ended)
	}

	// A pattern stands for the devices that are there: after a reload, and after
	// all were unplugged and one came again.
	p.file("pac.toml", guestPAC+serialBanks+`ports = ["/dev/ttyUSB*"]`)
	p.run("pac reload -c /share/pac.toml")
	p.logged("pac", "modem ready", "usb/ttyUSB1")
	unplug()
	other.Close()
	p.run(`while [ -c /dev/ttyUSB0 ]; do sleep 0.1; done`)
	p.attach(usbNumber, p.plug(0))
	p.logged("pac", "modem ready", "usb/ttyUSB0")
	if err := p.dial(usbNumber, "saran", "blue moon").Close(); err != nil {
		t.Error(err)
	}
	if ended := p.ended(8); ended.Line != "usb/ttyUSB0" {
		t.Errorf("pac remembers %+v", ended)
	}
}
