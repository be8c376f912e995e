//go:build netns

package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// host is the system's network as a host of the testbed.
func (s *system) host(name string) *Host {
	s.t.Helper()
	h := &Host{t: s.t, name: fmt.Sprintf("carrier%d-%s", os.Getpid(), name)}
	h.ip("netns", "attach", h.name, s.pid)
	s.t.Cleanup(func() { exec.Command("ip", "netns", "del", h.name).Run() })
	return h
}

// write makes a file in the system.
func (s *system) write(path, text string) {
	s.t.Helper()
	s.run("bash", "-ec", `printf %s "$1" >"$2"`, "write", text, path)
}

const unitsExchange = `
[[subscriber]]
number = "5551212"
at     = "pty"
link   = "/dev/modem"
chip   = "usr"

[[subscriber]]
number = "4045550001"
at     = "tcp://127.0.0.1:5603"
`

const unitsPAC = `
name  = "atlanta"
panel = "127.0.0.1:8723"
state = "/var/lib/carrier/pac"

[[bank]]
name  = "courier"
ports = ["/dev/modem", "/dev/ttyUSB7", "/dev/ttyACM7"]

[[user]]
name   = "saran"
tunnel = ["192.0.2.2"]
`

const unitsPNS = `
name  = "denver"
panel = "127.0.0.1:8724"

[[pac]]
name = "atlanta"
from = ["192.0.2.1"]

[lan]
mode      = "tun"
local     = "2.1.1.60"
addresses = ["2.1.1.129-2.1.1.190"]

[lan.tun]
proxy_arp  = ["lan"]
masquerade = ["wan"]
forwarding = true

[[user]]
name     = "saran"
password = "blue moon"
`

// With no more rights than their units give them, the services do all that the
// manuals promise: pac has a modem at a tty that the group dialout may open, GRE
// is IP protocol 47, and callers are hosts of the LAN, with nothing but the
// kernel's forwarding set beforehand.
//
//	caller ── exchange ── tty ── pac ── 192.0.2.0/24, GRE ── pns ── TUN ── 2.1.1.10
func TestServicesOnTheLAN(t *testing.T) {
	t.Parallel()
	srv := packed(t)
	pac, pns := bootSystem(t, srv), bootSystem(t, srv)
	pac.install()
	pns.install()
	pop, office, lan := pac.host("pop"), pns.host("office"), NewHost(t, "lan")
	Join(pop, "wan", "192.0.2.1/24", office, "wan", "192.0.2.2/24")
	Join(office, "lan", "2.1.1.60/24", lan, "eth0", "2.1.1.10/24")
	Web(lan, "2.1.1.10")
	pac.write("/root/exchange.toml", unitsExchange)
	pac.run("systemd-run", "--unit=exchange", "exchange", "-c", "/root/exchange.toml")
	Until(t, "the modem is there", func() bool {
		_, err := pac.try("chgrp", "dialout", "/dev/modem")
		return err == nil
	})
	pac.run("chmod", "660", "/dev/modem")
	pac.run("bash", "-ec", "mknod -m 666 /dev/ttyUSB7 c 188 7; mknod -m 666 /dev/ttyACM7 c 166 7")
	pac.write("/etc/carrier/pac.toml", unitsPAC)
	pns.write("/etc/carrier/pns.toml", unitsPNS)
	if _, err := pns.try("systemctl", "start", "pns"); err == nil {
		t.Error("pns makes a router of this host, which a service must not")
	}
	if log := pns.run("journalctl", "-u", "pns", "--no-pager"); !strings.Contains(log, "run sysctl -w net.ipv4.ip_forward=1 beforehand") {
		t.Errorf("the log:\n%s", log)
	}
	if out, err := office.Command("sysctl", "-p", "../systemd/carrier.sysctl").CombinedOutput(); err != nil {
		t.Fatalf("sysctl: %v: %s", err, out)
	}
	pns.run("systemctl", "start", "pns")
	pac.run("systemctl", "start", "pac")
	Until(t, "the modem is idle", func() bool { return strings.Contains(pac.run("pac", "lines"), " idle ") })
	// The kernel has no driver for these adapters yet; they may be plugged in later.
	if lines := pac.run("pac", "lines"); strings.Count(lines, "there is no device behind it") != 2 {
		t.Errorf("adapters:\n%s", lines)
	}

	// Her packets reach the LAN by proxy ARP, and the POP by masquerade: it has no
	// way back to her.
	out := pac.run("caller", "-port", "tcp://127.0.0.1:5603", "-dial", Number, "-user", "saran", "-password", "blue moon",
		"-get", "http://2.1.1.10/", "-ping", "2.1.1.10", "-ping", "192.0.2.1")
	if !strings.Contains(out, "online as 2.1.1.129") || !strings.Contains(out, strings.TrimSpace(Page)) {
		t.Errorf("the caller says:\n%s", out)
	}
	Until(t, "the call is over", func() bool { return strings.Contains(pac.run("pac", "calls"), "caller-hung-up") })
	if calls := pns.run("pns", "calls"); !strings.Contains(calls, "saran") || !strings.Contains(calls, "online") {
		t.Errorf("pns knows of these calls:\n%s", calls)
	}
	if status := pac.run("pac", "status"); !strings.Contains(status, "gre        established") {
		t.Errorf("pac's tunnels:\n%s", status)
	}
	for s, program := range map[*system]string{pac: "pac", pns: "pns"} {
		out, _ := s.try(program, "doctor")
		for line := range strings.Lines(out) {
			if !strings.Contains(line, "there is no device behind it") && !strings.Contains(line, "the modem says that it is") && !strings.Contains(line, " looks\n") {
				t.Errorf("%s doctor: %s", program, line)
			}
		}
		if !strings.Contains(out, " looks\n") {
			t.Errorf("%s doctor: %s", program, out)
		}
	}
}
