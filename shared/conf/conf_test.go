package conf

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func parse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("x.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestGoodValues(t *testing.T) {
	f := parse(t, `
name = "atlanta"
rate = 28800
noise = 1e-5
whole = 1
on = true
wait = "1m30s"
dns = "2.1.1.53"
listen = "[::]:1723"
from = ["192.0.2.0/24", "198.51.100.7"]
words = ["a", "b"]
pass = "secret"
kind = "udp"
hosts = ["192.0.2.1"]
`)
	r := f.Root()
	for _, tt := range []struct{ got, want any }{
		{r.Text("name", ""), "atlanta"},
		{r.Int("rate", 0, 300, 115200), 28800},
		{r.Float("noise", 0, 0, 1), 1e-5},
		{r.Float("whole", 0, 0, 1), 1.0},
		{r.Bool("on", false), true},
		{r.Duration("wait", 0, 0, time.Hour), 90 * time.Second},
		{r.Addr("dns"), netip.MustParseAddr("2.1.1.53")},
		{r.AddrPort("listen"), netip.MustParseAddrPort("[::]:1723")},
		{r.Prefixes("from"), []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.7/32")}},
		{r.Strings("words"), []string{"a", "b"}},
		{r.Secret("pass"), "secret"},
		{r.Choice("kind", "gre", "gre", "udp"), "udp"},
		{OneOrMore(r, "dns", Addr), []netip.Addr{netip.MustParseAddr("2.1.1.53")}},
		{OneOrMore(r, "hosts", Addr), []netip.Addr{netip.MustParseAddr("192.0.2.1")}},
		{r.Addrs("hosts"), []netip.Addr{netip.MustParseAddr("192.0.2.1")}},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("got %v, want %v", tt.got, tt.want)
		}
	}
	if err := f.Err(); err != nil {
		t.Error(err)
	}
}

func TestAbsentKeysAreTheDefault(t *testing.T) {
	f := parse(t, "")
	r := f.Root()
	sub := r.Table("lan")
	for _, tt := range []struct{ got, want any }{
		{r.Text("a", "x"), "x"},
		{r.Int("b", 7, 0, 1), 7},
		{r.Float("c", 0.5, 0, 0), 0.5},
		{r.Bool("d", true), true},
		{r.Duration("e", time.Hour, 0, 0), time.Hour},
		{r.Addr("f").IsValid(), false},
		{r.AddrPort("g").IsValid(), false},
		{len(r.Strings("h")), 0},
		{len(OneOrMore(r, "h", Addr)), 0},
		{r.Secret("i"), ""},
		{r.Choice("j", "gre", "udp"), "gre"},
		{len(r.Tables("k")), 0},
		{sub.Present(), false},
		{sub.Text("l", "deep"), "deep"},
	} {
		if !reflect.DeepEqual(tt.got, tt.want) {
			t.Errorf("got %v, want %v", tt.got, tt.want)
		}
	}
	sub.Need("name", `"x"`) // an absent table needs nothing
	if err := f.Err(); err != nil {
		t.Error(err)
	}
}

