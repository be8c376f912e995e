//go:build vm

package testbed

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// hosts begins each script. The guest is two hosts and what is between them, the
// bridge net; each has folders of its own where the programs look. The function
// on runs a command on one of them.
const hosts = `
export PATH=$PATH:/share
on() {
  ip netns exec $1 unshare -m bash -c 'for d in etc/wireguard etc/swanctl/conf.d etc/carrier run; do mount --bind /hosts/$0/$d /$d; done; exec "$@"' "$@"
}
ready() { for i in $(seq 600); do grep -q "$2" /share/$1 2>/dev/null && return; sleep 0.1; done; echo "$1 has no $2"; exit 1; }
watch() { # packets of the wire into a file
  dumpcap -q -P -i net -w /tmp/$1 2>/share/$1.log & dumper=$!
  ready $1.log '^File:'
}
unwatch() { # once the file has what comes last
  until grep -qa 'the last packet' /tmp/$1; do echo the last packet >/dev/udp/192.0.2.2/9; sleep 0.1; done
  kill -INT $dumper; wait $dumper; cp /tmp/$1 /share/$1
}
call() { on pop caller -port tcp://127.0.0.1:5600 -user saran -password 'blue moon' -timeout 60s -get http://2.1.1.10/ >/tmp/got; }
probe() { # whether pns answers; and a packet of GRE, which nobody answers
  on pop nc -w 5 192.0.2.2 1723 </dev/null && { echo "pns answers outside the tunnel"; exit 1; }
  ip -n pop link add probe type gre local 192.0.2.1 remote 192.0.2.2
  ip -n pop addr add 10.99.0.1/24 dev probe
  ip -n pop link set probe up
  on pop ping -c 1 -W 1 10.99.0.2
  ip -n pop link del probe
}
same() { sha256sum </tmp/www/index.html; sha256sum </tmp/got; }
[ -d /hosts ] || {
  for m in veth bridge wireguard xfrm_user esp4 ip_gre nf_tables; do modprobe $m || exit 1; done
  mkdir -p /hosts /etc/wireguard /etc/swanctl/conf.d /etc/carrier
  ip link add net type bridge
  ip link set net up
  ip addr add 192.0.2.3/24 dev net
  for h in pop:192.0.2.1/24 office:192.0.2.2/24; do
    name=${h%:*}
    mkdir -p /hosts/$name/{etc/wireguard,etc/swanctl/conf.d,etc/carrier,run}
    ip netns add $name
    ip -n $name link set lo up
    ip link add $name type veth peer name wan netns $name
    ip link set $name master net up
    ip -n $name addr add ${h#*:} dev wan
    ip -n $name link set wan up
  done
}
[ -d /share/hosts ] && cp -r /share/hosts /
`

// bothEnds starts both ends and what callers reach: a page.
const bothEnds = `
mkdir -p /tmp/www; head -c 300000 /dev/urandom >/tmp/www/index.html
on office httpd -p 127.0.0.1:8080 -h /tmp/www
chmod 600 /hosts/*/etc/carrier/*
for e in office:pns pop:pac; do
  on ${e%:*} ${e#*:} check --security -c /etc/carrier/${e#*:}.toml || exit 1
  on ${e%:*} ${e#*:} run -c /etc/carrier/${e#*:}.toml >/share/${e#*:}.log 2>&1 &
  ready ${e#*:}.log '"msg":"ready"'
done
`

// A below is a guest with one of the setups of docs/security.md.
type below struct {
	t      *testing.T
	guest  *Guest
	blocks map[string]string // "pop /etc/carrier/pac.toml", "both up"
}

func newBelow(t *testing.T, setup string) *below {
	b := &below{t, Boot(t, 0), map[string]string{}}
	for _, one := range Blocks(t, "security.md") {
		if one.Setup == setup {
			b.blocks[one.Host+" "+one.Name] = one.Text
		}
	}
	bin := Programs(t)
	for _, name := range []string{"pac", "pns", "caller"} {
		if out, err := exec.Command("cp", filepath.Join(bin, name), b.guest.Share).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return b
}

// files gives the hosts the files of the page, with what its reader puts in the
// place of words.
func (b *below) files(words *strings.Replacer) {
	for key, text := range b.blocks {
		host, path, _ := strings.Cut(key, " ")
		if !strings.HasPrefix(path, "/") {
			continue
		}
		at := []string{host}
		if host == "both" {
			at = []string{"pop", "office"}
		}
		for _, h := range at {
			file := filepath.Join(b.guest.Share, "hosts", h, path)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(words.Replace(text)), 0o600)); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// does is a line of a script: a host does what the page says.
func (b *below) does(host, name string) string {
	commands, ok := b.blocks["both "+name]
	if !ok {
		b.t.Fatalf("the page has no commands %q", name)
	}
	return fmt.Sprintf("on %s bash -ec '%s' || exit 1\n", host, commands)
}

func (b *below) run(script string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*Patience)
	defer cancel()
	out, err := b.guest.Run(ctx, hosts+script)
	if err != nil {
		b.t.Fatalf("%v\n%s%s", err, out, b.logs())
	}
	return out
}

func (b *below) logs() (all string) {
	files, _ := filepath.Glob(filepath.Join(b.guest.Share, "*.log"))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		all += fmt.Sprintf("%s:\n%s", filepath.Base(f), text)
	}
	return all
}

