package config

import (
	"strings"
	"testing"
)

// In each case the text is added to a good file of nine lines; these are all
// the mistakes then, without "pns.toml:".
func TestMistakes(t *testing.T) {
	const pac, user = "[[pac]]\nname = 'x'\n", "[[user]]\nname = 'u'\n"
	for _, tt := range []struct{ name, add, want string }{
		{"unknown key", "[echo]\n", `10: echo: unknown key; would be right: one of auth, callback, clients, dial, lan, limits, listen, log, name, pac, panel, pool, ppp, security, socket, state, udp, user`},
		{"key of pac.toml", user + "pasword = 'x'", "10: user[2].password: missing; would be right: password = \"…\" or nt_hash = \"…\"\n12: user[2].pasword: unknown key; would be right: password"},

		{"PAC without name", "[[pac]]\nfrom = ['192.0.2.9']", `10: pac[2].name: missing; would be right: name = "atlanta"`},
		{"two PACs of one name", "[[pac]]\nname = 'a'\nfrom = ['192.0.2.9']", `11: pac[2].name: "a" stands on line 3 already; would be right: another one`},
		{"PAC from anywhere", pac, `10: pac[2].from: missing; would be right: from = ["192.0.2.0/24"]`},
		{"PAC from nowhere", pac + "from = []", `12: pac[2].from: names no address; would be right: from = ["192.0.2.0/24"]`},
		{"PAC from no address", pac + "from = ['192.0.2', '192.0.3.1/24', '2001:db8::/32']", `12: pac[2].from[1]: "192.0.2" is not a range of addresses; would be right: "192.0.2.0/24" or "192.0.2.1"
12: pac[2].from[2]: "192.0.3.1/24" has bits set behind its mask; would be right: "192.0.3.0/24"
12: pac[2].from[3]: "2001:db8::/32" is not IPv4, which alone carries PPTP; would be right: "192.0.2.0/24"`},
		{"two PACs from one address", pac + "from = [\n'192.0.2.0/24',\n'198.51.100.1', '198.51.100.0/24']", `13: pac[2].from[1]: "192.0.2.0/24" overlaps 192.0.2.1/32 on line 4; would be right: each address once
14: pac[2].from[3]: "198.51.100.0/24" overlaps 198.51.100.1/32 on line 12; would be right: each address once`},
		{"PAC of the clients' name", "[[pac]]\nname = 'client'\nfrom = ['192.0.2.9']", `11: pac[2].name: "client" is what clients are called; would be right: another one`},
		{"clients from anywhere", "[clients]", `10: clients.from: missing; would be right: from = ["0.0.0.0/0"]`},
		{"clients from nowhere", "[clients]\nfrom = []", `11: clients.from: names no address; would be right: from = ["0.0.0.0/0"]`},
		{"clients from a PAC's address, and twice from theirs", "[clients]\nfrom = ['192.0.2.1', '192.0.2.0/24']", `11: clients.from[2]: "192.0.2.0/24" overlaps 192.0.2.1/32 on line 11; would be right: each address once`},
		{"clients' keys", "[clients]\nfrom = ['192.0.2.9']\ntransport = 'tcp'\nwindow = 'on'\nff03 = 'no'\nmru = 1401\nencryption = 'yes'\ncompression = ['zip']\nvj = 1\nname = 'x'", `12: clients.transport: "tcp" is not known here; would be right: "gre" or "udp"
13: clients.window: "on" is not true, false or a whole number; would be right: window = true, or one from 1 to 128
14: clients.ff03: "no" is not known here; would be right: "keep" or "strip"
15: clients.mru: 1401 is out of range; would be right: a whole number from 576 to 1400
16: clients.encryption: "yes" is not known here; would be right: "none", "optional" or "required"
17: clients.compression[1]: "zip" is no compression; would be right: "mppc", "deflate", "bsd", "lzs" or "predictor"
18: clients.vj: 1 is not true or false; would be right: vj = true
19: clients.name: unknown key; would be right: one of calls, calls_per_second, calls_per_source, compression, encryption, ff03, from, mru, transport, vj, window`},
		{"limits of peers", "[clients]\nfrom = ['192.0.2.9']\ncalls = 0\ncalls_per_source = 2000\ncalls_per_second = 'many'", `12: clients.calls: 0 is out of range; would be right: a whole number from 1 to 32767
13: clients.calls_per_source: 2000 is out of range; would be right: a whole number from 1 to 1000
14: clients.calls_per_second: "many" is not a whole number; would be right: one from 1 to 10000`},
		{"clients without keys", "[clients]\nfrom = ['192.0.2.9']\n[auth]\nmethods = ['chap-md5', 'pap']", `10: clients.encryption: is required, and no method of auth.methods leaves keys for it; would be right: "mschap-v2" among them`},

		{"transport", pac + "from = ['192.0.2.9']\ntransport = 'tcp'", `13: pac[2].transport: "tcp" is not known here; would be right: "gre" or "udp"`},
		{"MSS by rate", pac + "from = ['192.0.2.9']\nmss_by_rate = 1", `13: pac[2].mss_by_rate: 1 is not true or false; would be right: mss_by_rate = false`},
		{"Set-Link-Info", pac + "from = ['192.0.2.9']\nset_link_info = true", `13: pac[2].set_link_info: true is not text in quotes; would be right: set_link_info = "…"`},
		{"window", pac + "from = ['192.0.2.9']\nwindow = 'off'\nff03 = false\nmru = 575", `13: pac[2].window: "off" is not true, false or a whole number; would be right: window = true, or one from 1 to 128
14: pac[2].ff03: false is not text in quotes; would be right: ff03 = "…"
15: pac[2].mru: 575 is out of range; would be right: a whole number from 576 to 1400`},
		{"a large window", pac + "from = ['192.0.2.9']\nwindow = 129", `13: pac[2].window: 129 is out of range; would be right: a whole number from 1 to 128`},
		{"where a PAC is", pac + "from = ['192.0.2.9']\nconnect = 'pac.example'\n[[pac]]\nname = 'y'\nfrom = ['192.0.2.10']\nconnect = '192.0.2.11'\n[[pac]]\nname = 'z'\nfrom = ['192.0.2.12']\nconnect = '192.0.2.12:0'", `13: pac[2].connect: "pac.example" is not the IPv4 address of a host, with a port or without; would be right: "192.0.2.9" or "192.0.2.9:1723"
17: pac[3].connect: 192.0.2.11 is not among the addresses of from; would be right: there too
21: pac[4].connect: "192.0.2.12:0" is not the IPv4 address of a host, with a port or without; would be right: "192.0.2.9" or "192.0.2.9:1723"`},
		{"we open, and where is not said", pac + "from = ['192.0.2.9']\nopens = 'pns'", `10: pac[2].connect: missing; would be right: connect = "192.0.2.9"`},
		{"who opens the control connection", pac + "from = ['192.0.2.9']\none_call_per_connection = true", `13: pac[2].one_call_per_connection: unknown key; would be right: one of calls, calls_per_second, calls_per_source, connect, ff03, from, mru, mss_by_rate, name, opens, set_link_info, transport, window`},

		{"no methods", "[auth]\nmethods = []", `11: auth.methods: names no method, so nobody can log in; would be right: methods = ["mschap-v2", "pap"]`},
		{"methods", "[auth]\nmethods = ['ms-chap', 'eap', 'pap', 'pap']", `11: auth.methods[1]: "ms-chap" is no method; would be right: "mschap-v2", "eap-tls", "eap-mschap-v2", "mschap", "eap-md5", "chap-md5" or "pap"
11: auth.methods[2]: "eap" proves nothing here, it only tells a name; would be right: "mschap-v2", "eap-tls", "eap-mschap-v2", "mschap", "eap-md5", "chap-md5" or "pap"
11: auth.methods[4]: "pap" stands twice; would be right: once`},
		{"encryption", "[ppp]\nencryption = 'always'\nstrengths = ['64']\nstateless = 1\nvj = 2\ncompression = ['zip']\nmultilink = true\nidentify = 'denver'\nquality = 'on'\nquality_period = '0s'\nquality_loss = 101", `11: ppp.encryption: "always" is not known here; would be right: "none", "optional" or "required"
12: ppp.strengths[1]: "64" is no length of MPPE's keys; would be right: "128", "56" or "40"
13: ppp.stateless: 1 is not true or false; would be right: stateless = false
14: ppp.vj: 2 is not true or false; would be right: vj = false
15: ppp.compression[1]: "zip" is no compression; would be right: "mppc", "deflate", "bsd", "lzs" or "predictor"
16: ppp.multilink: true is not text in quotes; would be right: multilink = "…"
17: ppp.identify: "denver" is not true or false; would be right: identify = true
18: ppp.quality: "on" is not known here; would be right: "off", "answer" or "demand"
19: ppp.quality_period: "0s" is out of range; would be right: from "1s" to "1h"
20: ppp.quality_loss: 101 is out of range; would be right: a whole number from 1 to 100`},
		{"no strengths", "[ppp]\nstrengths = []", `11: ppp.strengths: names no length of keys; would be right: strengths = ["128"], or encryption = "none"`},
		{"encryption without keys", "[ppp]\nencryption = 'required'\n[auth]\nmethods = ['mschap-v2', 'pap']", `13: auth.methods[2]: pap leaves no keys for the encryption that ppp.encryption requires; would be right: "mschap-v2"`},

		{"limits", "[limits]\nidle = 900\nsession = '8d'\necho = '-1s'\necho_failures = 0", `11: limits.idle: 900 is not text in quotes; would be right: idle = "…"
12: limits.session: "8d" is not a duration; would be right: "45s", "10m" or "1h30m"
13: limits.echo: "-1s" is out of range; would be right: from "0s" to "1h"
14: limits.echo_failures: 0 is out of range; would be right: a whole number from 1 to 100`},

		{"activity", "[limits.activity]\nignore = ['ntp', 'udp']", `11: limits.activity.ignore[2]: "udp" is nothing that can be ignored; would be right: "netbios", "ntp", "mdns", "llmnr", "ssdp", "dhcp", "igmp", "icmp-errors", "tcp-keepalive", "tcp-reset", "unsolicited", "udp/514", "tcp/5900" or "ip/89"`},

		{"lockout", "[auth.lockout]\nattempts = -1\nwindow = '0s'\ntime = 15", `11: auth.lockout.attempts: -1 is out of range; would be right: a whole number from 0 to 1000
12: auth.lockout.window: "0s" is out of range; would be right: from "1s" to "168h"
13: auth.lockout.time: 15 is not text in quotes; would be right: time = "…"`},
		{"rechallenge", "[auth]\nrechallenge = '30s'", `11: auth.rechallenge: 30s is too often; would be right: "0s", never, or "1m" and more`},
		{"hours", user + "password = 'x'\nhours = '8-18'\ndisabled = 'no'\ndial_in = 0", `13: user[2].hours: "8-18" is not two times of a day; would be right: "08:00-18:00"
14: user[2].disabled: "no" is not true or false; would be right: disabled = true
15: user[2].dial_in: 0 is not true or false; would be right: dial_in = false`},
		{"user without name", "[[user]]\npassword = 'x'", `10: user[2].name: missing; would be right: name = "saran"`},
		{"user with empty name", "[[user]]\nname = ''\npassword = 'x'", `11: user[2].name: "" is nobody; would be right: "saran"`},
		{"user with a very long name", "[[user]]\nname = '" + strings.Repeat("x", 256) + "'\npassword = 'x'", `11: user[2].name: longer than 255 octets`},
		{"user twice", "[[user]]\nname = 'saran'\npassword = 'x'", `11: user[2].name: "saran" is there already`},
		{"user twice but for case", "[[user]]\nname = 'Saran'\npassword = 'x'", `11: user[2].name: "Saran" differs from "saran" only in case`},
		{"user without password", user, `10: user[2].password: missing; would be right: password = "…" or nt_hash = "…"`},
		{"empty password", user + "password = ''", `12: user[2].password: is empty; would be right: password = "…"`},
		{"a password that is a number", user + "password = 4711", `12: user[2].password: not text in quotes; would be right: password = "…"`},
		{"both secrets", user + "password = 'x'\nnt_hash = '44EBBA8D5312B8D611474411F56989AE'", `13: user[2].nt_hash: stands beside password; would be right: one of them`},
		{"hash", user + "nt_hash = '44EBBA8D5312B8D6'", `12: user[2].nt_hash: is not 32 hexadecimal digits; would be right: the MD4 hash of the password in UTF-16`},
		{"hash for CHAP-MD5", user + "nt_hash = '44EBBA8D5312B8D611474411F56989AE'\n[auth]\nmethods = ['chap-md5']", `12: user[2].nt_hash: is of no use for the methods that auth.methods names; would be right: a password, or "mschap-v2" among the methods`},
		{"an expired password without state", user + "password = 'x'\nexpired = true", `13: user[2].expired: needs a folder to keep the new password in; would be right: state = "/var/lib/carrier/pns" at the beginning of the file`},
		{"an expired password that nobody can change", user + "password = 'x'\nexpired = true\n[auth]\nmethods = ['pap', 'mschap']", `13: user[2].expired: never lets the user in, for none of the methods that auth.methods names can change a password; would be right: "mschap-v2" or "eap-mschap-v2" among them`},
		{"expired at a time", user + "password = 'x'\nexpired = '2026-12-01'", `13: user[2].expired: "2026-12-01" is not true or false; would be right: expired = true`},
		{"address", user + "password = 'x'\naddress = '2.1.1'", `13: user[2].address: "2.1.1" is not an IP address; would be right: "192.0.2.1"`},
		{"address of no host", user + "password = 'x'\naddress = '127.0.0.1'", `13: user[2].address: "127.0.0.1" is not the address of a host on a network; would be right: "192.0.2.1"`},
		{"address of IPv6", user + "password = 'x'\naddress = 'fd00::1'", `13: user[2].address: "fd00::1" is not IPv4; would be right: "192.0.2.1"`},
		{"address of another user", user + "password = 'x'\naddress = '2.1.1.130'\n[[user]]\nname = 'v'\npassword = 'x'\naddress = '2.1.1.130'", `17: user[3].address: 2.1.1.130 is the address of "u" already`},
		{"our address", user + "password = 'x'\naddress = '10.64.64.64'", `13: user[2].address: 10.64.64.64 is lan.local, our own; would be right: an address that no host has`},
		{"simultaneous", user + "password = 'x'\nsimultaneous = 'kick'", `13: user[2].simultaneous: "kick" is not known here; would be right: "unlimited", "refuse" or "replace"`},
		{"limits of a user", user + "password = 'x'\nidle = '0s'\nsession = '200h'", `13: user[2].idle: "0s" is out of range; would be right: from "1s" to "168h"
14: user[2].session: "200h" is out of range; would be right: from "1s" to "168h"`},
		{"callback", user + "password = 'x'\ncallback = 'always'\ncallback_numbers = 5\ncallback_required = 'yes'", `13: user[2].callback: "always" is not known here; would be right: "none", "number", "list" or "caller"
14: user[2].callback_numbers: 5 is not an array; would be right: callback_numbers = ["…"]
15: user[2].callback_required: "yes" is not true or false; would be right: callback_required = true`},
		{"callback without numbers", user + "password = 'x'\ncallback = 'caller'", `10: user[2].callback_numbers: missing; would be right: callback_numbers = ["5551212"]`},
		{"callback at no number", user + "password = 'x'\ncallback = 'list'\ncallback_numbers = []", `14: user[2].callback_numbers: names no number; would be right: callback_numbers = ["5551212"]`},
		{"callback at two numbers", user + "password = 'x'\ncallback = 'number'\ncallback_numbers = ['5551212', '555-1213']", `14: user[2].callback_numbers: names 2 numbers; would be right: one, or callback = "list"`},
		{"callback at no numbers", user + "password = 'x'\ncallback = 'list'\ncallback_numbers = ['555*0W', 'home', '555*']", `14: user[2].callback_numbers[1]: "555*0W" is no number that can be rung; would be right: "5551212"
14: user[2].callback_numbers[2]: "home" is no number that can be rung; would be right: "5551212"
14: user[2].callback_numbers[3]: "555*" is no number that can be rung; would be right: "5551212"`},
		{"callback at no patterns", user + "password = 'x'\ncallback = 'caller'\ncallback_numbers = ['555 12*', '*']", `14: user[2].callback_numbers[1]: "555 12*" is neither a number nor how numbers begin; would be right: "5551212", or "555*" for all that begin so`},
		{"a long list", user + "password = 'x'\ncallback = 'list'\ncallback_numbers = [" + strings.Repeat("'"+strings.Repeat("5", 40)+"', ", 7) + "]", `14: user[2].callback_numbers: the list is longer than 252 octets, which a caller cannot be told; would be right: fewer of them`},
		{"numbers without callback", user + "password = 'x'\ncallback_numbers = ['5551212']\ncallback_required = false", `13: user[2].callback_numbers: means nothing without callback; would be right: callback = "number" beside it
14: user[2].callback_required: means nothing without callback; would be right: callback = "number" beside it`},
		{"how callers are rung", user + "password = 'x'\ncallback = 'number'\ncallback_numbers = ['5551212']\n[callback]\nthrough = ['boston']\nevery = '0s'\nwithin = '25h'\nnumber = '1'", `16: callback.through[1]: "boston" is no [[pac]]; would be right: the name of one
17: callback.every: "0s" is out of range; would be right: from "1s" to "1h"
18: callback.within: "25h" is out of range; would be right: from "10s" to "24h"
19: callback.number: unknown key; would be right: one of every, through, within`},
		{"rung through nobody", user + "password = 'x'\ncallback = 'number'\ncallback_numbers = ['5551212']\n[callback]\nthrough = []", `16: callback.through: names no PAC; would be right: without it, the one by which the caller came`},
		{"nobody is called back", "[callback]\nevery = '10s'", `10: callback: means nothing where no [[user]] is called back; would be right: callback = "number" at one of them, or without it`},
	} {
		wrong(t, tt.name, least+tt.add, tt.want)
	}
}