func TestEveryMistakeIsToldOnce(t *testing.T) {
	f := parse(t, `
name = 5
rate = "33k"
rate2 = 7
noise = "x"
noise2 = 2.5
on = "yes"
wait = "45"
wait2 = "2h"
dns = "2.1.1"
listen = "0.0.0.0"
from = [
  "192.0.2.1/24",
  4,
  "x",
]
words = "a"
pass = 7
kind = "tcp"
lan = 1
bank = "b"
prots = ["x"]
zzz = 1979-05-27
text = 1979-05-27
list = {a = 1}
`)
	r := f.Root()
	r.Need("port", `"COM1"`)
	r.Text("name", "")
	r.Text("name", "")
	r.Int("rate", 0, 300, 115200)
	r.Int("rate2", 0, 300, 115200)
	r.Float("noise", 0, 0, 1)
	r.Float("noise2", 0, 0, 1)
	r.Bool("on", false)
	r.Duration("wait", 0, 0, time.Hour)
	r.Duration("wait2", 0, time.Second, 90*time.Minute)
	if got := OneOrMore(r, "dns", Addr); len(got) != 0 {
		t.Errorf("a wrong value is kept: %v", got)
	}
	r.AddrPort("listen")
	if got := r.Prefixes("from"); len(got) != 0 {
		t.Errorf("wrong items are kept: %v", got)
	}
	r.Strings("words")
	r.Secret("pass")
	r.Choice("kind", "gre", "gre", "udp")
	r.Table("lan")
	r.Tables("bank")
	r.Text("text", "")
	r.Strings("list")
	r.Strings("ports")
	want := `x.toml:1: port: missing; would be right: port = "COM1"
x.toml:2: name: 5 is not text in quotes; would be right: name = "…"
x.toml:3: rate: "33k" is not a whole number; would be right: one from 300 to 115200
x.toml:4: rate2: 7 is out of range; would be right: a whole number from 300 to 115200
x.toml:5: noise: "x" is not a number; would be right: one from 0 to 1
x.toml:6: noise2: 2.5 is out of range; would be right: a number from 0 to 1
x.toml:7: on: "yes" is not true or false; would be right: on = true
x.toml:8: wait: "45" is not a duration; would be right: "45s", "10m" or "1h30m"
x.toml:9: wait2: "2h" is out of range; would be right: from "1s" to "1h30m"
x.toml:10: dns: "2.1.1" is not an IP address; would be right: "192.0.2.1"
x.toml:11: listen: "0.0.0.0" is not an IP address and a port; would be right: "127.0.0.1:1723"
x.toml:13: from[1]: "192.0.2.1/24" has bits set behind its mask; would be right: "192.0.2.0/24"
x.toml:14: from[2]: 4 is not text in quotes; would be right: from = ["…"]
x.toml:15: from[3]: "x" is not a range of addresses; would be right: "192.0.2.0/24" or "192.0.2.1"
x.toml:17: words: "a" is not an array; would be right: words = ["…"]
x.toml:18: pass: not text in quotes; would be right: pass = "…"
x.toml:19: kind: "tcp" is not known here; would be right: "gre" or "udp"
x.toml:20: lan: 1 is not a table; would be right: [lan]
x.toml:21: bank: "b" is not an array of tables; would be right: [[bank]]
x.toml:22: prots: unknown key; would be right: ports
x.toml:23: zzz: unknown key; would be right: one of bank, dns, from, kind, lan, list, listen, name, noise, noise2, on, pass, port, ports, rate, rate2, text, wait, wait2, words
x.toml:24: text: a date is not text in quotes; would be right: text = "…"
x.toml:25: list: a table is not an array; would be right: list = ["…"]`
	diff(t, f.Err().Error(), want)
}

func TestTablesAreNumberedFromOne(t *testing.T) {
	f := parse(t, `[lan]
mode = "tun"

[[bank]]
name = "a"

[[bank]]
[bank.modem]
nmae = "x"

[[bank]]
name = 3
lines = [{n = 1},
  {n = "x"}, {m = 1}]
`)
	r := f.Root()
	lan := r.Table("lan")
	lan.Text("mode", "")
	if lan != r.Table("lan") {
		t.Error("a table taken twice is two cursors")
	}
	for _, b := range r.Tables("bank") {
		b.Need("name", `"courier"`)
		b.Text("name", "")
		b.Table("modem").Text("name", "")
		for _, l := range b.Tables("lines") {
			l.Int("n", 0, 0, 9)
		}
	}
	lan.Bad("mode", "%q clashes with line %d", "tun", r.Tables("bank")[2].Line("name"))
	diff(t, f.Err().Error(), `x.toml:2: lan.mode: "tun" clashes with line 12
x.toml:7: bank[2].name: missing; would be right: name = "courier"
x.toml:9: bank[2].modem.nmae: unknown key; would be right: name
x.toml:12: bank[3].name: 3 is not text in quotes; would be right: name = "…"
x.toml:14: bank[3].lines[2].n: "x" is not a whole number; would be right: one from 0 to 9
x.toml:14: bank[3].lines[3].m: unknown key; would be right: n`)
	want := []string{"bank", "bank[].lines", "bank[].lines[].n", "bank[].modem", "bank[].modem.name", "bank[].name", "lan", "lan.mode"}
	if got := f.Known(); !reflect.DeepEqual(got, want) {
		t.Errorf("known %q", got)
	}
}

