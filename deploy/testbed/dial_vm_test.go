//go:build vm

package testbed

import (
	"strings"
	"testing"

	"carrier/shared/record"
)

// dialPNS dials the guest, and is the office's router.
const dialPNS = `
name   = "denver"
socket = "{{.Dir}}/pns.sock"
panel  = "127.0.0.1:8724"

[lan]
mode  = "tun"
local = "2.1.1.60"

[lan.tun]
forwarding = true

[[dial]]
name     = "boston"
to       = ["` + theirs + `"]
user     = "denver"
{{.Proof}}
routes   = ["10.2.0.0/24"]
retry    = "1s"
retry_max = "1s"
`

// serve is a script that has Debian's pptpd take tunnels, with MPPE of 128 bits, and
// the branch's network behind it. What it gives its client is 10.9.0.2.
const serve = `
ip addr add ` + theirs + `/24 dev eth0; ip link set eth0 up
echo 1 >/proc/sys/net/ipv4/ip_forward
ip addr add 10.2.0.1/24 dev lo
printf '%s\n' 'name boston' auth require-mschap-v2 require-mppe-128 noipv6 nobsdcomp nodeflate debug 'logfile /share/pppd1.log' >/etc/ppp/pptpd-options
echo 'denver boston "blue moon" 10.9.0.2' >/etc/ppp/chap-secrets; chmod 600 /etc/ppp/chap-secrets
printf 'option /etc/ppp/pptpd-options\nlocalip 10.9.0.1\nremoteip 10.9.0.2-9\ndebug\n' >/etc/pptpd.conf
`

// connected waits for the tunnel, and gives it its way back.
const connected = `
for i in $(seq 600); do
  ip -4 -o addr show dev ppp0 2>/dev/null | grep -q 'inet ' && break
  sleep 0.1
done
ip route replace 2.1.1.0/24 dev ppp0 src 10.2.0.1 || exit 1
`

// killed kills pptpd, and waits until nothing is left of its tunnels.
const killed = "kill -9 $(cat /tmp/pptpd) $(pidof pptpctrl) $(pidof pppd)\nwhile pidof pppd >/dev/null; do sleep 0.1; done\n"

// We open a tunnel to pptpd and pppd: both ends encrypt, LAN and branch reach each
// other, and it comes back when the server was killed; also where the server asks for a
// certificate, by whose keys both encrypt.
func TestDialsPPTPD(t *testing.T) {
	t.Parallel()
	s := NewScene(t)
	guest := BootOnline(s.Office, "inet", gateway+"/24")
	data := map[string]any{"Dir": s.Dir, "Proof": `password = "blue moon"`}
	s.LAN.IP("route", "add", "10.2.0.0/24", "via", "2.1.1.60")
	s.Guest(guest, serve+"pptpd -c /etc/pptpd.conf -p /tmp/pptpd\n")
	pns := s.Start(s.Office, "pns", dialPNS, data)
	pns.Logged("online", "10.9.0.2")
	const n = 256 << 10
	out := s.Guest(guest, connected+"ping -c 3 -W 5 -I 10.2.0.1 2.1.1.10 || exit 1\nwget -q -O - http://2.1.1.10/ || exit 1\n"+transfer(n))
	for _, want := range []string{"3 packets transmitted, 3 received", Page} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in what the guest said:\n%s", want, out)
		}
	}
	hashes(t, out, n)
	Until(t, "an answer from the branch", func() bool { return s.LAN.Command("ping", "-c", "1", "-W", "5", "10.2.0.1").Run() == nil })
	if log, want := guest.Log(1), "MPPE 128-bit stateless compression enabled"; !strings.Contains(log, want) {
		t.Errorf("pppd's log has no %q:\n%s", want, log)
	}
	if c := s.Calls(s.Office, "pns")[0]; c.Stage != record.Online || c.Method != "mschap-v2" || c.Peer != "boston" || c.Called != theirs+":1723" {
		t.Errorf("pns shows %+v", c)
	}

	s.Guest(guest, killed)
	pns.Logged("call ended", "control-lost")
	const again = "pptpd -c /etc/pptpd.conf -p /tmp/pptpd\n" + connected + "ping -c 1 -W 55 -I 10.2.0.1 2.1.1.10 || exit 1\n"
	s.Guest(guest, again)

	s.Guest(guest, killed+byCertificate)
	ca := newAuthority(t)
	ca.write(t, guest, "ca", "denver", "boston")
	data["Proof"] = strings.ReplaceAll("certificate = '%/denver.pem'\nkey = '%/denver.key'\nca = '%/ca.pem'\nserver_name = 'boston'", "%", guest.Share)
	s.Write(s.Office, "pns", dialPNS, data)
	s.Ask(s.Office, "pns", "reload")
	s.Guest(guest, again)
	if c := s.Calls(s.Office, "pns")[0]; c.Stage != record.Online || c.Method != "eap-tls" {
		t.Errorf("by certificate pns shows %+v", c)
	}
	if log, want := guest.Log(1), "MPPE 128-bit stateless compression enabled"; !strings.Contains(log, want) || !strings.Contains(log, "EAP-TLS") {
		t.Errorf("pppd's log has no %q, or no EAP-TLS:\n%s", want, log)
	}
}

// byCertificate is a script that has pppd ask for a certificate from now on, and for
// nothing else.
const byCertificate = `
rm -f /share/pppd1.log; : >/etc/ppp/chap-secrets
sed -i s/require-mschap-v2/require-eap/ /etc/ppp/pptpd-options
echo 'denver boston - /share/boston.pem /share/ca.pem /share/boston.key *' >/etc/ppp/eaptls-server; chmod 600 /etc/ppp/eaptls-server
`