// These are cases for [lan], which stands in the middle of the good file: the
// text takes the place of its line 6.
func TestMistakesOfTheLAN(t *testing.T) {
	const pool = "addresses = ['2.1.1.129-2.1.1.190']\n"
	for _, tt := range []struct{ name, lan, want string }{
		{"no addresses", "", `5: lan.addresses: missing, and "saran" has no address of its own; would be right: addresses = ["2.1.1.129-2.1.1.190"]`},
		{"only our own address", "addresses = ['2.1.1.60']\nlocal = '2.1.1.60'", `6: lan.addresses: has no address for "saran": those there are lan.local or of other users; would be right: addresses = ["2.1.1.129-2.1.1.190"]`},
		{"only other users' addresses", "addresses = ['2.1.1.60-2.1.1.61']\nlocal = '2.1.1.60'\n[[user]]\nname = 'a'\npassword = 'x'\naddress = '2.1.1.61'", `6: lan.addresses: has no address for "saran": those there are lan.local or of other users; would be right: addresses = ["2.1.1.129-2.1.1.190"]`},
		{"a pool of our own address", pool + "local = '2.1.2.1'\n[[pool]]\nname = 'p'\naddresses = ['2.1.2.1', '2.1.2.2']\nnext = 'q'\n[[pool]]\nname = 'q'\naddresses = ['2.1.2.3']\n" +
			"[[user]]\nname = 'a'\npassword = 'x'\npool = 'p'\n[[user]]\nname = 'b'\npassword = 'x'\naddress = '2.1.2.2'\n[[user]]\nname = 'c'\npassword = 'x'\naddress = '2.1.2.3'",
			`10: pool[1].addresses: has no address for "a": those there are lan.local or of other users; would be right: addresses = ["2.1.1.129-2.1.1.190"]`},
		{"mode", pool + "mode = 'bridge'", `7: lan.mode: "bridge" is not known here; would be right: "userspace" or "tun"`},
		{"details of another mode", pool + "mode = 'tun'\n[lan.userspace]\nonly_mapped = true", `8: lan.userspace: is of no use where lan.mode is "tun"; would be right: mode = "userspace", or without it`},
		{"details of the kernel's mode", pool + "[lan.tun]\nname = 'x'", `7: lan.tun: is of no use where lan.mode is "userspace"; would be right: mode = "tun", or without it`},
		{"interfaces", pool + "mode = 'tun'\n[lan.tun]\nname = 'a name/that cannot be'\nproxy_arp = 'eth0'\nmasquerade = ['']\nforwarding = 1", `9: lan.tun.name: "a name/that cannot be" cannot be an interface; would be right: "eth0"
10: lan.tun.proxy_arp: "eth0" is not an array; would be right: proxy_arp = ["…"]
11: lan.tun.masquerade[1]: "" cannot be an interface; would be right: "eth0"
12: lan.tun.forwarding: 1 is not true or false; would be right: forwarding = true`},
		{"our own interface", pool + "mode = 'tun'\n[lan.tun]\nname = 'lan'\nproxy_arp = ['eth0', 'lan']\nmasquerade = ['lan']", `10: lan.tun.proxy_arp[2]: "lan" is what pns calls the interface that it makes (lan.tun.name); would be right: an interface that this host has
11: lan.tun.masquerade[1]: "lan" is what pns calls the interface that it makes (lan.tun.name); would be right: an interface that this host has`},
		{"a PAC among the callers", "addresses = ['192.0.2.0/29']\nmode = 'tun'", `4: pac[1].from[1]: 192.0.2.1/32 is among the addresses of callers (192.0.2.1/32), so the tunnel would lead into itself; would be right: an address that no caller gets`},
		{"pools", pool + "[[pool]]\n[[pool]]\nname = 'default'\naddresses = ['2.1.1.140']\n[[pool]]\nname = 'a'\naddresses = ['10.0.0.0/24']\n[[pool]]\nname = 'a'\naddresses = ['10.0.1.0/24']\nnext = 'b'", `7: pool[1].addresses: missing; would be right: addresses = ["2.1.2.0/24"]
7: pool[1].name: missing; would be right: name = "sales"
9: pool[2].name: "default" is the name of something else; would be right: "sales"
10: pool[2].addresses[1]: "2.1.1.140" overlaps 2.1.1.129-2.1.1.190; would be right: each address once
15: pool[4].name: "a" stands on line 12 already; would be right: another one
17: pool[4].next: "b" is no [[pool]]; would be right: the name of one`},
		{"a chain without end", pool + "next = 'a'\n[[pool]]\nname = 'a'\naddresses = ['10.0.0.0/24']\nnext = 'b'\n[[pool]]\nname = 'b'\naddresses = ['10.0.1.0/24']\nnext = 'a'", `11: pool[1].next: "b" leads back to "a"; would be right: a chain that ends
15: pool[2].next: "a" leads back to "b"; would be right: a chain that ends`},
		{"addresses of the LAN's server without a LAN", "addresses = 'dhcp'", `6: lan.addresses: "dhcp" needs the LAN of the server; would be right: mode = "tun" in [lan], and the one interface in lan.tun.proxy_arp`},
		{"of two LANs", "addresses = 'dhcp'\nmode = 'tun'\n[lan.tun]\nproxy_arp = ['eth0', 'eth1']", `6: lan.addresses: "dhcp" needs the LAN of the server; would be right: mode = "tun" in [lan], and the one interface in lan.tun.proxy_arp`},
		{"of another server", "addresses = 'bootp'", `6: lan.addresses: "bootp" is not known here; would be right: "dhcp"`},
		{"of it in a chain", "addresses = 'dhcp'\nnext = 'p'\nmode = 'tun'\n[lan.tun]\nproxy_arp = ['eth0']\n[[pool]]\nname = 'p'\naddresses = ['10.0.0.1']\nnext = 'q'\n[[pool]]\nname = 'q'\naddresses = 'dhcp'",
			`7: lan.next: leads from or to addresses = "dhcp", where nobody knows what is left; would be right: without it
14: pool[1].next: leads from or to addresses = "dhcp", where nobody knows what is left; would be right: without it`},
		{"what callers ask", pool + "[lan.dhcp]\ndomain = 'corp_1.example'\nroutes = ['10.0.0.0/8', 'ten', '10.0.0.1/8', '2001:db8::/32']\nname = 'x'", `8: lan.dhcp.domain: "corp_1.example" is no domain; would be right: "corp.example"
9: lan.dhcp.routes[2]: "ten" is not a range of addresses; would be right: "192.0.2.0/24" or "192.0.2.1"
9: lan.dhcp.routes[3]: "10.0.0.1/8" has bits set behind its mask; would be right: "10.0.0.0/8"
9: lan.dhcp.routes[4]: "2001:db8::/32" is not IPv4; would be right: "10.0.0.0/8"
10: lan.dhcp.name: unknown key; would be right: one of domain, routes`},
		{"an empty domain", pool + "[lan.dhcp]\ndomain = ''", `8: lan.dhcp.domain: "" is no domain; would be right: "corp.example"`},
		{"a domain that ends", pool + "[lan.dhcp]\ndomain = 'corp.example.'", `8: lan.dhcp.domain: "corp.example." is no domain; would be right: "corp.example"`},
		{"a domain without end", pool + "[lan.dhcp]\ndomain = '" + strings.Repeat("corp.", 50) + "corp'", `8: lan.dhcp.domain: "` + strings.Repeat("corp.", 12) + `"… is no domain; would be right: "corp.example"`},
		{"more than fits", pool + "[lan.dhcp]\nroutes = [" + strings.Repeat("'10.1.0.0/16', ", 20) + "]", `8: lan.dhcp.routes: with the domain and the servers they are more than each machine takes in one answer; would be right: fewer, larger networks`},
		{"hold", pool + "hold = 300", `7: lan.hold: 300 is not text in quotes; would be right: hold = "…"`},
		{"a user's pool", pool + "[[user]]\nname = 'a'\npassword = 'x'\npool = 'sales'\n[[pool]]\nname = 'b'\naddresses = ['10.0.0.1']\n[[user]]\nname = 'c'\npassword = 'x'\npool = 'b'\naddress = '2.1.1.9'", `10: user[1].pool: "sales" is no [[pool]]; would be right: the name of one
17: user[2].pool: stands beside address; would be right: one of them`},
		{"addresses", "addresses = ['2.1.1.190-2.1.1.129', '2.1.1', '2.1.1.1/24', '224.0.0.1-224.0.0.9', 5]", `6: lan.addresses[1]: "2.1.1.190-2.1.1.129" is no range: 2.1.1.190 is beyond 2.1.1.129; would be right: "2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"
6: lan.addresses[2]: "2.1.1" is no range: "2.1.1" is not an IPv4 address; would be right: "2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"
6: lan.addresses[3]: "2.1.1.1/24" has bits set behind its mask; would be right: "2.1.1.0/24"
6: lan.addresses[4]: "224.0.0.1-224.0.0.9" has addresses of 224.0.0.0/4, which no host has; would be right: "2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"
6: lan.addresses[5]: 5 is not text in quotes; would be right: addresses = ["…"]`},
		{"addresses that no host has", "addresses = ['126.255.255.250-128.0.0.5', '223.0.0.1-240.0.0.1', '0.0.0.0/0',\n'0.0.0.0-0.0.0.9', '255.255.255.254-255.255.255.255', '127.0.0.9', '126.255.255.250-126.255.255.255', '128.0.0.0-128.0.0.5']", `6: lan.addresses[1]: "126.255.255.250-128.0.0.5" has addresses of 127.0.0.0/8, which no host has; would be right: "2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"
6: lan.addresses[2]: "223.0.0.1-240.0.0.1" has addresses of 224.0.0.0/4, which no host has; would be right: "2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"
6: lan.addresses[3]: "0.0.0.0/0" has addresses of 127.0.0.0/8, which no host has; would be right: "2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"
7: lan.addresses[4]: "0.0.0.0-0.0.0.9" has addresses of 0.0.0.0/32, which no host has; would be right: "2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"
7: lan.addresses[5]: "255.255.255.254-255.255.255.255" has addresses of 255.255.255.255/32, which no host has; would be right: "2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"
7: lan.addresses[6]: "127.0.0.9" has addresses of 127.0.0.0/8, which no host has; would be right: "2.1.1.129-2.1.1.190", "2.1.1.128/26" or "2.1.1.129"`},
		{"a chain that leads into one without end", pool + "next = 'a'\n[[pool]]\nname = 'a'\naddresses = ['10.0.0.0/24']\nnext = 'a'\n[[pool]]\nname = 'b'\naddresses = ['10.0.1.0/24']\nnext = 'a'", `11: pool[1].next: "a" leads back to "a"; would be right: a chain that ends`},
		{"a pool that overlaps itself", "addresses = ['2.1.1.129-2.1.1.190', '2.1.1.128/28']", `6: lan.addresses[2]: "2.1.1.128/28" overlaps 2.1.1.129-2.1.1.190; would be right: each address once`},
		{"servers in the pool", pool + "dns = ['2.1.1.53', '2.1.1.130']\nwins = ['2.1.1.131']", `7: lan.dns[2]: "2.1.1.130" is among the callers' addresses, so a caller may get it; would be right: an address that no caller gets
8: lan.wins[1]: "2.1.1.131" is among the callers' addresses, so a caller may get it; would be right: an address that no caller gets`},
		{"servers", pool + "dns = ['ns.example', '255.255.255.255']", `7: lan.dns[1]: "ns.example" is not an IP address; would be right: "192.0.2.1"
7: lan.dns[2]: "255.255.255.255" is not the address of a host on a network; would be right: "192.0.2.1"`},
		{"local", pool + "local = 'fd00::1'", `7: lan.local: "fd00::1" is not IPv4; would be right: "192.0.2.1"`},
		{"map", pool + "[lan.userspace.map]\n'2.1.1.10' = '127.0.0.1:80'\n'2.1.1.11:80' = '127.0.0.1'\n'2.1.1.140:80' = '127.0.0.1:80'\n'2.1.1.12:80' = 80", `8: lan.userspace.map."2.1.1.10": "2.1.1.10" is not an IPv4 address and a port; would be right: "2.1.1.10:80" = "127.0.0.1:8080"
9: lan.userspace.map."2.1.1.11:80": "127.0.0.1" is not a host and a port; would be right: "127.0.0.1:8080"
10: lan.userspace.map."2.1.1.140:80": 2.1.1.140 is among the callers' addresses, so a caller may get it; would be right: an address that no caller gets
11: lan.userspace.map."2.1.1.12:80": 80 is not text in quotes; would be right: "2.1.1.12:80" = "…"`},
		{"IPv6 in user space", pool + "[lan.ipv6]\nprefixes = ['2001:db8:1::/56']", `7: lan.ipv6: is carried through the kernel alone, and lan.mode is "userspace"; would be right: mode = "tun", or without it`},
		{"IPv6 without prefixes", pool + "mode = 'tun'\n[lan.ipv6]\ndns = ['2001:db8::53']", `8: lan.ipv6.prefixes: missing; would be right: prefixes = ["2001:db8:1::/56"]`},
		{"no prefix of IPv6", pool + "mode = 'tun'\n[lan.ipv6]\nprefixes = []", `9: lan.ipv6.prefixes: names no prefix; would be right: prefixes = ["2001:db8:1::/56"]`},
		{"prefixes of IPv6", pool + "mode = 'tun'\n[lan.ipv6]\nprefixes = ['2001:db8:1::/56', '2001:db8:1:80::/57', '2001:db8:2::/65', '2001:db8::/32', '10.0.0.0/8', 'fe80::/64', 'ff0e::/48', '2001:db8:3::1/56', 'x']", `9: lan.ipv6.prefixes[2]: "2001:db8:1:80::/57" overlaps 2001:db8:1::/56; would be right: each network once
9: lan.ipv6.prefixes[3]: "2001:db8:2::/65" is too small for the /64 of a caller; would be right: "2001:db8:1::/56"
9: lan.ipv6.prefixes[4]: "2001:db8::/32" is larger than a /40; would be right: "2001:db8:1::/56"
9: lan.ipv6.prefixes[5]: "10.0.0.0/8" is no network of IPv6 that hosts can be in; would be right: "2001:db8:1::/56"
9: lan.ipv6.prefixes[6]: "fe80::/64" is no network of IPv6 that hosts can be in; would be right: "2001:db8:1::/56"
9: lan.ipv6.prefixes[7]: "ff0e::/48" is no network of IPv6 that hosts can be in; would be right: "2001:db8:1::/56"
9: lan.ipv6.prefixes[8]: "2001:db8:3::1/56" has bits set behind its mask; would be right: "2001:db8:3::/56"
9: lan.ipv6.prefixes[9]: "x" is not a prefix; would be right: "2001:db8:1::/56"`},
		{"name servers of IPv6", pool + "mode = 'tun'\n[lan.ipv6]\nprefixes = ['2001:db8:1::/56']\ndns = ['2001:db8:1:7::53', '2.1.1.53', 'fe80::1']", `10: lan.ipv6.dns[1]: "2001:db8:1:7::53" is among the callers' networks, so a caller may get it; would be right: an address that no caller gets
10: lan.ipv6.dns[2]: "2.1.1.53" is not the IPv6 address of a host beyond the link; would be right: "2001:db8::53"
10: lan.ipv6.dns[3]: "fe80::1" is not the IPv6 address of a host beyond the link; would be right: "2001:db8::53"`},
		{"too many name servers", pool + "mode = 'tun'\n[lan.ipv6]\nprefixes = ['2001:db8:1::/56']\ndns = [" + strings.Repeat("'2001:db8::53', ", 9) + "]", `10: lan.ipv6.dns: names 9 servers; would be right: 8 at most`},
		{"users' networks", pool + "mode = 'tun'\n[lan.ipv6]\nprefixes = ['2001:db8:1::/56']\ndns = ['2001:db8:2::53']\n[[user]]\nname = 'a'\npassword = 'x'\nprefix6 = '2001:db8:1::/56'\n" +
			"[[user]]\nname = 'b'\npassword = 'x'\nprefix6 = '2001:db8:2::/64'\n[[user]]\nname = 'c'\npassword = 'x'\nprefix6 = '2001:db8:1:7::/64'\n[[user]]\nname = 'd'\npassword = 'x'\nprefix6 = '2001:db8:1:7::/64'",
			`14: user[1].prefix6: "2001:db8:1::/56" is not a /64; would be right: "2001:db8:1:7::/64"
18: user[2].prefix6: 2001:db8:2::/64 has an address of lan.ipv6.dns; would be right: a network without hosts
26: user[4].prefix6: 2001:db8:1:7::/64 is the network of "c" already`},
		{"a user's network without IPv6", pool + "[[user]]\nname = 'a'\npassword = 'x'\nprefix6 = '2001:db8:1:7::/64'", `10: user[1].prefix6: is of no use without [lan.ipv6]; would be right: both, or none`},
		{"only_mapped", pool + "[lan.userspace]\nonly_maped = true", `8: lan.userspace.only_maped: unknown key; would be right: only_mapped`},
		{"a user's address that a host has", pool + "dns = ['2.1.1.53']\nwins = ['2.1.1.54']\n[lan.userspace]\nmap = {'2.1.1.10:80' = 'localhost:80'}\n" +
			"[[user]]\nname = 'a'\npassword = 'x'\naddress = '2.1.1.53'\n[[user]]\nname = 'b'\npassword = 'x'\naddress = '2.1.1.54'\n[[user]]\nname = 'c'\npassword = 'x'\naddress = '2.1.1.10'",
			`14: user[1].address: 2.1.1.53 is in lan.dns; would be right: an address that no host has
18: user[2].address: 2.1.1.54 is in lan.wins; would be right: an address that no host has
22: user[3].address: 2.1.1.10 is mapped by lan.userspace.map; would be right: an address that no host has`},
	} {
		text := strings.Replace(least, "addresses = [\"2.1.1.129-2.1.1.190\"]\n", tt.lan+"\n", 1)
		wrong(t, tt.name, text, tt.want)
	}
}