// A wire is what passed between the two hosts, in packets of IPv4.
type wire struct {
	control, answers int // TCP to port 1723, and what comes back but refusals
	gre              int
	wireguard        int
	ike, esp         int
	other            int
}

func (b *below) wire(file string) (w wire) {
	b.t.Helper()
	f, err := os.Open(filepath.Join(b.guest.Share, file))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		b.t.Fatal(err)
	}
	for {
		data, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return w
		}
		if err != nil {
			b.t.Fatal(err)
		}
		w.add(gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default))
	}
}

// between is the address of the bridge, where the last packet of a capture is from.
var between = net.IPv4(192, 0, 2, 3)

func (w *wire) add(p gopacket.Packet) {
	ip, _ := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	if ip == nil || ip.SrcIP.Equal(between) || ip.DstIP.Equal(between) {
		return
	}
	tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	udp, _ := p.Layer(layers.LayerTypeUDP).(*layers.UDP)
	switch {
	case ip.Protocol == layers.IPProtocolGRE:
		w.gre++
	case ip.Protocol == layers.IPProtocolESP:
		w.esp++
	case udp != nil && (udp.DstPort == 500 || udp.DstPort == 4500):
		w.ike++
	case udp != nil && udp.DstPort == 51820:
		w.wireguard++
	case tcp != nil && tcp.DstPort == 1723:
		w.control++
	case tcp != nil && tcp.SrcPort == 1723 && !tcp.RST:
		w.answers++
	default:
		w.other++
	}
}

var hash = regexp.MustCompile(`(?m)^[0-9a-f]{64}\b`)

// carried checks a call through the tunnel: the page came as it is, in at least
// 200 sealed packets, and nothing else passed.
func (b *below) carried(out string, w wire, sealed int) {
	b.t.Helper()
	if h := hash.FindAllString(out, -1); len(h) != 2 || h[0] != h[1] {
		b.t.Errorf("the caller has another page than the company's:\n%s%s", out, b.logs())
	}
	if w.control+w.answers+w.gre+w.other > 0 || sealed < 200 {
		b.t.Errorf("on the wire: %+v, want at least 200 sealed packets and nothing in clear", w)
	}
}

func TestWireGuardBelow(t *testing.T) {
	t.Parallel()
	b := newBelow(t, "wireguard")
	public := regexp.MustCompile(`[A-Za-z0-9+/]{43}=`).FindAllString(b.run(b.does("pop", "run")+b.does("office", "run")), -1)
	if len(public) != 2 {
		t.Fatalf("public keys: %q", public)
	}
	b.files(strings.NewReplacer("ATLANTAS_PUBLIC_KEY", public[0], "DENVERS_PUBLIC_KEY", public[1]))
	out := b.run(b.does("office", "up") + bothEnds + `
watch without
call && { echo "a call without the tunnel"; exit 1; }
probe
unwatch without
`)
	if strings.Count(out, "nothing weak was found\n") != 2 {
		t.Errorf("check --security: %s", out)
	}
	if w := b.wire("without"); w.control == 0 || w.answers > 0 {
		t.Errorf("without the tunnel: %+v, want a try in clear and no answer", w)
	}
	out = b.run(b.does("pop", "up") + "watch with\ncall || exit 1\nunwatch with\nsame\n")
	w := b.wire("with")
	b.carried(out, w, w.wireguard)
}

// What is tried without IPsec is not a call: pac would go on with its connection
// for 15 s, ask ever less often, and let the call with IPsec wait for the answer.
func TestIPsecBelow(t *testing.T) {
	t.Parallel()
	b := newBelow(t, "ipsec")
	secret := make([]byte, 32)
	rand.Read(secret)
	b.files(strings.NewReplacer("THE_SECRET", base64.StdEncoding.EncodeToString(secret)))
	out := b.run(b.does("office", "filter") + bothEnds + `
watch without
probe
unwatch without
`)
	if strings.Count(out, "nothing weak was found but what is accepted\n") != 2 {
		t.Errorf("check --security: %s", out)
	}
	if w := b.wire("without"); w.control == 0 || w.gre == 0 || w.answers > 0 {
		t.Errorf("without IPsec: %+v, want tries in clear and no answer", w)
	}
	out = b.run(b.does("pop", "filter") + `
watch with
probe
echo 'charon-systemd { filelog { stderr { default = 1 } } }' >/etc/strongswan.d/log.conf
for h in pop office; do
  on $h charon-systemd >/share/charon-$h.log 2>&1 &
  ready charon-$h.log 'spawning .* worker threads'
  until [ -S /hosts/$h/run/charon.vici ]; do sleep 0.1; done
done
` + b.does("office", "up") + b.does("pop", "up") + `
until on pop swanctl --list-sas 2>/dev/null | grep -q INSTALLED; do sleep 0.1; done
call || { on pop swanctl --list-sas; exit 1; }
unwatch with
same
`)
	w := b.wire("with")
	b.carried(out, w, w.esp)
	if w.ike == 0 {
		t.Errorf("on the wire: %+v, want IKE", w)
	}
}
