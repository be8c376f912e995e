package testbed

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A Host is a network namespace with a name of its own. It, its interfaces and
// its addresses go with the test.
type Host struct {
	t    testing.TB
	name string // of the namespace
}

// NewHost makes an empty host whose loopback is up.
func NewHost(t testing.TB, name string) *Host {
	t.Helper()
	test := strings.ReplaceAll(t.Name(), "/", "-")
	h := &Host{t: t, name: fmt.Sprintf("carrier%d-%s-%s", os.Getpid(), test, name)}
	h.ip("netns", "add", h.name)
	t.Cleanup(func() { exec.Command("ip", "netns", "del", h.name).Run() })
	h.IP("link", "set", "lo", "up")
	return h
}

// IP runs ip(8) on the host.
func (h *Host) IP(args ...string) {
	h.t.Helper()
	h.ip(append([]string{"-n", h.name}, args...)...)
}

func (h *Host) ip(args ...string) {
	h.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		h.t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// Join lays a cable between two hosts and gives each end its name and its
// address ("192.0.2.1/24").
func Join(a *Host, aIf, aAddr string, b *Host, bIf, bAddr string) {
	a.t.Helper()
	a.ip("link", "add", aIf, "netns", a.name, "type", "veth", "peer", "name", bIf, "netns", b.name)
	a.IP("addr", "add", aAddr, "dev", aIf)
	b.IP("addr", "add", bAddr, "dev", bIf)
	a.IP("link", "set", aIf, "up")
	b.IP("link", "set", bIf, "up")
}

// Forward makes the host a router for IPv4.
func (h *Host) Forward() {
	h.t.Helper()
	if out, err := h.Command("sysctl", "-q", "-w", "net.ipv4.ip_forward=1").CombinedOutput(); err != nil {
		h.t.Fatalf("sysctl: %v: %s", err, out)
	}
}

// NFT gives the host more of a packet filter, in nft's words.
func (h *Host) NFT(rules string) {
	h.t.Helper()
	cmd := h.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("nft: %v: %s", err, out)
	}
}

// dial connects from inside the host.
func (h *Host) dial(_ context.Context, network, addr string) (c net.Conn, err error) {
	err = h.Do(func() (err error) {
		c, err = net.Dial(network, addr)
		return err
	})
	return c, err
}

// Names gives programs that are started on the host an /etc/hosts of its own.
func (h *Host) Names(hosts string) {
	h.t.Helper()
	dir := filepath.Join("/etc/netns", h.name) // ip-netns(8)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "hosts"), []byte(hosts), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// MAC is the hardware address of one of the host's interfaces.
func (h *Host) MAC(iface string) (mac string) {
	h.t.Helper()
	if err := h.Do(func() error {
		i, err := net.InterfaceByName(iface)
		if err == nil {
			mac = i.HardwareAddr.String()
		}
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	return mac
}

// Finds asks by ARP for an address on one of the host's interfaces, and returns
// the hardware address that answers; "" when none does within so many seconds.
func (h *Host) Finds(addr netip.Addr, iface string, seconds int) string {
	h.t.Helper()
	out, err := h.Command("arping", "-c", "1", "-w", strconv.Itoa(seconds), "-I", iface, addr.String()).CombinedOutput()
	m := answered.FindStringSubmatch(string(out))
	if (err == nil) != (m != nil) {
		h.t.Fatalf("arping: %v: %s", err, out)
	}
	if m == nil {
		return ""
	}
	return strings.ToLower(m[1])
}

// answered is arping's line of an answer.
var answered = regexp.MustCompile(`reply from \S+ \[([0-9A-F:]+)\]`)

// Command is a command that will run on the host.
func (h *Host) Command(name string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", h.name, name}, args...)...)
}
