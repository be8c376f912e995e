package testbed

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// bootTime bounds a boot: about 3 s in emulation on a quiet machine, more than a
// minute where thirty others want its two processors.
const bootTime = 3 * time.Minute

// FastPort is the number of the port that every guest has besides its 16550s:
// /dev/hvc1, a console of virtio's. It is a tty like them and carries twenty
// times as much, for an emulated 16550 stops the machine at each octet.
const FastPort = 9

// A Guest is a running virtual machine. Its methods may be called from any
// goroutine.
type Guest struct {
	Share   string // the folder that the guest sees as /share
	console net.Conn
	scripts
}

// Boot starts a guest with so many 16550 ports, /dev/ttyS1 and on, and its
// FastPort; port n is the Unix socket g.Serial(n) on the host, on which QEMU
// listens. More are arguments of QEMU's for further devices. The guest ends with
// the test.
func Boot(t testing.TB, ports int, more ...string) *Guest {
	t.Helper()
	return bootOn(t, exec.Command, ports, more...)
}

// BootOnline is Boot with an Ethernet card, eth0 in the guest, at the other end
// of an interface that is made on a host and has that address.
func BootOnline(h *Host, iface, addr string) *Guest {
	h.t.Helper()
	h.IP("tuntap", "add", iface, "mode", "tap")
	h.IP("addr", "add", addr, "dev", iface)
	h.IP("link", "set", iface, "up")
	return bootOn(h.t, h.Command, 1, "-netdev", "tap,id=net,ifname="+iface+",script=no,downscript=no", "-device", "virtio-net-pci,netdev=net")
}

// bootOn starts QEMU by a command made with do.
func bootOn(t testing.TB, do func(string, ...string) *exec.Cmd, ports int, more ...string) *Guest {
	t.Helper()
	image := guestImage(t)
	g, err := boot(t, do, image, accelerator(t, image), ports, bootTime, more...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Serial is the path of the Unix socket behind the guest's port n.
func (g *Guest) Serial(n int) string { return filepath.Join(g.Share, fmt.Sprintf("ttyS%d.sock", n)) }

// Log is what pppd on a port has logged.
func (g *Guest) Log(port int) string {
	b, _ := os.ReadFile(filepath.Join(g.Share, fmt.Sprintf("pppd%d.log", port)))
	return string(b)
}

func boot(t testing.TB, do func(string, ...string) *exec.Cmd, image, accel string, ports int, within time.Duration, more ...string) (*Guest, error) {
	g := &Guest{Share: t.TempDir()}
	l, err := net.Listen("unix", filepath.Join(g.Share, "console.sock"))
	if err != nil {
		return nil, err
	}
	defer l.Close()
	log, err := os.Create(filepath.Join(g.Share, "qemu.txt"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	qemu := do("qemu-system-x86_64", append(g.arguments(image, accel, ports), more...)...)
	qemu.Stdout, qemu.Stderr = log, log
	if err := qemu.Start(); err != nil {
		return nil, err
	}
	end := func() {
		if g.console != nil {
			g.console.SetDeadline(time.Now().Add(time.Second))
			fmt.Fprintln(g.console, "end")
			g.console.Close()
		}
		qemu.Process.Kill()
		qemu.Wait()
	}
	if err := g.meet(l.(*net.UnixListener), time.Now().Add(within)); err != nil {
		end()
		return nil, fmt.Errorf("guest: %w\n%s", err, g.said())
	}
	t.Cleanup(end)
	return g, nil
}

// meet waits until the guest is ready for scripts.
func (g *Guest) meet(l *net.UnixListener, deadline time.Time) (err error) {
	l.SetDeadline(deadline)
	if g.console, err = l.Accept(); err != nil {
		return fmt.Errorf("qemu did not come up: %w", err)
	}
	g.console.SetReadDeadline(deadline)
	lines := bufio.NewScanner(g.console)
	if !lines.Scan() || strings.TrimSpace(lines.Text()) != "ready" {
		return fmt.Errorf("said %q (%w) instead of ready", lines.Text(), lines.Err())
	}
	g.console.SetReadDeadline(time.Time{})
	g.scripts = scripts{ended: make(map[string]chan string), lost: make(chan struct{})}
	go g.follow(lines)
	return nil
}

// said is what QEMU and the guest's kernel printed.
func (g *Guest) said() string {
	q, _ := os.ReadFile(filepath.Join(g.Share, "qemu.txt"))
	k, _ := os.ReadFile(filepath.Join(g.Share, "kernel.txt"))
	return string(q) + string(k)
}

func (g *Guest) arguments(image, accel string, ports int) []string {
	// An emulated processor is a thread that is busy or waits: a second one would take
	// from other guests what it gives to this one.
	cpu, processors := "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes", 1
	if accel == "kvm" {
		cpu, processors = "host,-arch-capabilities", min(2, runtime.NumCPU())
	}
	a := []string{"-M", "pc,usb=off", "-accel", accel, "-cpu", cpu, "-smp", strconv.Itoa(processors),
		"-m", "384", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-kernel", filepath.Join(image, "vmlinux"), "-initrd", filepath.Join(image, "initrd.img"),
		"-append", "console=ttyS0 quiet panic=-1 edd=off mitigations=off nopti no_timer_check tsc=unstable random.trust_cpu=on cryptomgr.notests 8250.nr_uarts=32",
		"-chardev", "file,id=kernel,path=" + filepath.Join(g.Share, "kernel.txt"), "-serial", "chardev:kernel",
		"-chardev", "socket,id=agent,path=" + filepath.Join(g.Share, "console.sock"),
		"-device", "virtio-serial-pci,max_ports=3", "-device", "virtconsole,chardev=agent",
		"-virtfs", "local,path=" + g.Share + ",mount_tag=share,security_model=none,multidevs=remap"}
	// The first three ports are on the ISA bus with an interrupt each, for a
	// shared one can stall; the others stand in fours on PCI cards.
	irq := []string{1: "3", 2: "5", 3: "7"}
	port := func(n int) string {
		id := fmt.Sprintf("s%d", n)
		a = append(a, "-chardev", fmt.Sprintf("socket,id=%s,path=%s,server=on,wait=off", id, g.Serial(n)))
		return id
	}
	for n := 1; n <= ports; {
		if n < len(irq) {
			id := port(n)
			a = append(a, "-device", fmt.Sprintf("isa-serial,chardev=%s,index=%d,irq=%s", id, n, irq[n]))
			n++
			continue
		}
		card := "pci-serial-4x"
		for k := 1; k <= 4; k++ {
			card += fmt.Sprintf(",chardev%d=%s", k, port(n))
			n++
		}
		a = append(a, "-device", card)
	}
	return append(a, "-device", "virtconsole,nr=1,chardev="+port(FastPort))
}
