package security

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carrier/pac/internal/config"
)

// strong is a configuration in which nothing is weak.
const strong = `
name   = "atlanta"
panel  = "127.0.0.1:8723"
socket = "/run/carrier/pac/socket"
listen = "0.0.0.0:1723"

[[bank]]
name  = "courier"
ports = ["/dev/ttyS0", "unix:///run/modem", "rfc2217://192.168.1.9:2217", "tcp://localhost:2001"]

[[bank]]
name   = "emulators"
listen = "tcp://127.0.0.1:5600"

[identify]
methods = ["chap-md5", "mschap-v2"]
ask     = "name"

[[user]]
name   = "saran"
tunnel = ["denver"]

[[user]]
name = "guest"
host = "tcp://bbs.example:23"

[default]
tunnel = ["10.77.0.2", "denver"]

[[pns]]
name    = "denver"
connect = "127.0.0.2:1723"
from    = ["10.77.0.2"]
dial    = ["5551212", "404*", "+49*"]

[[pac]]
name = "macon"
from = ["10.77.0.3"]
`

// Each of these spoils the strong one in one place.
func TestWeak(t *testing.T) {
	secret := func(s string) string { // which is asked for only beside a password that is typed
		s = strings.Replace(s, `ask     = "name"`, "", 1)
		return strings.Replace(s, `name = "guest"`, "name = \"guest\"\npassword = \"x\"", 1)
	}
	for _, tt := range []struct {
		name, was, is string
		mode          os.FileMode
		also          func(string) string
		want          []string // keys of the findings, the heaviest first
		says          string
	}{
		{"nothing", "", "", 0o644, nil, nil, ""},
		{"file with a password readable", "", "", 0o644, secret, []string{"secrets", "text-login"}, "has passwords in it and mode 0644"},
		{"file with a password closed", "", "", 0o640, secret, []string{"text-login"}, ""},
		{"file writable", "", "", 0o646, nil, []string{"secrets"}, "may change it"},
		{"public address", `"10.77.0.2"`, `"10.77.0.2", "192.0.2.60"`, 0o600, nil, []string{"open-tunnel 192.0.2.60"}, "192.0.2.60:1723"},
		{"a table's public address, once", `127.0.0.2:1723`, `192.0.2.60:1724`, 0o600, nil, []string{"open-tunnel denver"}, "denver at 192.0.2.60:1724"},
		{"name", `127.0.0.2:1723`, `pns.corp.example`, 0o600, nil, []string{"open-tunnel denver"}, "pns.corp.example:1723"},
		{"menu", "[[user]]", "[[identify.menu]]\nkey = \"1\"\ntext = \"Work\"\ntunnel = [\"192.0.2.60\"]\n[[user]]", 0o600, nil, []string{"open-tunnel 192.0.2.60"}, ""},
		{"PAP", `"mschap-v2"]`, `"pap"]`, 0o600, nil, []string{"pap"}, "by PAP"},
		{"MS-CHAP", `"mschap-v2"]`, `"mschap"]`, 0o600, nil, []string{"mschap"}, "version 1"},
		{"the default methods", `methods = ["chap-md5", "mschap-v2"]`, ``, 0o600, nil, []string{"pap", "mschap"}, ""},
		{"typed password", `ask     = "name"`, ``, 0o600, nil, []string{"text-login"}, "text = false"},
		{"no text", `ask     = "name"`, `text = false`, 0o600, nil, nil, ""},
		{"panel at one address", `127.0.0.1:8723`, `10.0.0.1:8723`, 0o600, nil, []string{"open-panel"}, "the panel at 10.0.0.1:8723"},
		{"bank for everybody", `tcp://127.0.0.1:5600`, `tcp://0.0.0.0:5600`, 0o600, nil, []string{"open-line emulators"}, "whoever reaches tcp://0.0.0.0:5600"},
		{"modem far away", `192.168.1.9:2217`, `192.0.2.9:2217`, 0o600, nil, []string{"open-line courier"}, "rfc2217://192.0.2.9:2217"},
		{"any number", `"404*"`, `"*"`, 0o600, nil, []string{"any-number denver"}, "\"denver\", or who passes for it, may have any number rung at your cost: dial in its [[pns]] with"},
		{"any number abroad", `"+49*"`, `"00*"`, 0o600, nil, []string{"any-number denver"}, "may have every number that begins with 00 rung"},
		{"numbers for everybody", `["10.77.0.2"]`, `["0.0.0.0/0"]`, 0o600, func(s string) string { return s[:strings.Index(s, "[[pac]]")] },
			[]string{"anywhere denver", "open-tunnel denver"}, "nearly everybody may take the calls that are for it, and have numbers dialled"},
		{"a PNS from anywhere that has nothing dialled", "from    = [\"10.77.0.2\"]\ndial    = [\"5551212\", \"404*\", \"+49*\"]", "from = [\"172.0.0.0/6\"]", 0o600, nil,
			[]string{"anywhere denver", "open-tunnel denver"}, "nearly everybody may take the calls that are for it: `from`"},
		{"a PNS that comes by the Internet", `["10.77.0.2"]`, "[\"192.0.2.2\"]\ntransport = \"udp\"", 0o600, nil, []string{"open-tunnel denver"}, "requests of \"denver\" come from 192.0.2.2/32, which is not private, in GRE in UDP and TCP"},
		{"a PNS by the Internet both ways, once", "connect = \"127.0.0.2:1723\"\nfrom    = [\"10.77.0.2\"]", "connect = \"192.0.2.2\"\nfrom = [\"192.0.2.2\"]", 0o600, nil,
			[]string{"open-tunnel denver"}, "calls go to denver at 192.0.2.2:1723"},
		{"a PAC from anywhere", `["10.77.0.3"]`, `["64.0.0.0/2"]`, 0o600, nil, []string{"anywhere macon", "open-tunnel macon"}, "so nearly everybody may bring calls, which go on to your PNSs"},
		{"a PAC by the Internet", `["10.77.0.3"]`, `["10.77.0.3", "192.0.2.3"]`, 0o600, nil, []string{"open-tunnel macon"}, "calls of \"macon\" come from 192.0.2.3/32, which is not private, in GRE and TCP"},
		{"panel", `127.0.0.1:8723`, `[::]:8723`, 0o600, nil, []string{"open-panel"}, `panel = "127.0.0.1:8723"`},
	} {
		text := strings.Replace(strong, tt.was, tt.is, 1)
		if tt.also != nil {
			text = tt.also(text)
		}
		file := filepath.Join(t.TempDir(), "pac.toml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(file, tt.mode); err != nil {
			t.Fatal(err)
		}
		r, err := Check(file)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		found := r.Findings()
		var keys []string
		for _, f := range found {
			keys = append(keys, f.Key())
		}
		if !slices.Equal(keys, tt.want) || len(found) > 0 && !strings.Contains(found[0].Text, tt.says) {
			t.Errorf("%s: %q, want %q that says %q", tt.name, found, tt.want, tt.says)
		}
	}
}

// Who may write to the folder of what outlasts a restart decides about lines.
func TestStateFolder(t *testing.T) {
	for mode, want := range map[os.FileMode]int{0o755: 0, 0o757: 1} {
		dir := t.TempDir()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse("pac.toml", []byte("state = \""+dir+"\"\n"+strong))
		if err != nil {
			t.Fatal(err)
		}
		if f := Look(c, "").Findings(); len(f) != want || want > 0 && (f[0].Key() != "secrets state" || !strings.Contains(f[0].Text, dir+" has mode 0757, ")) {
			t.Errorf("mode %04o: %q", mode, f)
		}
	}
}
