//go:build netns

package testbed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"carrier/hardware/exchange"
)

// A clinic is a POP, a company, and the Internet between them, whose firewall is
// strict towards some of the company's addresses.
type clinic struct {
	t           *testing.T
	bin, dir    string
	pop, office *Host
	modems      []string // URLs of those that no configuration has yet
	ports       int      // of TCP, likewise
}

func newClinic(t *testing.T) *clinic {
	c := &clinic{t: t, bin: Programs(t), dir: t.TempDir(), pop: NewHost(t, "pop"), office: NewHost(t, "office")}
	router := NewHost(t, "router")
	Join(c.pop, "wan", "192.0.2.1/24", router, "pop", "192.0.2.254/24")
	Join(c.office, "wan", "198.51.100.7/24", router, "office", "198.51.100.254/24")
	c.pop.IP("addr", "add", "192.0.2.66/24", "dev", "wan")
	c.pop.IP("route", "add", "default", "via", "192.0.2.254")
	c.pop.IP("route", "add", "unreachable", "203.0.113.9")
	c.pop.IP("route", "add", "198.51.100.12", "via", "192.0.2.254", "src", "192.0.2.66")
	c.office.IP("route", "add", "default", "via", "198.51.100.254")
	for last := 8; last <= 14; last++ {
		c.office.IP("addr", "add", fmt.Sprintf("198.51.100.%d/24", last), "dev", "wan")
	}
	c.sh(router, `sysctl -qw net.ipv4.ip_forward=1 && nft -f - <<end
table ip firewall {
	chain forward {
		type filter hook forward priority 0
		ip daddr 198.51.100.8 tcp dport 1723 drop
		ip daddr 198.51.100.9 ip protocol gre drop
		ip saddr 198.51.100.9 ip protocol gre drop
		ip daddr 198.51.100.13 ip protocol gre drop
		ip daddr 198.51.100.14 udp dport 4754 drop
		ip daddr 198.51.100.10 ip length > 1300 drop
		ip saddr 198.51.100.10 ip length > 1300 drop
		ip daddr 198.51.100.11 ip protocol gre reject with icmp type prot-unreachable
	}
}
end`)
	server := NewHost(t, "server")
	Join(c.office, "lan", "2.1.1.60/25", server, "lan", "2.1.1.10/25")
	Join(c.office, "carrier9", "192.168.9.1/24", server, "else", "192.168.9.2/24")
	c.sh(c.office, "sysctl -qw net.ipv4.ip_forward=1")
	c.modems, c.ports = NewPhones(t, 30, exchange.Options{}, exchange.USR).Modems, 1800
	return c
}