func TestMistakesOfTheWholeFile(t *testing.T) {
	wrong(t, "nothing", "", `1: name: missing; would be right: name = "atlanta"
1: pac: missing, so nobody may bring calls; would be right: at least one [[pac]], [clients], or [[dial]]
1: user: missing, so nobody can log in; would be right: at least one [[user]]`)
	wrong(t, "listening", "listen = 'localhost:1723'\nudp = '[::]:4754'\n"+least, `1: listen: "localhost:1723" is not an IP address and a port; would be right: "127.0.0.1:1723"
2: udp: "[::]:4754" is not IPv4, which alone carries PPTP; would be right: "0.0.0.0:1723"`)
	for _, panel := range []string{"127.0.0.1:1723", "0.0.0.0:1723", "[::]:1723"} {
		wrong(t, "panel", "panel = '"+panel+"'\n"+least, "1: panel: "+panel+" overlaps listen, 0.0.0.0:1723; would be right: each port once")
	}
	wrong(t, "panel of the same address", "panel = '[::ffff:127.0.0.1]:1723'\nlisten = '127.0.0.1:1723'\n"+least, "1: panel: [::ffff:127.0.0.1]:1723 overlaps listen, 127.0.0.1:1723; would be right: each port once")
	wrong(t, "callback without a PAC", strings.Replace(least, "[[pac]]\nname = \"a\"", "[clients]", 1)+"callback = 'number'\ncallback_numbers = ['5551212']", `9: user[1].callback: needs a PAC that rings; would be right: at least one [[pac]]`)
	wrong(t, "kinds of values", "name = 'd'\npac = 1\nlan = []\nauth = 'pap'\nlimits = 'none'\nuser = {}", `2: pac: 1 is not an array of tables; would be right: [[pac]]
3: lan: an array is not a table; would be right: [lan]
4: auth: "pap" is not a table; would be right: [auth]
5: limits: "none" is not a table; would be right: [limits]
6: user: a table is not an array of tables; would be right: [[user]]`)
}

