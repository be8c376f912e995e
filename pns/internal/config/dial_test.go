package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/session"
	"carrier/shared/conf"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/mppe"
	"carrier/shared/quirk"
)

// branch is a branch office that nobody calls, and nothing more.
const branch = `name = "boston"
[[dial]]
name = "denver"
to = ["203.0.113.1"]
user = "boston"
password = "pw"
`

// Who only dials needs no PAC, no users and no addresses for them. What it sends is
// encrypted, and the server proves that it knows the password.
func TestOnlyADial(t *testing.T) {
	c, err := Parse("pns.toml", []byte(branch))
	if err != nil {
		t.Fatal(err)
	}
	d := c.Dials[0]
	d.Login.Secret, d.Sum = auth.Secret{}, conf.Sum{}
	want := Dial{Name: "denver", Servers: d.Servers, Settings: quirk.Settings{LineErrors: quirk.Off},
		Login:  auth.Login{Name: "boston", Allow: []auth.Method{auth.MSCHAPv2, auth.EAPMSCHAPv2}},
		Coding: session.Coding{Encryption: session.Required, MPPE: mppe.Key128 | mppe.Stateless},
		Retry:  5 * time.Second, RetryMax: 5 * time.Minute}
	if !reflect.DeepEqual(d, want) || d.Servers[0].String() != "203.0.113.1:1723" || d.Servers[0].Host != "" || !c.NeedsGRE || c.NeedsUDP {
		t.Errorf("got\n%+v\nwant\n%+v", d, want)
	}
}