func (c *clinic) sh(h *Host, script string) {
	c.t.Helper()
	if out, err := h.Command("sh", "-ec", script).CombinedOutput(); err != nil {
		c.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// file writes a configuration.
func (c *clinic) file(name, text string) string {
	path := filepath.Join(c.dir, strings.ReplaceAll(name, " ", "-")+".toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// A diagnosis is what a doctor said.
type diagnosis struct {
	OK       bool                           `json:"ok"`
	Findings []struct{ About, Text string } `json:"findings"`
	Notes    []struct{ About, Text string } `json:"notes"`
	Looked   []string                       `json:"looked"`
}

// doctor runs one, by a command that may stand before the program's.
func (c *clinic) doctor(h *Host, program, file string, before ...string) diagnosis {
	args := append(slices.Clone(before), filepath.Join(c.bin, program), "doctor", "--json", "-c", file)
	cmd := h.Command(args[0], args[1:]...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var d diagnosis
	if bad := json.Unmarshal(out, &d); bad != nil || d.OK != (err == nil) || errs.Len() > 0 {
		c.t.Errorf("%s: %v, status %v, %s%s", file, bad, err, out, errs.Bytes())
	}
	return d
}

// modem is a modem of one's own.
func (c *clinic) modem() string {
	m := c.modems[0]
	c.modems = c.modems[1:]
	return m
}

// pac is a configuration of a PAC with a port and a PNS.
func (c *clinic) pac(port, pns, more string) string {
	return fmt.Sprintf("name = \"atlanta\"\nsocket = %q\n%s\n[[bank]]\nname = \"courier\"\nports = [%q]\n[default]\ntunnel = [%q]\n",
		filepath.Join(c.dir, "no.sock"), more, port, pns)
}

// pns is one of a PNS with the keys of [lan] and others, which needs an address
// to listen at, and has an interface of its own.
func (c *clinic) pns(lan, more string) string {
	c.ports++
	if more == "" {
		more = fmt.Sprintf("listen = \"0.0.0.0:%d\"\n", c.ports)
	}
	if strings.Contains(lan, "tun") && !strings.Contains(lan, "name") {
		lan = strings.Replace(lan+"\n[lan.tun]\n", "[lan.tun]", fmt.Sprintf("[lan.tun]\nname = \"callers%d\"", c.ports), 1)
	}
	return fmt.Sprintf("name = \"denver\"\nsocket = %q\n%s\n[[pac]]\nname = \"atlanta\"\nfrom = [\"192.0.2.1\"]\n[lan]\n%s\n[[user]]\nname = \"saran\"\npassword = \"blue moon\"\n",
		filepath.Join(c.dir, "no.sock"), more, lan)
}

// overUDP is more of a PAC's configuration.
func overUDP(at string) string {
	return fmt.Sprintf("[[pns]]\nname = \"u\"\nat = %q\nconnect = \"%s:1733\"\ntransport = \"udp\"\n", at, at)
}

// withHost is more of a PAC's configuration: somebody's calls end at a host.
func withHost(url string) string {
	return fmt.Sprintf("[hosts]\nattempt = \"2s\"\n[[user]]\nname = \"guest\"\nhost = %q\n", url)
}

const officeLAN = "mode = \"tun\"\naddresses = [\"2.1.1.129-2.1.1.190\"]\n"

// An ailment is what a doctor is to find on a host.
type ailment struct {
	name    string
	host    *Host // nil: the POP
	program string
	text    string   // of its configuration
	before  []string // a command that stands before the program's
	about   string   // the finding; empty: none
	want    string
}

// Every fault made here is named in one sentence, and nothing else is.
func TestDoctors(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	running := strings.Replace(c.pns("addresses = [\"2.1.1.129-2.1.1.190\"]", "panel = \"127.0.0.1:8724\""), "no.sock", "pns.sock", 1) + "[clients]\nfrom = [\"192.0.2.1\"]\n"
	Start(c.office, filepath.Join(c.bin, "pns"), "run", "-c", c.file("running pns", running))
	withUDP := strings.Replace(c.pns("addresses = [\"2.1.2.129\"]", "listen = \"0.0.0.0:1733\"\npanel = \"127.0.0.1:8725\""), "no.sock", "udp.sock", 1)
	Start(c.office, filepath.Join(c.bin, "pns"), "run", "-c", c.file("running udp", strings.Replace(withUDP, "[lan]", "transport = \"udp\"\n[lan]", 1)))
	mute, held, taken, closing := c.mute(), c.held(), c.taken(), c.closing()
	good := "198.51.100.7"
	var all sync.WaitGroup
	for _, tt := range append(c.callsOut(), []ailment{
		{name: "a good PAC", program: "pac", text: c.pac(c.modem(), good, "panel = \"127.0.0.1:8723\"\nstate = \""+c.dir+"/state\"")},
		{name: "a good PAC over UDP", program: "pac", text: c.pac(c.modem(), "198.51.100.7", "") + overUDP("198.51.100.7"), before: []string{"setpriv", "--bounding-set=-net_raw"}},
		{name: "UDP filtered", program: "pac", text: c.pac(c.modem(), "198.51.100.14", "") + overUDP("198.51.100.14"),
			about: "PNS u (198.51.100.14:1733), UDP", want: "TCP passes, but no answer comes to the call's packets at UDP port 4754"},
		{name: "a mistake", program: "pac", text: c.pac(c.modem(), good, "nmae = \"x\""), about: "configuration ", want: ":3: nmae: unknown key; would be right: name"},
		{name: "no privilege", program: "pac", text: c.pac(c.modem(), good, ""), before: []string{"setpriv", "--bounding-set=-net_raw"},
			about: "privileges", want: "GRE needs the privilege CAP_NET_RAW: run as root or give it to the program"},
		{name: "no device", program: "pac", text: c.pac("/dev/ttyNONE7", good, ""), about: "port /dev/ttyNONE7", want: "there is no such device: plug it in, or correct `ports`"},
		{name: "no serial port", program: "pac", text: c.pac("/dev/null", good, ""), about: "port /dev/null",
			want: "it is no serial port, which has a name like /dev/ttyS0 or /dev/ttyUSB0: correct `ports`"},
		{name: "a port that is closed at once", program: "pac", text: c.pac(closing, good, ""), about: "port " + closing,
			want: "): somebody else probably holds the port, or the server limits connections"},
		{name: "a cable that is closed at once", program: "pac", text: strings.Replace(c.pac(closing, good, ""), "ports", "kind = \"cable\"\nports", 1), about: "port " + closing,
			want: "the connection is taken and then closed ("},
		{name: "a port of RFC 2217 that is closed at once", program: "pac", text: c.pac("rfc2217"+strings.TrimPrefix(closing, "tcp"), good, ""), about: "port rfc2217",
			want: "somebody else probably holds the port"},
		{name: "no terminal server", program: "pac", text: c.pac("tcp://127.0.0.1:9", good, ""), about: "port tcp://127.0.0.1:9",
			want: "connection refused; is the terminal server on, and its address in `ports` right?"},
		{name: "a good host", program: "pac", text: c.pac(c.modem(), good, withHost("telnet://198.51.100.7:1723"))},
		{name: "a host's closed port", program: "pac", text: c.pac(c.modem(), good, withHost("tcp://198.51.100.7:23")), about: "host tcp://198.51.100.7:23",
			want: "the port is closed there: start what shall listen, or correct `host`"},
		{name: "a host filtered", program: "pac", text: c.pac(c.modem(), good, withHost("tcp://198.51.100.8:1723")), about: "host tcp://198.51.100.8:1723",
			want: "nothing answers within 2s: let a firewall on the way pass it, or correct `host`"},
		{name: "a host nowhere", program: "pac", text: c.pac(c.modem(), good, withHost("tcp://203.0.113.9:23")), about: "host tcp://203.0.113.9:23", want: "there is no way to it ("},
		{name: "a host without address", program: "pac", text: c.pac(c.modem(), good, withHost("tcp://bbs.invalid:23")), about: "host tcp://bbs.invalid:23", want: "bbs.invalid does not resolve: "},
		{name: "a mute modem", program: "pac", text: c.pac(mute, good, ""), about: "port " + mute, want: "the modem does not answer: is it switched off, the cable not whole"},
		{name: "a port in use", program: "pac", text: c.pac(held, good, ""), about: "port " + held, want: "it is in use by testbed.test"},
		{name: "no PNS", program: "pac", text: c.pac(c.modem(), good+":1724", ""), about: "PNS 198.51.100.7:1724, TCP", want: "TCP port 1724 is closed there: start the PNS, or correct its address"},
		{name: "TCP filtered", program: "pac", text: c.pac(c.modem(), "198.51.100.8", ""), about: "PNS 198.51.100.8:1723, TCP", want: "nothing answers at TCP port 1723 within 5s: let a firewall"},
		{name: "GRE filtered", program: "pac", text: c.pac(c.modem(), "198.51.100.9", ""), about: "PNS 198.51.100.9:1723, GRE", want: "TCP passes, but no answer comes to GRE packets: let every firewall and NAT router on the way pass IP protocol 47"},
		{name: "GRE filtered one way", program: "pac", text: c.pac(c.modem(), "198.51.100.13", ""), about: "PNS 198.51.100.13:1723, GRE", want: "TCP passes, but the PNS is heard and does not hear GRE packets"},
		{name: "GRE refused", program: "pac", text: c.pac(c.modem(), "198.51.100.11", ""), about: "PNS 198.51.100.11:1723, GRE", want: "TCP passes, but 192.0.2.254 says: protocol unreachable, to GRE packets"},
		{name: "path MTU", program: "pac", text: c.pac(c.modem(), "198.51.100.10", ""), about: "PNS 198.51.100.10:1723, path MTU", want: "packets of 1440 octets do not come through, those of 1200 do: let ICMP"},
		{name: "a stranger", program: "pac", text: c.pac(c.modem(), "198.51.100.12", ""), about: "PNS 198.51.100.12:1723, PPTP", want: "the PNS refuses this PAC"},
		{name: "the panel's port", program: "pac", text: c.pac(c.modem(), good, "panel = \""+taken+"\""), about: "panel " + taken, want: "another program has TCP port"},
		{name: "no folder", program: "pac", text: c.pac(c.modem(), good, "state = \"/proc/1/carrier\""), about: "state /proc/1/carrier", want: "the folder cannot be made"},

		{name: "a good PNS", host: c.office, program: "pns", text: c.pns(officeLAN, "")},
		{name: "no TUN", host: c.office, program: "pns", text: c.pns(officeLAN, ""), before: []string{"unshare", "-m", "sh", "-c", `mount -t tmpfs none /dev/net && exec "$@"`, "sh"},
			about: "lan callers", want: "there is no /dev/net/tun: load the module (modprobe tun)"},
		{name: "the interface's name", host: c.office, program: "pns", text: c.pns(officeLAN+"[lan.tun]\nname = \"carrier9\"", ""),
			about: "lan carrier9", want: "an interface of this name exists already: remove it, or set another name as lan.tun.name"},
		{name: "a pool in the LAN", host: c.office, program: "pns", text: c.pns("mode = \"tun\"\naddresses = [\"2.1.1.100-2.1.1.110\"]", ""),
			about: "lan callers", want: "overlap 2.1.1.0/25, the network on lan, whose hosts would look for callers there: set lan.tun.proxy_arp = [\"lan\"]"},
		{name: "a pool on the way to the peer", host: c.office, program: "pns", text: c.pns("mode = \"tun\"\naddresses = [\"198.51.100.254\"]\n[lan.tun]\nname = \"callers1\"\nproxy_arp = [\"wan\"]", ""),
			about: "lan callers", want: "198.51.100.254, the gateway of the route to everywhere, is among the callers' addresses"},
		{name: "no router", host: c.pop, program: "pns", text: c.pns(officeLAN, ""),
			about: "lan callers", want: "this host does not route between callers and the LAN: run sysctl -w net.ipv4.ip_forward=1"},
		{name: "somebody else's address", host: c.office, program: "pns", text: c.pns("addresses = [\"2.1.1.129\"]", "listen = \"203.0.113.5:1723\"\n"),
			about: "listen 203.0.113.5:1723", want: "203.0.113.5 is no address of this host: correct `listen`"},
	}...) {
		if tt.host == nil {
			tt.host = c.pop
		}
		all.Go(func() {
			d := c.doctor(tt.host, tt.program, c.file(tt.name, tt.text), tt.before...)
			switch {
			case tt.about == "" && len(d.Findings) > 0, tt.about != "" && len(d.Findings) != 1:
				t.Errorf("%s: %d findings: %v", tt.name, len(d.Findings), d.Findings)
			case tt.about != "" && (!strings.HasPrefix(d.Findings[0].About, tt.about) || !strings.Contains(d.Findings[0].Text, tt.want)):
				t.Errorf("%s: %s: %s\nwant %s: %s", tt.name, d.Findings[0].About, d.Findings[0].Text, tt.about, tt.want)
			case tt.program == "pac" && tt.about == "" && (len(d.Notes) != 1 || !strings.HasPrefix(d.Notes[0].About, "port unix:") || !strings.Contains(d.Notes[0].Text, "; profile ")):
				t.Errorf("%s: of its modem: %v", tt.name, d.Notes)
			}
		})
	}
	all.Wait()
}

// closing is a terminal server that has no port free.
func (c *clinic) closing() string {
	var l net.Listener
	if err := c.pop.Do(func() (err error) { l, err = net.Listen("tcp", "127.0.0.1:0"); return err }); err != nil {
		c.t.Fatal(err)
	}
	c.serve(l, func(net.Conn) {})
	return "tcp://" + l.Addr().String()
}

// serve gives each connection to f, and then closes it.
func (c *clinic) serve(l net.Listener, f func(net.Conn)) {
	c.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			p, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer p.Close()
				f(p)
			}()
		}
	}()
}

// mute is a port at which nobody answers.
func (c *clinic) mute() string {
	l, err := net.Listen("unix", filepath.Join(c.dir, "mute"))
	if err != nil {
		c.t.Fatal(err)
	}
	c.serve(l, func(p net.Conn) { io.Copy(io.Discard, p) })
	return "unix://" + l.Addr().String()
}

// held is a serial port that this program has.
func (c *clinic) held() string {
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { unix.Close(master) })
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		c.t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		c.t.Fatal(err)
	}
	path := fmt.Sprintf("/dev/pts/%d", n)
	other, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err == nil {
		err = unix.Flock(other, unix.LOCK_EX)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { unix.Close(other) })
	return path
}

