package config

import (
	"strings"
	"testing"
)

// In each case the text is added to a good file, or put in place of a line of
// it, and these are all the mistakes, without "pac.toml:".
func TestMistakes(t *testing.T) {
	const bank, user, menu = "[[bank]]\nname = \"x\"\n", "[[user]]\nname = \"u\"\n", "[[identify.menu]]\n"
	for _, tt := range []struct{ name, add, want string }{
		{"unknown key", "[defualt]\n", `8: defualt: unknown key; would be right: default`},
		{"unknown key of a table", user + "tunel = ['192.0.2.1']", "8: user[1].tunnel: missing; would be right: tunnel = [\"192.0.2.1\"], or host = \"tcp://bbs.example:23\"\n10: user[1].tunel: unknown key; would be right: tunnel"},

		{"bank without lines", bank, `8: bank[2].ports: missing; would be right: ports = ["/dev/ttyS0"], or listen = "tcp://127.0.0.1:5600"`},
		{"bank without ports", bank + "ports = []", `10: bank[2].ports: names no port; would be right: ports = ["/dev/ttyS0"]`},
		{"bank without name", "[[bank]]\nports = ['tcp://192.0.2.9:1']", `8: bank[2].name: missing; would be right: name = "courier"`},
		{"bank of every line", "[[bank]]\nname = 'all'\nports = ['tcp://192.0.2.9:1']", `9: bank[2].name: "all" is the word for every line in commands; would be right: another name, as "courier"`},
		{"two banks of one name", "[[bank]]\nname = 'b'\nports = ['tcp://192.0.2.9:1']", `9: bank[2].name: "b" stands on line 4 already; would be right: another one`},
		{"bank of both kinds", bank + "ports = ['tcp://192.0.2.9:1']\nlisten = 'tcp://127.0.0.1:1'", `11: bank[2].listen: stands beside ports; would be right: a bank for each`},
		{"lines beside ports", bank + "ports = ['tcp://192.0.2.9:1']\nlines = 2", `11: bank[2].lines: means nothing beside ports; would be right: without it, each port is one line`},
		{"hunting beside ports", bank + "ports = ['tcp://192.0.2.9:1']\nhunt = 'first'", `11: bank[2].hunt: means nothing beside ports, where the telephone network hunts; would be right: without it`},
		{"hunt", bank + "listen = 'tcp://127.0.0.1:1'\nhunt = 'last'", `11: bank[2].hunt: "last" is not known here; would be right: "first", "round-robin" or "longest-idle"`},
		{"too many lines", bank + "listen = 'tcp://127.0.0.1:1'\nlines = 0", `11: bank[2].lines: 0 is out of range; would be right: a whole number from 1 to 1000`},
		{"init beside listen", bank + "listen = 'tcp://127.0.0.1:1'\ninit = ['ATZ']", `11: bank[2].init: means nothing beside listen, where a connection is itself a call; would be right: without it`},
		{"kind", bank + "ports = ['tcp://192.0.2.9:1']\nkind = 'direct'", `11: bank[2].kind: "direct" is not known here; would be right: "modem" or "cable"`},
		{"profile", bank + "ports = ['tcp://192.0.2.9:1']\nprofile = 'courier'", `11: bank[2].profile: "courier" is not known here; would be right: "auto", "usr", "zyxel", "multitech", "lucent", "conexant", "cellular", "wifi" or "hayes"`},
		{"a cable's profile", bank + "ports = ['/dev/ttyS0']\nkind = 'cable'\nprofile = 'usr'", `12: bank[2].profile: means nothing at a cable, where nobody takes commands; would be right: without it`},
		{"a cable's line", bank + "ports = ['/dev/ttyS0']\nkind = 'cable'\nline_rate = 28800", `12: bank[2].line_rate: means nothing at a cable, where nobody takes commands; would be right: without it`},
		{"the line's rate", bank + "ports = ['/dev/ttyS0']\nline_rate = '33.6'\n" + strings.Replace(bank, "x", "y", 1) + "listen = 'tcp://127.0.0.1:1'\nline_rate = -1", `11: bank[2].line_rate: "33.6" is not a whole number; would be right: one from 0 to 4000000
15: bank[3].line_rate: -1 is out of range; would be right: a whole number from 0 to 4000000
15: bank[3].line_rate: means nothing beside listen, where a connection is itself a call; would be right: without it`},
		{"a cable's commands", bank + "ports = ['/dev/ttyS0']\nkind = 'cable'\ninit = ['ATZ']", `12: bank[2].init: means nothing at a cable, where nobody takes commands; would be right: without it`},
		{"kind beside listen", bank + "listen = 'tcp://127.0.0.1:1'\nkind = 'cable'", `11: bank[2].kind: means nothing beside listen, where a connection is itself a call; would be right: without it`},
		{"a port in two banks", bank + "ports = ['tcp://192.0.2.9:1', 'tcp://127.0.0.1:5600']", `10: bank[2].ports[2]: "tcp://127.0.0.1:5600" stands on line 5 already; would be right: each port once`},
		{"a port twice in a bank", bank + "ports = ['unix:///a',\n'unix:///a']", `11: bank[2].ports[2]: "unix:///a" stands on line 10 already; would be right: each port once`},
		{"a port in other words", bank + "ports = ['tcp://localhost:2001',\n'telnet://127.0.0.1:2001', 'TCP://[::ffff:127.0.0.1]:02001', 'tcp://[::1]:2001', 'tcp://ip6-localhost:2001', 'unix:///run/a',\n'unix:///run//a']", `11: bank[2].ports[2]: "telnet://127.0.0.1:2001" is "tcp://localhost:2001" on line 10, in other words; would be right: each port once
11: bank[2].ports[3]: "TCP://[::ffff:127.0.0.1]:02001" is "tcp://localhost:2001" on line 10, in other words; would be right: each port once
11: bank[2].ports[5]: "tcp://ip6-localhost:2001" is "tcp://[::1]:2001" on line 10, in other words; would be right: each port once
12: bank[2].ports[7]: "unix:///run//a" is "unix:///run/a" on line 10, in other words; would be right: each port once`},
		{"listening in other words", bank + "listen = 'tcp://localhost:5600'", `10: bank[2].listen: "tcp://localhost:5600" is "tcp://127.0.0.1:5600" on line 5, in other words; would be right: each port once`},
		{"listening twice", bank + "listen = 'tcp://127.0.0.1:5600'", `10: bank[2].listen: "tcp://127.0.0.1:5600" stands on line 5 already; would be right: each port once`},
		{"listening at all addresses", bank + "listen = 'tcp://0.0.0.0:5600'", `10: bank[2].listen: "tcp://0.0.0.0:5600" overlaps "tcp://127.0.0.1:5600" on line 5, for one of both listens at all addresses; would be right: each port once`},
		{"listening where all addresses are taken", bank + "listen = 'tcp://[::]:5601'\n" + bank[:9] + "name = 'y'\nlisten = 'tcp://192.0.2.1:5601'\n" + bank[:9] + "name = 'z'\nports = ['tcp://localhost:5601', 'tcp://192.0.2.1:5601', 'tcp://127.0.0.1:5602']", `13: bank[3].listen: "tcp://192.0.2.1:5601" overlaps "tcp://[::]:5601" on line 10, for one of both listens at all addresses; would be right: each port once
16: bank[4].ports[1]: "tcp://localhost:5601" overlaps "tcp://[::]:5601" on line 10, for one of both listens at all addresses; would be right: each port once`},
		{"a port that is called by itself", bank + "ports = ['tcp://127.0.0.1:5601']\n" + bank[:9] + "name = 'y'\nlisten = 'tcp://0.0.0.0:5601'", `13: bank[3].listen: "tcp://0.0.0.0:5601" overlaps "tcp://127.0.0.1:5601" on line 10, for one of both listens at all addresses; would be right: each port once`},
		{"serial port", bank + "ports = ['/dev/ttyS[0-7', '/dev//ttyS0']", `10: bank[2].ports[1]: "/dev/ttyS[0-7" is no port: a bracket of the pattern is not closed; use /dev/ttyS[0-7]; would be right: "/dev/ttyS0", "rfc2217://192.0.2.9:2217", "tcp://192.0.2.9:2001" or "unix:///run/modem"
10: bank[2].ports[2]: "/dev//ttyS0" is no port: a path in short: /dev/ttyS0; would be right: "/dev/ttyS0", "rfc2217://192.0.2.9:2217", "tcp://192.0.2.9:2001" or "unix:///run/modem"`},
		{"speed", bank + "ports = ['/dev/ttyS0']\nspeed = 110\nflow = 'dtr'", `11: bank[2].speed: 110 is out of range; would be right: a whole number from 300 to 4000000
12: bank[2].flow: "dtr" is not known here; would be right: "rtscts", "none" or "xonxoff"`},
		{"speed of nothing", bank + "ports = ['tcp://192.0.2.9:1']\nspeed = 9600\nflow = 'none'", `11: bank[2].speed: means nothing for these ports; would be right: without it, or with a serial port
12: bank[2].flow: means nothing for these ports; would be right: without it, or with a serial port`},
		{"speed of a connection", bank + "listen = 'tcp://127.0.0.1:1'\nspeed = 9600", `11: bank[2].speed: means nothing beside listen, where a connection is itself a call; would be right: without it`},
		{"listening at a serial port", bank + "listen = '/dev/ttyS0'", `10: bank[2].listen: "/dev/ttyS0" is not where one listens; would be right: "tcp://127.0.0.1:5600" or "unix:///run/calls"`},
		{"listening for telnet", bank + "listen = 'telnet://127.0.0.1:1'", `10: bank[2].listen: "telnet://127.0.0.1:1" is not where one listens; would be right: "tcp://127.0.0.1:5600" or "unix:///run/calls"`},
		{"port without number", bank + "ports = ['tcp://192.0.2.9']", `10: bank[2].ports[1]: "tcp://192.0.2.9" is no port: the port number is missing; use tcp://host:port; would be right: "/dev/ttyS0", "rfc2217://192.0.2.9:2217", "tcp://192.0.2.9:2001" or "unix:///run/modem"`},
		{"ports that are nowhere", bank + "ports = ['rfc2217://', 'unix://', 'tcp://192.0.2.9:0']", `10: bank[2].ports[1]: "rfc2217://" is no port: the host is missing; use rfc2217://host:port; would be right: "/dev/ttyS0", "rfc2217://192.0.2.9:2217", "tcp://192.0.2.9:2001" or "unix:///run/modem"
10: bank[2].ports[2]: "unix://" is no port: the path is missing; use unix:///path; would be right: "/dev/ttyS0", "rfc2217://192.0.2.9:2217", "tcp://192.0.2.9:2001" or "unix:///run/modem"
10: bank[2].ports[3]: "tcp://192.0.2.9:0" is no port: nobody is at port number 0; would be right: "/dev/ttyS0", "rfc2217://192.0.2.9:2217", "tcp://192.0.2.9:2001" or "unix:///run/modem"`},
		{"listening nowhere", bank + "listen = 'unix:////'", `10: bank[2].listen: "unix:////" is no port: the path is missing; use unix:///path; would be right: "tcp://127.0.0.1:5600" or "unix:///run/calls"`},
		{"no modem command", bank + "ports = ['unix:///a']\ninit = ['&F1']", `11: bank[2].init[1]: "&F1" is no modem command; would be right: "AT&F1"`},
		{"two lines in a command", bank + "ports = ['unix:///a']\ninit = [\"ATZ\\rATH\"]", `11: bank[2].init[1]: "ATZ\rATH" has a character that modems do not take; would be right: "ATZ"`},

		{"user without name", "[[user]]\ntunnel = ['192.0.2.1']", `8: user[1].name: missing; would be right: name = "saran"`},
		{"user with empty name", "[[user]]\nname = ''\ntunnel = ['192.0.2.1']", `9: user[1].name: "" is nobody; would be right: "saran"`},
		{"user with a name that nobody can say", "[[user]]\nname = '" + strings.Repeat("x", 256) + "'\ntunnel = ['192.0.2.1']", `9: user[1].name: "` + strings.Repeat("x", 60) + `"… is longer than 255 octets, which no caller can say; would be right: "saran"`},
		{"user twice", user + "tunnel = ['192.0.2.1']\n" + user + "tunnel = ['192.0.2.1']", `12: user[2].name: "u" stands on line 9 already; would be right: another one`},
		{"user without tunnel", user, `8: user[1].tunnel: missing; would be right: tunnel = ["192.0.2.1"], or host = "tcp://bbs.example:23"`},
		{"user with no tunnel", user + "tunnel = []", `10: user[1].tunnel: names no endpoint; would be right: tunnel = ["192.0.2.1"]`},
		{"handover", user + "tunnel = ['192.0.2.1']\nhandover = 'loud'", `11: user[1].handover: "loud" is not known here; would be right: "silent" or "restart"`},
		{"realm with @", "[[realm]]\nname = '@corp.example'\ntunnel = ['192.0.2.1']", `9: realm[1].name: "@corp.example" is no realm; would be right: "corp.example", without @ and \`},
		{"realm twice", "[[realm]]\nname = 'Corp'\ntunnel = ['192.0.2.1']\n[[realm]]\nname = 'CORP'\ntunnel = ['192.0.2.1']", `12: realm[2].name: "corp" stands on line 9 already; would be right: another one`},
		{"number of nobody", "[[number]]\ntunnel = ['192.0.2.1']", `8: number[1].called: missing, and so is calling; would be right: called = "5551212", or [default]`},
		{"number with dashes", "[[number]]\ncalled = '555-1212'\ntunnel = ['192.0.2.1']", `9: number[1].called: "555-1212" is not a number as modems tell it; would be right: "5551212"`},
		{"number without digits", "[[number]]\ncalling = 'anonymous'\ntunnel = ['192.0.2.1']", `9: number[1].calling: "anonymous" is not a telephone number; would be right: "5551212"`},
		{"number never asked", "[[number]]\ncalled = '1'\ntunnel = ['192.0.2.1']\n[[number]]\ncalled = '1'\ncalling = '2'\ntunnel = ['192.0.2.2']", `14: number[2].tunnel: never used, the [[number]] on line 8 has the same calls; would be right: before it, or not at all`},
		{"unknown order", "[x]", "8: x: unknown key; would be right: one of bank, default, hosts, identify, limits, listen, log, name, number, order, pac, pacing, panel, pns, realm, security, socket, state, udp, user"},

		{"tunnel to no address", user + "tunnel = ['2.1.1', '2.1.1.999', '::1', '0.0.0.0']", `10: user[1].tunnel[1]: "2.1.1" is not an IP address; would be right: "192.0.2.1", "192.0.2.1:1723" or "pns.example"
10: user[1].tunnel[2]: "2.1.1.999" is not an IP address; would be right: "192.0.2.1", "192.0.2.1:1723" or "pns.example"
10: user[1].tunnel[3]: "::1" is not IPv4, which alone carries PPTP; would be right: "192.0.2.1"
10: user[1].tunnel[4]: "0.0.0.0" is not the address of one host; would be right: "192.0.2.1", "192.0.2.1:1723" or "pns.example"`},
		{"tunnel to no name", user + "tunnel = ['a b.example', '192.0.2.1:pptp', '[::1]:1723']", `10: user[1].tunnel[1]: "a b.example" is neither an address nor a host's name; would be right: "192.0.2.1", "192.0.2.1:1723" or "pns.example"
10: user[1].tunnel[2]: "192.0.2.1:pptp" has no port number behind its colon; would be right: "192.0.2.1", "192.0.2.1:1723" or "pns.example"
10: user[1].tunnel[3]: "[::1]:1723" is not IPv4, which alone carries PPTP; would be right: "192.0.2.1"`},
		{"tunnel to an unknown PNS", user + "tunnel = ['denver']", `10: user[1].tunnel[1]: "denver" is no [[pns]] here; would be right: "192.0.2.1", "pns.example", or a [[pns]] of this name`},
		{"tunnel to a slip of the pen", user + "tunnel = ['denvr']\n[[pns]]\nname = 'denver'\nat = '192.0.2.1'", `10: user[1].tunnel[1]: "denvr" is no [[pns]] here; would be right: the name of a [[pns]], "denver", or a full name, "denvr.example"`},

		{"PNS nowhere", "[[pns]]\nname = 'd'", `8: pns[1].at: missing; would be right: at = "2.1.1.60", or connect = "pns.example:1723"`},
		{"PNS that opens", "[[pns]]\nname = 'd'\nopens = 'pns'\nconnect = '192.0.2.1'\ntransport = 'udp'\nudp_port = 1\none_call_per_connection = true", `8: pns[1].from: missing; would be right: from = ["192.0.2.1"]
11: pns[1].connect: means nothing where the PNS opens the control connection; would be right: without it
13: pns[1].udp_port: means nothing where the PNS opens the control connection; would be right: without it
14: pns[1].one_call_per_connection: means nothing where the PNS opens the control connection; would be right: without it`},
		{"PNS without name", "[[pns]]\nat = '192.0.2.1'", `8: pns[1].name: missing; would be right: name = "denver"`},
		{"two PNSs in one place", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\n[[pns]]\nname = 'd'\nat = '192.0.2.1'", `12: pns[2].name: "d" stands on line 9 already; would be right: another one
13: pns[2].at: "192.0.2.1" stands on line 10 already; would be right: another one`},
		{"transport", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\ntransport = 'UDP'\nudp_port = 1", `11: pns[1].transport: "UDP" is not known here; would be right: "gre" or "udp"`},
		{"UDP port without UDP", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\nudp_port = 1", `11: pns[1].udp_port: means nothing without UDP; would be right: transport = "udp" beside it`},
		{"UDP port", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\ntransport = 'udp'\nudp_port = 65536", `12: pns[1].udp_port: 65536 is out of range; would be right: a whole number from 1 to 65535`},
		{"treatment", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\nwindow = 'off'\nff03 = true\nline_errors = 'no'\none_call_per_connection = 1", `11: pns[1].window: "off" is not true, false or a whole number; would be right: window = true, or one from 1 to 128
12: pns[1].ff03: true is not text in quotes; would be right: ff03 = "…"
13: pns[1].line_errors: "no" is not true or false; would be right: line_errors = false
14: pns[1].one_call_per_connection: 1 is not true or false; would be right: one_call_per_connection = true`},
		{"window", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\nwindow = 0\nff03 = 'drop'", `11: pns[1].window: 0 is out of range; would be right: a whole number from 1 to 128
12: pns[1].ff03: "drop" is not known here; would be right: "keep" or "strip"`},
		{"numbers", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\ndial = ['555-1212', '', '555*1', '*', '9,1']\ndial_with = ['c', 'b']", `11: pns[1].dial[1]: "555-1212" is neither a number nor how numbers begin; would be right: "5551212", or "555*" for all that begin so
11: pns[1].dial[2]: "" is neither a number nor how numbers begin; would be right: "5551212", or "555*" for all that begin so
11: pns[1].dial[5]: "9,1" is neither a number nor how numbers begin; would be right: "5551212", or "555*" for all that begin so
12: pns[1].dial_with[1]: "c" is no bank that can dial; would be right: a bank with modems
12: pns[1].dial_with[2]: "b" is no bank that can dial; would be right: a bank with modems`},
		{"lines without numbers", bank + "ports = ['/dev/ttyS0']\n[[pns]]\nname = 'd'\nat = '192.0.2.1'\ndial_with = ['x']", `14: pns[1].dial_with: means nothing without numbers that may be dialled; would be right: dial = ["5551212"] beside it`},
		{"no numbers, no lines", bank + "ports = ['/dev/ttyS0']\n[[pns]]\nname = 'd'\nat = '192.0.2.1'\ndial = []\n[[pns]]\nname = 'e'\nat = '192.0.2.2'\ndial = ['*']\ndial_with = []", `14: pns[1].dial: permits no number; would be right: without it, or dial = ["5551212"]
19: pns[2].dial_with: names no bank; would be right: without it, every bank of modems dials`},
		{"nothing to dial with", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\ndial = ['*']", `11: pns[1].dial: no bank here has modems; would be right: without it`},
		{"another bank than those that dial", bank + "ports = ['/dev/ttyS0']\n[[pns]]\nname = 'd'\nat = '192.0.2.1'\ndial = ['*']\ndial_with = ['b']", `15: pns[1].dial_with[1]: "b" is no bank that can dial; would be right: "x"`},
		{"nobody listens", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\nfrom = ['192.0.2.1']", `11: pns[1].from: means nothing where nobody may connect; would be right: listen = "0.0.0.0:1723" above all tables`},
		{"Set-Link-Info is the PNS's", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\nset_link_info = 'no'\nmru = 1400", `11: pns[1].set_link_info: unknown key; would be right: one of at, calls_per_second, connect, dial, dial_with, ff03, from, line_errors, name, one_call_per_connection, opens, transport, udp_port, window
12: pns[1].mru: unknown key; would be right: one of at, calls_per_second, connect, dial, dial_with, ff03, from, line_errors, name, one_call_per_connection, opens, transport, udp_port, window`},
		{"secret", "[[pns]]\nname = 'd'\nat = '192.0.2.1'\nsecret = 'x'", `11: pns[1].secret: unknown key; would be right: one of at, calls_per_second, connect, dial, dial_with, ff03, from, line_errors, name, one_call_per_connection, opens, transport, udp_port, window`},

		{"methods", "[identify]\nmethods = ['chap', 'pap', 'pap']", `9: identify.methods[1]: "chap" is no method; would be right: "chap-md5", "mschap-v2", "mschap", "eap" or "pap"
9: identify.methods[3]: "pap" stands twice; would be right: once`},
		{"no methods", "[identify]\nmethods = []", `9: identify.methods: names no method, so no caller can say her name; would be right: methods = ["chap-md5", "pap"]`},
		{"timeout", "[identify]\ntimeout = 45", `9: identify.timeout: 45 is not text in quotes; would be right: timeout = "…"`},
		{"timeout too short", "[identify]\ntimeout = '1ms'", `9: identify.timeout: "1ms" is out of range; would be right: from "1s" to "1h"`},
		{"prompts without text", "[identify]\ntext = false\nlogin = 'x'", `10: identify.login: means nothing while text = false; would be right: without it`},
		{"nothing to type", "[identify]\nask = 'nothing'\nlogin = 'x'\npassword = 'x'\nchoose = 'x'", `9: identify.ask: "nothing" leaves nothing to type; would be right: an [[identify.menu]], or text = false
10: identify.login: means nothing where nobody is asked for a name; would be right: without it
11: identify.password: means nothing where nobody is asked for a password; would be right: without it
12: identify.choose: means nothing without a menu; would be right: without it`},
		{"menu", menu + "key = 'A'\ntext = 'x'\nhost = 'tcp://192.0.2.1:23'\nhang_up = true\n" + menu + "key = 'a'\ntext = 'x'\nhandover = 'silent'\n" + menu + "key = 'a b'",
			`12: identify.menu[1].hang_up: stands beside tunnel or host; would be right: one of them
14: identify.menu[2].key: "a" stands on line 9 already; would be right: another one
16: identify.menu[2].handover: means nothing without tunnel; would be right: in the profile that this choice leads to
17: identify.menu[3].text: missing; would be right: text = "The Internet"
18: identify.menu[3].key: "a b" is nothing to type; would be right: 1 to 16 letters, digits and signs of ASCII without spaces`},
		{"menu that leads nowhere", menu + "key = 'a'\ntext = 'x'\ntunnel = ['denver']", `11: identify.menu[1].tunnel[1]: "denver" is no [[pns]] here; would be right: "192.0.2.1", "pns.example", or a [[pns]] of this name`},
		{"menu without text", "[identify]\ntext = false\n" + menu + "key = 'a'\ntext = 'x'", `10: identify.menu: means nothing while text = false; would be right: without it`},
		{"host", user + "host = ['bbs', 'tcp://bbs.example']", `10: user[1].host[1]: "bbs" is no host: it has no scheme; use tcp://host:port, telnet://host:port, rfc2217://host:port or unix:///path; would be right: "tcp://bbs.example:23" or "telnet://bbs.example:23"
10: user[1].host[2]: "tcp://bbs.example" is no host: the port number is missing; use tcp://host:port; would be right: "tcp://bbs.example:23" or "telnet://bbs.example:23"`},
		{"hosts that are nowhere", user + "host = ['rfc2217://', 'unix://', 'telnet://bbs.example:0']", `10: user[1].host[1]: "rfc2217://" is no host: the host is missing; use rfc2217://host:port; would be right: "tcp://bbs.example:23" or "telnet://bbs.example:23"
10: user[1].host[2]: "unix://" is no host: the path is missing; use unix:///path; would be right: "tcp://bbs.example:23" or "telnet://bbs.example:23"
10: user[1].host[3]: "telnet://bbs.example:0" is no host: nobody is at port number 0; would be right: "tcp://bbs.example:23" or "telnet://bbs.example:23"`},
		{"hosts that are lines of this switch", user + "host = ['tcp://192.0.2.1:5600',\n'telnet://localhost:5600', 'tcp://0.0.0.0:5600', 'tcp://127.0.0.1:5601']\n[[number]]\ncalled = '1'\nhost = 'unix:///run//calls'\n" +
			menu + "key = '1'\ntext = 'x'\nhost = 'tcp://[::1]:5602'\n[[realm]]\nname = 'r'\nhost = 'tcp://127.9.9.9:5602'\n" +
			bank + "listen = 'unix:///run/calls'\n" + strings.Replace(bank, "x", "y", 1) + "listen = 'tcp://0.0.0.0:5602'", "11: user[1].host[2]: \"telnet://localhost:5600\" leads to `listen` on line 5, so that the call would call this switch again; would be right: \"tcp://bbs.example:23\" or \"telnet://bbs.example:23\"\n" +
			"11: user[1].host[3]: \"tcp://0.0.0.0:5600\" leads to `listen` on line 5, so that the call would call this switch again; would be right: \"tcp://bbs.example:23\" or \"telnet://bbs.example:23\"\n" +
			"14: number[1].host: \"unix:///run//calls\" leads to `listen` on line 24, so that the call would call this switch again; would be right: \"tcp://bbs.example:23\" or \"telnet://bbs.example:23\"\n" +
			"18: identify.menu[1].host: \"tcp://[::1]:5602\" leads to `listen` on line 27, so that the call would call this switch again; would be right: \"tcp://bbs.example:23\" or \"telnet://bbs.example:23\"\n" +
			"21: realm[1].host: \"tcp://127.9.9.9:5602\" leads to `listen` on line 27, so that the call would call this switch again; would be right: \"tcp://bbs.example:23\" or \"telnet://bbs.example:23\""},
		{"no host", user + "host = []", `10: user[1].host: names no host; would be right: host = "tcp://bbs.example:23"`},
		{"host and tunnel", user + "host = 'tcp://192.0.2.1:23'\ntunnel = ['192.0.2.1']\nhandover = 'silent'", `11: user[1].tunnel: means nothing beside host, where there is no PPP; would be right: one of them
12: user[1].handover: means nothing beside host, where there is no PPP; would be right: one of them`},
		{"hosts", "[hosts]\nattempt = '1h'\nidle = '-1s'\nquiet = 'yes'", `9: hosts.attempt: "1h" is out of range; would be right: from "100ms" to "1m"
10: hosts.idle: "-1s" is out of range; would be right: from "0s" to "168h"
11: hosts.quiet: "yes" is not true or false; would be right: quiet = true`},
		{"a password for nobody", "[identify]\nask = 'name'\n" + user + "tunnel = ['192.0.2.1']\npassword = 'x'", `13: user[1].password: means nothing where the login asks for no password; would be right: identify.ask = "password"`},
		{"pacing", "[pacing]\nenabled = 'no'", `9: pacing.enabled: "no" is not true or false; would be right: enabled = false`},
		{"limits", "[limits]\nattempts = 0\nattempt = '2m'\nlock_out = 'long'\ndrain = '-1s'", `9: limits.attempts: 0 is out of range; would be right: a whole number from 1 to 20
10: limits.attempt: "2m" is out of range; would be right: from "100ms" to "1m"
11: limits.lock_out: "long" is not a duration; would be right: "45s", "10m" or "1h30m"
12: limits.drain: "-1s" is out of range; would be right: from "0s" to "168h"`},
	} {
		wrong(t, tt.name, least+tt.add, tt.want)
	}
}

func TestMistakesOfTheWholeFile(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", `1: bank: missing, so there is no line to answer; would be right: at least one [[bank]], or [[pac]]
1: name: missing; would be right: name = "atlanta"
1: user: missing, and so are [[number]], [[realm]] and [default]: no caller has a destination; would be right: at least one of them`},
		{"order", "order = ['user', 'user', 'line']" + least, `1: order[2]: "user" stands twice; would be right: once
1: order[3]: "line" is no kind of profile; would be right: "number", "user", "realm" or "default"`},
		{"order without default", "order = ['user']" + least, `1: order: leaves out "default", which this file has profiles for; would be right: with it`},
		{"kinds of values", "name = 1\nbank = 1\nuser = []\ndefault = []\npns = 'x'\nidentify = 1\nlimits = 1\nstate = false", `1: name: 1 is not text in quotes; would be right: name = "…"
2: bank: 1 is not an array of tables; would be right: [[bank]]
4: default: an array is not a table; would be right: [default]
5: pns: "x" is not an array of tables; would be right: [[pns]]
6: identify: 1 is not a table; would be right: [identify]
7: limits: 1 is not a table; would be right: [limits]
8: state: false is not text in quotes; would be right: state = "…"`},
		{"nobody sends", "udp = '0.0.0.0:4754'" + least, `1: udp: means nothing where nobody may connect; would be right: listen = "0.0.0.0:1723" beside it`},
		{"PACs", "listen = '0.0.0.0:1723'\nudp = '4754'" + least + "[[pns]]\nname = 'd'\nat = '192.0.2.1'\nfrom = ['192.0.2.1']\n[[pac]]\nname = 'd'\nfrom = ['192.0.2.0/24']\nlines = 0\n[[pac]]\nname = 'b'\nfrom = []\nwindow = 0\nff03 = 'x'\nline_errors = true",
			`2: udp: "4754" is not an IP address and a port; would be right: "0.0.0.0:4754"
14: pac[1].name: "d" is a PNS; would be right: another one
15: pac[1].from[1]: "192.0.2.0/24" overlaps 192.0.2.1/32 on line 12; would be right: each address once
16: pac[1].lines: 0 is out of range; would be right: a whole number from 1 to 1000
18: pac[2].name: "b" is a bank; would be right: another one
19: pac[2].from: names no address; would be right: from = ["192.0.2.0/24"]
20: pac[2].window: 0 is out of range; would be right: a whole number from 1 to 128
21: pac[2].ff03: "x" is not known here; would be right: "keep" or "strip"
22: pac[2].line_errors: unknown key; would be right: one of calls_per_second, ff03, from, lines, name, transport, window`},
		{"nobody comes", "listen = '0.0.0.0:1723'" + least, `1: listen: nobody may connect there; would be right: from = ["2.1.1.60"] in a [[pns]] or a [[pac]]`},
		{"where nobody can listen", "listen = '[::]:1723'" + least + "[[pns]]\nname = 'd'\nat = '192.0.2.1'\nfrom = ['192.0.2.1', 'fd00::1']\n[[pns]]\nname = 'e'\nat = '192.0.2.2'\nfrom = ['192.0.2.0/28']",
			`1: listen: "[::]:1723" is not IPv4, which alone carries PPTP; would be right: "0.0.0.0:1723"
11: pns[1].from[2]: "fd00::1" is not IPv4, which alone carries PPTP; would be right: "192.0.2.0/24"
15: pns[2].from[1]: "192.0.2.0/28" overlaps 192.0.2.1/32 on line 11; would be right: each address once`},
		{"no place to listen", "listen = '1723'" + least, `1: listen: "1723" is not an IP address and a port; would be right: "0.0.0.0:1723"`},
		{"no port to listen", "listen = '0.0.0.0:0'" + least, `1: listen: "0.0.0.0:0" has no port that others could know; would be right: "0.0.0.0:1723"`},
		{"lines where control connections come in", "listen = '0.0.0.0:5600'\npanel = '127.0.0.1:5600'" + least + "[[pns]]\nname = 'd'\nat = '192.0.2.1'\nfrom = ['192.0.2.1']",
			`2: panel: 127.0.0.1:5600 overlaps listen, 0.0.0.0:5600; would be right: each port once
6: bank[1].listen: "tcp://127.0.0.1:5600" is "127.0.0.1:5600" on line 2, in other words; would be right: each port once`},
		{"the panel's port", "panel = '127.0.0.1:5600'" + least, `5: bank[1].listen: "tcp://127.0.0.1:5600" is "127.0.0.1:5600" on line 1, in other words; would be right: each port once`},
		{"the panel at all addresses", "panel = '[::]:5600'" + least, `5: bank[1].listen: "tcp://127.0.0.1:5600" overlaps "[::]:5600" on line 1, for one of both listens at all addresses; would be right: each port once`},
	} {
		wrong(t, tt.name, tt.text, tt.want)
	}
}

func wrong(t *testing.T, name, text, want string) {
	t.Helper()
	c, err := Parse("pac.toml", []byte(text))
	if c != nil || err == nil {
		t.Errorf("%s: no mistake found", name)
		return
	}
	if got := strings.ReplaceAll(err.Error(), "pac.toml:", ""); got != want {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", name, got, want)
	}
}
