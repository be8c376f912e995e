//go:build vm

package testbed

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/hardware/line"
	"carrier/shared/console"
	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// A pop is a guest in which both programs run, pac on the kernel's serial
// ports. The callers are outside, on a telephone network that has modems on
// those ports.
type pop struct {
	t      testing.TB
	guest  *Guest
	phones *Phones
	dir    string
}

// guestPAC is pac's configuration in the guest; its banks follow.
const guestPAC = `
name   = "atlanta"
socket = "/run/pac.sock"

[default]
tunnel = ["denver"]

[[pns]]
name      = "denver"
connect   = "127.0.0.1"
transport = "udp"
`

const guestPNS = `
name   = "denver"
listen = "127.0.0.1:1723"
udp    = "127.0.0.1:4754"
socket = "/run/pns.sock"

[[pac]]
name      = "atlanta"
from      = ["127.0.0.1/32"]
transport = "udp"

[auth.lockout]
attempts = 1

[lan]
mode      = "userspace"
local     = "2.1.1.60"
addresses = ["2.1.1.130-2.1.1.140"]

[lan.userspace]
map         = {"2.1.1.10:80" = "127.0.0.1:80"}
only_mapped = true

[[user]]
name     = "saran"
password = "blue moon"

[[user]]
name     = "brief"
password = "short time"
session  = "6s"
`

// dataSize is how much the guest's web server has at /data.
const dataSize = 32 << 10

// newPOP boots a guest with five 16550s and two USB adapters, which are
// unplugged, and the modem on USB of plugModem's. The network's number of ports
// 1 and 2 is popNumber, that of what is on USB usbNumber.
func newPOP(t testing.TB) *pop {
	t.Helper()
	p := &pop{t: t, dir: t.TempDir()}
	more := []string{"-device", "qemu-xhci", "-chardev", "socket,id=usbip,server=on,wait=off,path=" + p.bus(), "-device", "virtserialport,nr=2,chardev=usbip"}
	for n := range 2 {
		more = append(more, "-chardev", fmt.Sprintf("socket,id=usb%d,server=on,wait=off,path=%s", n, p.usb(n)),
			"-device", fmt.Sprintf("usb-serial,chardev=usb%d,serial=%d", n, n))
	}
	p.guest = Boot(t, 5, more...)
	check := exec.Command("go", "build", "-o", p.guest.Share+"/", "./uart", "./vhci")
	check.Dir, check.Env = here(), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := check.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bin := Programs(t)
	for _, name := range []string{"pac", "pns"} {
		program, err := os.ReadFile(filepath.Join(bin, name))
		if err != nil {
			t.Fatal(err)
		}
		p.file(name, string(program))
	}
	var o exchange.Options
	for n := 1; n <= 2; n++ {
		o.Subscribers = append(o.Subscribers, exchange.Subscriber{Number: popNumber(n), At: "unix://" + p.guest.Serial(n), Connect: true})
	}
	o.Subscribers = append(o.Subscribers,
		exchange.Subscriber{Number: usbNumber}, exchange.Subscriber{Number: subscriber(1)})
	p.phones = NewPhones(t, 0, o)
	p.file("www/data", string(Data(dataSize)))
	p.file("www/cgi-bin/hash", "#!/bin/sh\necho\nhead -c $CONTENT_LENGTH | sha256sum | cut -d' ' -f1\n")
	p.file("pns.toml", guestPNS)
	p.run(`cp /share/pac /share/pns /share/uart /share/vhci /bin/; httpd -h /share/www -p 127.0.0.1:80; pns run -c /share/pns.toml >/share/pns.log 2>&1 &`)
	p.logged("pns", "ready")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("pac:\n%s\npns:\n%s", p.log("pac"), p.log("pns"))
		}
	})
	return p
}

// popNumber reaches the modem on port n, usbNumber that on the USB adapter.
func popNumber(n int) string { return fmt.Sprintf("555120%d", n) }

const usbNumber = "5551299"

// file writes a file that the guest sees below /share.
func (p *pop) file(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.guest.Share, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		p.t.Fatal(err)
	}
}