// Addresses of users may lie in the pool, which then keeps them for these users,
// or outside.
func TestFixedAddresses(t *testing.T) {
	for _, a := range []string{"2.1.1.129", "2.1.9.9"} {
		c, err := Parse("pns.toml", []byte(least+"address = '"+a+"'"))
		if err != nil || c.Users[0].Address != ip(a) {
			t.Errorf("%s: %v", a, err)
		}
	}
	only := strings.Replace(least, "addresses = [\"2.1.1.129-2.1.1.190\"]\n", "", 1) + "address = '2.1.1.129'"
	if _, err := Parse("pns.toml", []byte(only)); err != nil {
		t.Errorf("without a pool, where every user has an address: %v", err)
	}
	elsewhere := least + "pool = 'p'\n[[pool]]\nname = 'p'\naddresses = ['10.64.64.64']\nnext = 'q'\n[[pool]]\nname = 'q'\naddresses = ['2.1.2.1-2.1.2.2']\n[[user]]\nname = 'a'\npassword = 'x'\naddress = '2.1.2.1'"
	if _, err := Parse("pns.toml", []byte(elsewhere)); err != nil {
		t.Errorf("a pool of our own address, and behind it one that has another: %v", err)
	}
}

func wrong(t *testing.T, name, text, want string) {
	t.Helper()
	c, err := Parse("pns.toml", []byte(text))
	if c != nil || err == nil {
		t.Errorf("%s: no mistake found", name)
		return
	}
	if got := strings.ReplaceAll(err.Error(), "pns.toml:", ""); got != want {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", name, got, want)
	}
}
