package testbed

import (
	"bufio"
	"context"
	"errors"
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

// bootTime bounds a boot: about 3 s in emulation on a quiet machine.
const bootTime = 60 * time.Second

// A Guest is a running virtual machine. Scripts run in it one at a time.
type Guest struct {
	Share   string // the folder that the guest sees as /share
	console net.Conn
	lines   *bufio.Scanner
	runs    int
}

// Boot starts a guest with so many 16550 ports, /dev/ttyS1 and on; port n is
// the Unix socket g.Serial(n) on the host, on which QEMU listens. More are
// arguments of QEMU's for further devices. The guest ends with the test.
func Boot(t testing.TB, ports int, more ...string) *Guest {
	t.Helper()
	image := guestImage(t)
	g, err := boot(t, image, accelerator(t, image), ports, bootTime, more...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Serial is the path of the Unix socket behind the guest's /dev/ttySn.
func (g *Guest) Serial(n int) string { return filepath.Join(g.Share, fmt.Sprintf("ttyS%d.sock", n)) }

// Log is what pppd on a port has logged.
func (g *Guest) Log(port int) string {
	b, _ := os.ReadFile(filepath.Join(g.Share, fmt.Sprintf("pppd%d.log", port)))
	return string(b)
}

// Run runs a script of bash in the guest and returns what it printed. A status
// other than zero is an error. When ctx ends first the guest is of no more use.
func (g *Guest) Run(ctx context.Context, script string) (string, error) {
	g.runs++
	name := strconv.Itoa(g.runs)
	if err := os.WriteFile(filepath.Join(g.Share, name+".sh"), []byte(script), 0o644); err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { g.console.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := fmt.Fprintln(g.console, name); err != nil {
		return "", err
	}
	status, err := g.line()
	out, _ := os.ReadFile(filepath.Join(g.Share, name+".out"))
	if err != nil {
		return string(out), fmt.Errorf("guest: %w", errors.Join(err, context.Cause(ctx)))
	}
	if status != name+" 0" {
		return string(out), fmt.Errorf("guest script %s ended with status %s", name, strings.TrimPrefix(status, name+" "))
	}
	return string(out), nil
}

func (g *Guest) line() (string, error) {
	if g.lines.Scan() {
		return strings.TrimSpace(g.lines.Text()), nil
	}
	return "", errors.Join(errors.New("console closed"), g.lines.Err())
}

func boot(t testing.TB, image, accel string, ports int, within time.Duration, more ...string) (*Guest, error) {
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
	qemu := exec.Command("qemu-system-x86_64", append(g.arguments(image, accel, ports), more...)...)
	qemu.Stdout, qemu.Stderr = log, log
	if err := qemu.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if g.console != nil {
			g.console.SetDeadline(time.Now().Add(time.Second))
			fmt.Fprintln(g.console, "end")
			g.console.Close()
		}
		qemu.Process.Kill()
		qemu.Wait()
	})
	deadline := time.Now().Add(within)
	l.(*net.UnixListener).SetDeadline(deadline)
	if g.console, err = l.Accept(); err != nil {
		return nil, fmt.Errorf("guest: qemu did not come up: %w\n%s", err, g.said())
	}
	g.console.SetReadDeadline(deadline)
	g.lines = bufio.NewScanner(g.console)
	if s, err := g.line(); s != "ready" {
		return nil, fmt.Errorf("guest: said %q (%w) instead of ready\n%s", s, err, g.said())
	}
	g.console.SetReadDeadline(time.Time{})
	return g, nil
}

// said is what QEMU and the guest's kernel printed.
func (g *Guest) said() string {
	q, _ := os.ReadFile(filepath.Join(g.Share, "qemu.txt"))
	k, _ := os.ReadFile(filepath.Join(g.Share, "kernel.txt"))
	return string(q) + string(k)
}

func (g *Guest) arguments(image, accel string, ports int) []string {
	cpu := "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes"
	if accel == "kvm" {
		cpu = "host,-arch-capabilities"
	}
	a := []string{"-M", "pc,usb=off", "-accel", accel, "-cpu", cpu, "-smp", strconv.Itoa(min(2, runtime.NumCPU())),
		"-m", "384", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-kernel", filepath.Join(image, "vmlinux"), "-initrd", filepath.Join(image, "initrd.img"),
		"-append", "console=ttyS0 quiet panic=-1 edd=off mitigations=off nopti no_timer_check tsc=unstable random.trust_cpu=on 8250.nr_uarts=32",
		"-chardev", "file,id=kernel,path=" + filepath.Join(g.Share, "kernel.txt"), "-serial", "chardev:kernel",
		"-chardev", "socket,id=agent,path=" + filepath.Join(g.Share, "console.sock"),
		"-device", "virtio-serial-pci,max_ports=2", "-device", "virtconsole,chardev=agent",
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
	return a
}