func TestGood(t *testing.T) {
	f := parse(t, "port = 1\nports = ['a']\n[t]\nok = 1")
	r := f.Root()
	r.Text("port", "")
	r.BadItem("ports", 0, "x")
	r.Table("t").Bad("ok", "x")
	for key, want := range map[string]bool{"port": false, "ports": false, "por": true, "t": false, "other": true} {
		if r.Good(key) != want {
			t.Errorf("%s: good is %v", key, !want)
		}
	}
}

func TestATableOfTheUsersOwnKeys(t *testing.T) {
	f := parse(t, "[map]\n'2.1.1.10:80' = 'b'\na = 1\n\"x\\u0007\" = 2\n")
	m := f.Root().Table("map")
	if got := m.Keys(); !reflect.DeepEqual(got, []string{"2.1.1.10:80", "a", "x\a"}) {
		t.Errorf("%q", got)
	}
	for _, k := range m.Keys() {
		m.Addr(k)
	}
	diff(t, f.Err().Error(), `x.toml:2: map."2.1.1.10:80": "b" is not an IP address; would be right: "192.0.2.1"
x.toml:3: map.a: 1 is not text in quotes; would be right: a = "…"
x.toml:4: map."x\a": 2 is not text in quotes; would be right: "x\a" = "…"`)
	if got := f.Known(); !reflect.DeepEqual(got, []string{"map"}) {
		t.Errorf("known %q", got)
	}
}

func TestNamesStandOnce(t *testing.T) {
	f := parse(t, "[[b]]\nname = \"a.b-c_9\"\n[[b]]\nname = \"a b\"\n[[b]]\nname = \"\"\n[[b]]\nname = \"a.b-c_9\"\n[[b]]\nname = \""+strings.Repeat("x", 65)+"\"\n[[b]]\n")
	seen := make(Seen)
	for _, b := range f.Root().Tables("b") {
		seen.Once(b, "name", Value(b, "name", "", Name))
	}
	diff(t, f.Err().Error(), `x.toml:4: b[2].name: "a b" is not a name; would be right: 1 to 64 letters, digits, ".", "-" and "_"
x.toml:6: b[3].name: "" has 0 octets; would be right: 1 to 64 letters, digits, ".", "-" and "_"
x.toml:8: b[4].name: "a.b-c_9" stands on line 2 already; would be right: another one
x.toml:10: b[5].name: "`+strings.Repeat("x", 60)+`"… has 65 octets; would be right: 1 to 64 letters, digits, ".", "-" and "_"`)
}

func TestNotTOML(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"a = 1\nb = \n", "x.toml:2: b: expected value but found '\\n' instead"},
		{"a = 1\n[t]\nb = 2\nb = 3\n", "x.toml:4: t.b: Key 't.b' has already been defined"},
		{"[t\"]\n", "x.toml:1: expected '.' or ']' to end table name, but got '\"' instead"},
		{"a = \"x\n", "x.toml:1: a: strings cannot contain newlines"},
	} {
		f, err := Parse("x.toml", []byte(tt.text))
		var all Mistakes
		if f != nil || !errors.As(err, &all) || len(all) != 1 || err.Error() != tt.want {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pac.toml")
	if _, err := Read(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(path, []byte(`nam = "x"`), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Root().Text("name", "")
	diff(t, f.Err().Error(), path+":1: nam: unknown key; would be right: name")
}

func TestNearest(t *testing.T) {
	known := map[string]bool{"ports": true, "password": true, "to": true}
	for key, want := range map[string]string{
		"prots": "ports", "Ports": "ports", "pasword": "password", "passwd": "password", "ot": "to",
		"xyz": "one of password, ports, to",
	} {
		if got := nearest(key, known); got != want {
			t.Errorf("%s: %s", key, got)
		}
	}
	if got := nearest("x", nil); got != "an empty table" {
		t.Error(got)
	}
}

func TestLongValuesAreCut(t *testing.T) {
	f := parse(t, `a = "`+strings.Repeat("x", 1000)+`"`)
	f.Root().Addr("a")
	if s := f.Err().Error(); len(s) > 200 {
		t.Error(s)
	}
}

// diff compares line by line, which is what one wants to read when a long text
// differs.
func diff(t *testing.T, got, want string) {
	t.Helper()
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			t.Errorf("line %d\n got  %s\n want %s", i+1, a, b)
		}
	}
}