// taken is an address on the POP where somebody listens.
func (c *clinic) taken() string {
	var l net.Listener
	if err := c.pop.Do(func() (err error) { l, err = net.Listen("tcp", "127.0.0.1:0"); return err }); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// A doctor beside a pac that runs asks it, and takes nothing from it.
func TestDoctorBesideADaemon(t *testing.T) {
	c := newClinic(t)
	Start(c.office, filepath.Join(c.bin, "pns"), "run", "-c", c.file("pns", strings.Replace(c.pns("addresses = [\"2.1.1.129-2.1.1.190\"]", "panel = \"127.0.0.1:8724\""), "no.sock", "pns.sock", 1)))
	text := c.pac(c.modem(), "198.51.100.7", "panel = \"127.0.0.1:8723\"")
	file := c.file("pac", text)
	pac := Start(c.pop, filepath.Join(c.bin, "pac"), "run", "-c", file)
	pac.Logged("modem ready")
	d := c.doctor(c.pop, "pac", file)
	if len(d.Notes) != 1 || d.Notes[0].About != "line courier/1" || d.Notes[0].Text != "the modem says that it is \"U.S. Robotics 56K FAX EXT V4.11.2\"; profile usr" {
		t.Errorf("of the modem: %v", d.Notes)
	}
	if len(d.Findings) > 0 || !slices.Contains(d.Looked, "line courier/1") || !slices.Contains(d.Looked, "PNS 198.51.100.7:1723, GRE") {
		t.Errorf("%+v", d)
	}
	fresh := c.modem()
	c.file("pac", strings.Replace(text, "]\n[default]", fmt.Sprintf(", %q]\n[default]", fresh), 1))
	d = c.doctor(c.pop, "pac", file)
	if len(d.Notes) != 2 || d.Notes[1].About != "port "+fresh || !strings.HasPrefix(d.Notes[1].Text, "the modem says that it is ") {
		t.Errorf("of the modems after an edit: %v", d.Notes)
	}
	if len(d.Findings) != 1 || d.Findings[0].About != "the daemon" || !strings.Contains(d.Findings[0].Text, "differs in bank (new: "+fresh+" of bank courier): ") {
		t.Errorf("after an edit: %v", d.Findings)
	}
	if log := pac.Stop(); strings.Contains(log, "out of service") || strings.Contains(log, "port open") {
		t.Errorf("the daemon was disturbed:\n%s", log)
	}
}

// A doctor beside a pns that runs sees what somebody took away of the way to the
// LAN, and what it says to do puts that back under the same daemon. Some of it the
// daemon puts back itself.
func TestDoctorOfALiveLAN(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	text := strings.Replace(c.pns(officeLAN+"local = \"2.1.1.60\"\n[lan.tun]\nname = \"callers0\"\nforwarding = true\nproxy_arp = [\"lan\"]\nmasquerade = [\"wan\"]", ""), "no.sock", "live.sock", 1)
	file := c.file("live", text)
	c.office.IP("addr", "add", "2.1.1.62/24", "dev", "lan") // callers are of its network
	pns := Start(c.office, filepath.Join(c.bin, "pns"), "run", "-c", file)
	pns.Logged("ready")
	for _, tt := range []struct {
		name, harm string
		want       []string // the findings begin so
		remedy     string
	}{
		{"nothing", "true", nil, "true"},
		{"forwarding", "sysctl -qw net.ipv4.ip_forward=0",
			[]string{"this host does not route between callers and the LAN any more: run sysctl -w net.ipv4.ip_forward=1"}, "sysctl -qw net.ipv4.ip_forward=1"},
		{"forwarding on one interface", "sysctl -qw net.ipv4.conf.wan.forwarding=0",
			[]string{"this host does not route between callers and the LAN any more: run sysctl -w net.ipv4.conf.wan.forwarding=1"}, "sysctl -qw net.ipv4.conf.wan.forwarding=1"},
		{"down", "ip link set callers0 down",
			[]string{"interface callers0 is down, so callers reach nothing: run ip link set callers0 up"}, "ip link set callers0 up"},
		{"the LAN is down", "ip link set lan down",
			[]string{"interface lan is down, so callers reach nothing there: run ip link set lan up"}, "ip link set lan up"},
		{"the LAN has another address", "ip addr del 2.1.1.62/24 dev lan",
			[]string{"interface lan has no address in a network of callers' addresses"}, "ip addr add 2.1.1.62/24 dev lan"},
		{"renamed", "ip link set callers0 name foo0", []string{"interface callers0 is called foo0 now"}, "ip link set foo0 name callers0"},
	} {
		c.sh(c.office, tt.harm)
		d := c.doctor(c.office, "pns", file)
		wrong := len(d.Findings) != len(tt.want)
		for i := 0; !wrong && i < len(tt.want); i++ {
			wrong = d.Findings[i].About != "lan callers0" || !strings.HasPrefix(d.Findings[i].Text, tt.want[i])
		}
		if wrong {
			t.Errorf("%s: %q\nwant %q", tt.name, d.Findings, tt.want)
		}
		c.sh(c.office, tt.remedy)
		Until(t, tt.name+" is mended", func() bool { return c.doctor(c.office, "pns", file).OK })
	}
	for _, tt := range []struct{ harm, said string }{
		{"ip addr flush dev callers0 && ip route flush dev callers0", "took the interface's address or routes away"},
		{"ip route flush dev callers0", "took the interface's address or routes away"},
		{"ip route del 2.1.1.132/30 dev callers0", "took the interface's address or routes away"},
		{"nft delete table ip carrier-callers0", "took the nftables table away"},
		{"nft flush chain ip carrier-callers0 postrouting", "took the nftables table away"},
	} {
		c.sh(c.office, tt.harm)
		Until(t, "pns mends "+tt.harm, func() bool { return c.doctor(c.office, "pns", file).OK })
		pns.Logged(tt.said)
	}
	// Of a daemon that has another LAN than the file only that is told.
	c.file("live", strings.Replace(text, "2.1.1.190", "2.1.1.191", 1))
	if d := c.doctor(c.office, "pns", file); len(d.Findings) != 1 || d.Findings[0].About != "the daemon" {
		t.Errorf("after an edit: %q", d.Findings)
	}
}