// run runs a script in the guest.
func (p *pop) run(script string) string {
	p.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), Patience)
	defer stop()
	out, err := p.guest.Run(ctx, script)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// start starts pac with these banks.
func (p *pop) start(banks string) {
	p.t.Helper()
	p.file("pac.toml", guestPAC+banks)
	p.run(`pac run -c /share/pac.toml >/share/pac.log 2>&1 &`)
	p.logged("pac", "ready", "banks")
}

func (p *pop) log(program string) string {
	b, _ := os.ReadFile(filepath.Join(p.guest.Share, program+".log"))
	return string(b)
}

// logged waits until a program's log has a line with all of the words, and
// returns it.
func (p *pop) logged(program string, words ...string) (found string) {
	p.t.Helper()
	Until(p.t, fmt.Sprintf("%s logs a line with %q", program, words), func() bool {
		for line := range strings.Lines(p.log(program)) {
			if containsAll(line, words) {
				found = line
				return true
			}
		}
		return false
	})
	return found
}

// idle waits until a line of pac's is ready for a call.
func (p *pop) idle(name string) {
	p.t.Helper()
	Until(p.t, name+" is idle", func() bool {
		var all []console.Line
		if err := json.Unmarshal([]byte(p.run("pac lines --json -c /share/pac.toml")), &all); err != nil {
			p.t.Fatal(err)
		}
		return slices.ContainsFunc(all, func(l console.Line) bool { return l.Line == name && l.State == line.Idle.String() })
	})
}

// calls are pac's, latest first.
func (p *pop) calls() []record.Call {
	p.t.Helper()
	var all []record.Call
	if err := json.Unmarshal([]byte(p.run("pac calls --json -c /share/pac.toml")), &all); err != nil {
		p.t.Fatal(err)
	}
	return all
}

// usb is the socket behind a USB adapter: QEMU plugs the adapter in when
// somebody connects, and unplugs it when that ends.
func (p *pop) usb(n int) string { return filepath.Join(p.dir, fmt.Sprintf("usb%d.sock", n)) }

// plug plugs a USB adapter in, with nothing on it.
func (p *pop) plug(adapter int) net.Conn {
	p.t.Helper()
	c, err := net.Dial("unix", p.usb(adapter))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	return c
}

// attach puts somebody on the port of a telephone's modem until the function
// that it returns is called.
func (p *pop) attach(number string, port exchange.Port) (detach func()) {
	phone := slices.IndexFunc(p.phones.Lines(), func(l *exchange.Line) bool { return l.Number() == number })
	ctx, stop := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		p.phones.Lines()[phone].Plug(ctx, port)
	}()
	detach = func() {
		port.Close()
		stop()
		<-gone
	}
	p.t.Cleanup(detach)
	return detach
}

// dial makes a call from outside.
func (p *pop) dial(number, user, password string) *caller.Call {
	p.t.Helper()
	c, err := p.try(number, user, password)
	if err != nil {
		p.t.Fatalf("calling %s: %v", number, err)
	}
	return c
}

// try is dial where nobody may answer, or let her in.
func (p *pop) try(number, user, password string) (*caller.Call, error) {
	p.t.Helper()
	hers, modems := net.Pipe()
	p.attach(subscriber(1), modems)
	within, done := context.WithTimeout(context.Background(), Patience)
	defer done()
	c, err := caller.Dial(within, hers, caller.Options{Number: number, Login: auth.Login{Name: user, Secret: auth.NewPassword(password)}})
	if err == nil {
		p.t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// carries moves data both ways and compares it.
func (p *pop) carries(c *caller.Call) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), Patience)
	defer stop()
	page, err := c.Get(ctx, "http://2.1.1.10/data")
	if err != nil || Hash(page) != Hash(Data(dataSize)) {
		p.t.Errorf("%d octets came down, not those that were sent, %v", len(page), err)
	}
	_, hash, err := c.Upload(ctx, "http://2.1.1.10/cgi-bin/hash", strings.NewReader(string(Data(dataSize))), dataSize)
	if got := strings.TrimSpace(string(hash)); err != nil || got != Hash(Data(dataSize)) {
		p.t.Errorf("what came up has the hash %q, %v", got, err)
	}
}