// Entries that say the same have the same sum, wherever they stand.
func TestSumOfADial(t *testing.T) {
	sum := func(text string) conf.Sum {
		c, err := Parse("pns.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return c.Dials[0].Sum
	}
	one := sum(branch)
	if other := sum("log = 'debug'\n" + strings.Replace(branch, "user = \"boston\"\n", "", 1) + "user = 'boston' # we\n"); other != one {
		t.Error("the order of keys counts")
	}
	if other := sum(strings.Replace(branch, "pw", "pW", 1)); other == one {
		t.Error("the password does not count")
	}
}

// A server may be named; where the name leads shows only when the call is made.
func TestServersByName(t *testing.T) {
	c, err := Parse("pns.toml", []byte(strings.Replace(branch, `"203.0.113.1"`, `"denver.example", "Denver:1724", "203.0.113.2"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(c.Dials[0].Servers, c.Peers()); got != "[denver.example:1723 Denver:1724 203.0.113.2:1723] [203.0.113.2/32]" {
		t.Error(got)
	}
}

// Everything is what has no other place: it is not routed before the call is up, it may
// stand beside networks of others, and what is theirs does not come from there.
func TestEverythingBehindAServer(t *testing.T) {
	c, err := Parse("pns.toml", []byte(branch+"routes = ['0.0.0.0/0', '10.2.0.0/16']\n[[dial]]\nname = 'paris'\nto = ['203.0.113.7']\nuser = 'x'\npassword = 'x'\nroutes = ['10.3.0.0/16', '::/0']\n"+
		"[lan]\nmode = 'tun'\nlocal = '10.1.0.1'\naddresses = ['10.9.0.0/30']\n[clients]\nfrom = ['203.0.113.0/24']\n[[user]]\nname = 'a'\npassword = 'x'\nroutes = ['10.4.0.0/16']\naddress = '10.5.0.1'\n"))
	if err != nil {
		t.Fatal(err)
	}
	for what, tt := range map[string]struct {
		got  []netip.Prefix
		want string
	}{
		"routed":             {c.Routes(nil), "[10.9.0.1/32 10.9.0.2/32 10.4.0.0/16 10.2.0.0/16 10.3.0.0/16]"},
		"not behind denver":  {c.Elsewhere(c.Dials[0]), "[10.5.0.1/32 10.9.0.1/32 10.9.0.2/32 10.4.0.0/16 10.3.0.0/16 10.1.0.1/32]"},
		"not behind another": {c.Elsewhere(Dial{Routes: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")}}), "[]"},
	} {
		if got := fmt.Sprint(tt.got); got != tt.want {
			t.Errorf("%s: %s, want %s", what, got, tt.want)
		}
	}
	if !c.Rest6() {
		t.Error("nobody has all of IPv6")
	}
}

// In each case the text is added to branch, which has six lines.
func TestMistakesOfDials(t *testing.T) {
	const tun = "[lan]\nmode = 'tun'\nlocal = '10.1.0.1'\naddresses = ['10.9.0.0/24']\n"
	for _, tt := range []struct{ name, add, want string }{
		{"values", "methods = ['eap-tls', 'pap']\nmode = 'sometimes'\nretry = '0s'\nretry_max = '30h'\nencryption = 'yes'\nport = 1",
			`7: dial[1].methods[1]: "eap-tls" has no certificate to log in with; would be right: certificate, key, ca and server_name beside it
8: dial[1].mode: "sometimes" is not known here; would be right: "always" or "on demand"
9: dial[1].retry: "0s" is out of range; would be right: from "1s" to "1h"
10: dial[1].retry_max: "30h" is out of range; would be right: from "1s" to "24h"
11: dial[1].encryption: "yes" is not known here; would be right: "none", "optional" or "required"
12: dial[1].port: unknown key; would be right: ` + keysOfDial},
		{"another entry", "[[dial]]\nname = 'denver'\nto = []\n", `7: dial[2].password: missing; would be right: password = "…" or nt_hash = "…"
7: dial[2].user: missing; would be right: user = "boston"
8: dial[2].name: "denver" stands on line 3 already; would be right: another one
9: dial[2].to: names no server; would be right: to = ["203.0.113.1"]`},
		{"servers", "[[dial]]\nname = 'client'\nto = ['denver..example', '::1', '0.0.0.0', '203.0.113.1:0', '203.0.113', '[::1]:1723', '', 'a b']\nuser = 'x'\npassword = 'x'",
			`8: dial[2].name: "client" is the name of a PAC or of clients; would be right: another one
9: dial[2].to[1]: "denver..example" is neither an address nor a host's name; would be right: "203.0.113.1", "203.0.113.1:1723" or "denver.example"
9: dial[2].to[2]: "::1" is not IPv4, which alone carries PPTP; would be right: "203.0.113.1", "203.0.113.1:1723" or "denver.example"
9: dial[2].to[3]: "0.0.0.0" is not the address of a server; would be right: "203.0.113.1", "203.0.113.1:1723" or "denver.example"
9: dial[2].to[4]: "203.0.113.1:0" has no port number behind its colon; would be right: "203.0.113.1", "203.0.113.1:1723" or "denver.example"
9: dial[2].to[5]: "203.0.113" is not an IP address; would be right: "203.0.113.1", "203.0.113.1:1723" or "denver.example"
9: dial[2].to[6]: "[::1]:1723" is not IPv4, which alone carries PPTP; would be right: "203.0.113.1", "203.0.113.1:1723" or "denver.example"
9: dial[2].to[7]: "" is not an IP address; would be right: "203.0.113.1", "203.0.113.1:1723" or "denver.example"
9: dial[2].to[8]: "a b" is neither an address nor a host's name; would be right: "203.0.113.1", "203.0.113.1:1723" or "denver.example"`},
		{"methods without keys", "methods = ['mschap-v2', 'pap']", `7: dial[1].methods[2]: pap leaves no keys for the encryption that is required; would be right: "mschap-v2"`},
		{"half a server", "server = 'denver'", `2: dial[1].server_password: missing; would be right: server_password = "…"`},
		{"one password both ways", "methods = ['mschap-v2', 'chap-md5']\nencryption = 'none'\nserver = 'denver'\nserver_password = 'pw'",
			`10: dial[1].server_password: is our own password, so that by MD5 we would answer for the server what it is asked (RFC 1994); would be right: another one`},
		{"times", "idle = '1m'\nretry = '1m'\nretry_max = '30s'", `7: dial[1].idle: is of no use for a call that is always open; would be right: mode = "on demand", or without it
9: dial[1].retry_max: 30s is shorter than retry, 1m0s; would be right: as long, or longer`},
		{"nothing to wait for", "mode = 'on demand'", `2: dial[1].routes: missing, so that no packet can open the call; would be right: routes = ["10.2.0.0/16"]`},
		{"routes", "routes = ['0.0.0.0/0', '203.0.112.0/20', '10.0.0.0/33', '127.0.0.0/8']", `7: dial[1].routes[3]: "10.0.0.0/33" is not a range of addresses; would be right: "192.0.2.0/24" or "192.0.2.1"
7: dial[1].routes[4]: "127.0.0.0/8" has addresses that no host on a network has; would be right: "10.2.0.0/16" or "2001:db8:2::/48"`},
		{"the way to the server", "routes = ['203.0.112.0/20']", `7: dial[1].routes[1]: 203.0.112.0/20 has the server 203.0.113.1, so that the tunnel would lead into itself; would be right: networks without it`},
		{"what is here", "routes = ['10.1.0.0/16', '10.9.0.0/16']\n" + tun, `7: dial[1].routes[1]: 10.1.0.0/16 overlaps lan.local, our own address; would be right: a network that is there alone
7: dial[1].routes[2]: 10.9.0.0/16 overlaps 10.9.0.1-10.9.0.254 of the pool "default"; would be right: a network that is there alone`},
		{"everything in user space", "routes = ['0.0.0.0/0']", `7: dial[1].routes[1]: 0.0.0.0/0 is carried through the kernel alone; would be right: mode = "tun" in [lan]`},
		{"everything on demand", "mode = 'on demand'\nroutes = ['10.2.0.0/16', '::/0']\n" + tun, `8: dial[1].routes[2]: ::/0 would have every packet open the call; would be right: mode = "always"`},
		{"everything behind two", "routes = ['0.0.0.0/0']\n[[dial]]\nname = 'paris'\nto = ['203.0.113.7']\nuser = 'x'\npassword = 'x'\nroutes = ['0.0.0.0/0']\n" + tun,
			`13: dial[2].routes[1]: 0.0.0.0/0, behind the server "paris", overlaps 0.0.0.0/0, which is behind the server "denver"; would be right: each network once`},
		{"everything behind a user", tun + "[clients]\nfrom = ['203.0.113.0/24']\n[[user]]\nname = 'a'\npassword = 'x'\nroutes = ['0.0.0.0/0']",
			`16: user[1].routes[1]: "0.0.0.0/0" is everything, the way to the tunnel's other end among it; would be right: "10.2.0.0/16" or "2001:db8:2::/48"`},
		{"IPv6 in user space", "routes = ['2001:db8:2::/48']", `7: dial[1].routes[1]: 2001:db8:2::/48 is carried through the kernel alone; would be right: mode = "tun" in [lan]`},
		{"IPv6 longer than a link's", "routes = ['2001:db8:2::/65']\n" + tun, `7: dial[1].routes[1]: "2001:db8:2::/65" is no network of IPv6 that hosts can be in; would be right: "10.2.0.0/16" or "2001:db8:2::/48"`},
		{"two servers' networks", "routes = ['10.2.0.0/16']\n[[dial]]\nname = 'paris'\nto = ['203.0.113.7']\nuser = 'x'\npassword = 'x'\nroutes = ['10.2.7.0/24']",
			`13: dial[2].routes[1]: 10.2.7.0/24, behind the server "paris", overlaps 10.2.0.0/16, which is behind the server "denver"; would be right: each network once`},
		{"a server's network and users'", "routes = ['10.2.0.0/16', '10.4.0.0/16']\n" + tun + "[clients]\nfrom = ['203.0.113.0/24']\n" +
			"[[user]]\nname = 'a'\npassword = 'x'\nroutes = ['10.2.7.0/24']\n[[user]]\nname = 'b'\npassword = 'x'\naddress = '10.4.0.9'",
			`7: dial[1].routes[1]: 10.2.0.0/16, behind the server "denver", overlaps 10.2.7.0/24, which is behind the user "a"; would be right: each network once
7: dial[1].routes[2]: 10.4.0.0/16, behind the server "denver", overlaps 10.4.0.9/32, which is the address of the user "b"; would be right: each network once`},
		{"users' networks", tun + "[clients]\nfrom = ['203.0.113.0/24']\n[[user]]\nname = 'a'\npassword = 'x'\nroutes = ['10.3.0.0/16', '10.9.0.128/25', '2001:db8::/48']\n" +
			"[[user]]\nname = 'b'\npassword = 'x'\nroutes = ['10.3.4.0/24']", `16: user[1].routes[2]: 10.9.0.128/25 overlaps 10.9.0.1-10.9.0.254 of the pool "default"; would be right: a network that is there alone
16: user[1].routes[3]: 2001:db8::/48 is of no use without [lan.ipv6]; would be right: both, or none
20: user[2].routes: 10.3.4.0/24, behind "b", overlaps a network or the address of "a"`},
		{"a PAC behind a user", tun + "[[pac]]\nname = 'atlanta'\nfrom = ['192.0.2.1']\n[[user]]\nname = 'a'\npassword = 'x'\nroutes = ['192.0.2.0/24']",
			`13: pac[1].from[1]: 192.0.2.1/32 is among the addresses of callers (192.0.2.0/24), so the tunnel would lead into itself; would be right: an address that no caller gets`},
	} {
		wrong(t, tt.name, branch+tt.add, tt.want)
	}
}

// In each case the text is added to a branch that has a PAC dial, in nine lines.
func TestMistakesOfDialsThrough(t *testing.T) {
	const phoned = "name = 'boston'\n[[pac]]\nname = 'atlanta'\nfrom = ['192.0.2.9', '10.7.0.0/16']\n[[dial]]\nname = 'denver'\nuser = 'boston'\npassword = 'pw'\n"
	for _, tt := range []struct{ name, add, want string }{
		{"no number", "through = 'atlanta'", `5: dial[1].number: missing; would be right: number = "5551212"`},
		{"no PAC", "through = 'paris'\nnumber = '5551212'", `1: user: missing, so nobody can log in; would be right: at least one [[user]]
9: dial[1].through: "paris" is no [[pac]]; would be right: the name of one`},
		{"no way at all", "number = '5551212'", `1: user: missing, so nobody can log in; would be right: at least one [[user]]
5: dial[1].to: missing; would be right: to = ["203.0.113.1"]
9: dial[1].number: is of no use without through; would be right: through = "atlanta" beside it`},
		{"values", "through = 'atlanta'\nnumber = '0W900'\nsubaddress = '" + strings.Repeat("x", 65) + "'\nmin_speed = 64000\nmax_speed = 9600\nbearer = 'v34'\nframing = 'hdlc'",
			`10: dial[1].number: "0W900" is no number that can be dialled; would be right: "5551212"
11: dial[1].subaddress: "` + strings.Repeat("x", 60) + `"… is no text of at most 64 octets; would be right: "7"
13: dial[1].max_speed: 9600 is less than min_speed, 64000; would be right: as much, or more
14: dial[1].bearer: "v34" is not known here; would be right: "any", "analog" or "digital"
15: dial[1].framing: "hdlc" is not known here; would be right: "any", "async" or "sync"`},
		{"a server's keys", "through = 'atlanta'\nnumber = '5551212'\nto = ['203.0.113.1']\ntransport = 'udp'\nwindow = true\nff03 = 'keep'",
			`11: dial[1].to: is of no use with through, where the PAC is called; would be right: without it
12: dial[1].transport: is of no use with through, where the PAC is called; would be right: without it
13: dial[1].window: is of no use with through, where the PAC is called; would be right: without it
14: dial[1].ff03: is of no use with through, where the PAC is called; would be right: without it`},
		{"the way to the PAC", "through = 'atlanta'\nnumber = '5551212'\nroutes = ['10.7.1.0/24', '192.0.2.0/24']",
			`11: dial[1].routes[2]: 192.0.2.0/24 has 192.0.2.9/32, where "atlanta" is, which dials, so that the tunnel would lead into itself; would be right: networks without it`},
	} {
		wrong(t, tt.name, phoned+tt.add, tt.want)
	}
	c, err := Parse("pns.toml", []byte(phoned+"through = 'atlanta'\nnumber = '5551212'"))
	if err != nil || c.Dials[0].Number.PAC != "atlanta" || !c.NeedsGRE || c.NeedsUDP {
		t.Errorf("%+v, %v", c, err)
	}
}

const keysOfDial = "one of bearer, ca, certificate, compression, encryption, ff03, framing, idle, key, max_speed, methods, min_speed, mode, mru, name, nt_hash, number, password, retry, retry_max, routes, server, server_name, server_password, subaddress, through, to, transport, user, vj, window"
