package security

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carrier/pns/internal/config"
	"carrier/shared/weakness"
)

// strong is a configuration in which nothing is weak.
const strong = `
name   = "denver"
listen = "10.77.0.2:1723"
panel  = "127.0.0.1:8724"
socket = "SOCKET"

[[pac]]
name = "atlanta"
from = ["10.77.0.1"]

[lan]
addresses = ["2.1.1.129-2.1.1.190"]

[auth]
methods = ["mschap-v2"]

[ppp]
encryption = "required"

[[user]]
name     = "saran"
password = "blue moon"
`

func look(t *testing.T, text string, mode, folder os.FileMode) *weakness.Report {
	t.Helper()
	dir := t.TempDir()
	file, run := filepath.Join(dir, "pns.toml"), filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "SOCKET", filepath.Join(run, "socket"), 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{file: mode, run: folder} { // whatever the umask
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Check(file)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// server is a call that we open.
func server(to, more string) string {
	return "[[dial]]\nname = 'boston'\nto = ['" + to + "']\nuser = 'denver'\npassword = 'x'\n" + more
}

// number is a call that a PAC dials, of which more keys follow.
const number = "\n[[dial]]\nname = 'village'\nthrough = 'atlanta'\nnumber = '5551212'\nuser = 'denver'\npassword = 'x'\n"

func TestStrong(t *testing.T) {
	for _, text := range []string{strong, strings.Replace(strong, "[auth]", "[clients]\nfrom = [\"10.77.0.9\"]\n[auth]", 1),
		strings.Replace(strong, "[auth]", server("10.77.0.9", "")+"[auth]", 1),
		"name = 'branch'\nsocket = 'SOCKET'\n" + server("10.77.0.9", "")} {
		if f := look(t, text, 0o640, 0o755).Findings(); len(f) > 0 {
			t.Errorf("%v", f)
		}
	}
}

// Each of these spoils the strong one in one place.
func TestWeak(t *testing.T) {
	for _, tt := range []struct {
		name, was, is string
		mode, folder  os.FileMode
		want          []string // keys of the findings, the heaviest first
		says          string
	}{
		{"file readable", "", "", 0o644, 0o755, []string{"secrets"}, "mode 0644"},
		{"file writable", "", "", 0o602, 0o755, []string{"secrets"}, "has passwords in it and mode 0602"},
		{"any address", `"10.77.0.1"`, `"0.0.0.0/0"`, 0o600, 0o755, []string{"anywhere atlanta", "open-tunnel atlanta"}, "0.0.0.0/0"},
		{"half of all addresses", `"10.77.0.1"`, `"10.77.0.1", "128.0.0.0/7"`, 0o600, 0o755, []string{"anywhere atlanta", "open-tunnel atlanta"}, "128.0.0.0/7"},
		{"public address", `"10.77.0.1"`, `"10.77.0.1", "192.0.2.1"`, 0o600, 0o755, []string{"open-tunnel atlanta"}, "192.0.2.1/32, which is not private, in GRE and TCP"},
		{"wider than private", `"10.77.0.1"`, `"172.0.0.0/11"`, 0o600, 0o755, []string{"open-tunnel atlanta"}, "172.0.0.0/11"},
		{"public address, UDP", `from = ["10.77.0.1"]`, "from = [\"192.0.2.1\"]\ntransport = \"udp\"", 0o600, 0o755, []string{"open-tunnel atlanta"}, "in GRE in UDP and TCP"},
		{"clients from anywhere", "[auth]", "[clients]\nfrom = [\"0.0.0.0/0\"]\n[auth]", 0o600, 0o755, []string{"anywhere clients", "open-tunnel clients"}, "0.0.0.0/0"},
		{"clients in clear", "[auth]", "[clients]\nfrom = [\"192.0.2.1\"]\nencryption = \"none\"\n[auth]", 0o600, 0o755, []string{"open-tunnel clients", "no-encryption clients"}, "192.0.2.1/32"},
		{"a server across the Internet", "[auth]", server("203.0.113.1", "") + "[auth]", 0o600, 0o755, []string{"open-tunnel boston"}, "203.0.113.1, which is not private"},
		{"a server by its name", "[auth]", server("denver.example", "") + "[auth]", 0o600, 0o755, []string{"open-tunnel boston"}, "denver.example, which may be anywhere"},
		{"a server in clear", "[auth]", server("203.0.113.1", "encryption = 'optional'\n") + "[auth]", 0o600, 0o755, []string{"open-tunnel boston", "no-encryption boston"}, "203.0.113.1"},
		{"a server that asks as it likes", "[auth]", server("10.77.0.9", "encryption = 'none'\nmethods = ['pap', 'mschap']\n") + "[auth]", 0o600, 0o755, []string{"pap boston", "mschap boston"}, "our password by PAP"},
		{"a server that proves nothing", "[auth]", server("203.0.113.1", "encryption = 'optional'\nmethods = ['mschap-v2', 'chap-md5']\n") + "[auth]", 0o600, 0o755,
			[]string{"open-tunnel boston", "any-server boston", "no-encryption boston"}, ""},
		{"a server that must prove who it is", "[auth]", server("203.0.113.1", "encryption = 'optional'\nmethods = ['chap-md5']\nserver = 'boston'\nserver_password = 'y'\n") + "[auth]", 0o600, 0o755,
			[]string{"open-tunnel boston", "no-encryption boston"}, ""},
		{"anybody called back anywhere", "[[user]]", "[[user]]\ncallback = 'caller'\ncallback_numbers = ['404*', '*']", 0o600, 0o755, []string{"any-number saran"},
			"the user \"saran\" may have any number rung at your cost: callback_numbers in her [[user]] with"},
		{"called back anywhere abroad", "[[user]]", "[[user]]\ncallback = 'caller'\ncallback_numbers = ['00*']", 0o600, 0o755, []string{"any-number saran"}, "every number that begins with 00"},
		{"called back in one town", "[[user]]", "[[user]]\ncallback = 'caller'\ncallback_numbers = ['404*', '5']", 0o600, 0o755, nil, ""},
		{"clients' short keys", "[auth]\nmethods = [\"mschap-v2\"]\n\n[ppp]\nencryption = \"required\"", "[clients]\nfrom = [\"10.77.0.9\"]\n[auth]\nmethods = [\"mschap-v2\"]\n[ppp]\nencryption = \"none\"\nstrengths = [\"40\"]",
			0o600, 0o755, []string{"short-keys"}, "40 bits"},
		{"a server's short keys", "[auth]\nmethods = [\"mschap-v2\"]\n\n[ppp]\nencryption = \"required\"", server("10.77.0.9", "") + "[auth]\nmethods = [\"mschap-v2\"]\n[ppp]\nencryption = \"none\"\nstrengths = [\"56\"]",
			0o600, 0o755, []string{"short-keys"}, "56 bits"},
		{"a number in clear", `from = ["10.77.0.1"]`, `from = ["192.0.2.1"]` + number + "encryption = 'optional'\n", 0o600, 0o755, []string{"open-tunnel atlanta", "no-encryption village"}, "192.0.2.1"},
		{"a number, encrypted", `from = ["10.77.0.1"]`, `from = ["192.0.2.1"]` + number, 0o600, 0o755, []string{"open-tunnel atlanta"}, "192.0.2.1"},
		{"PAP", `["mschap-v2"]`, "[\"mschap-v2\", \"pap\"]\n[ppp]\nstateless = true", 0o600, 0o755, []string{"pap"}, "by PAP"},
		{"the default methods", `methods = ["mschap-v2"]`, "[ppp]\nstateless = true", 0o600, 0o755, []string{"pap"}, "by PAP"},
		{"MS-CHAP", `["mschap-v2"]`, `["mschap-v2", "mschap"]`, 0o600, 0o755, []string{"mschap"}, "version 1"},
		{"LAN Manager", `["mschap-v2"]`, "[\"mschap-v2\", \"mschap\"]\nlm = true", 0o600, 0o755, []string{"lan-manager", "mschap"}, "LAN Manager's response alone"},
		{"40 bits", `encryption = "required"`, "encryption = \"required\"\nstrengths = [\"128\", \"56\", \"40\"]", 0o600, 0o755, []string{"short-keys"}, "40 bits"},
		{"56 bits", `encryption = "required"`, "strengths = [\"128\", \"56\"]", 0o600, 0o755, []string{"short-keys"}, "56 bits"},
		{"panel", `127.0.0.1:8724`, `0.0.0.0:8724`, 0o600, 0o755, []string{"open-panel"}, `panel = "127.0.0.1:8724"`},
		{"socket", "", "", 0o600, 0o777, []string{"open-socket"}, "every user of this host may write to"},
	} {
		text := strings.Replace(strong, tt.was, tt.is, 1)
		if strings.Count(text, "[ppp]") > 1 { // PAP does not stand beside encryption that is required
			text = strings.Replace(text, "[ppp]\nencryption = \"required\"", "", 1)
		}
		found := look(t, text, tt.mode, tt.folder).Findings()
		var keys []string
		for _, f := range found {
			keys = append(keys, f.Key())
		}
		if !slices.Equal(keys, tt.want) || len(found) > 0 && !strings.Contains(found[0].Text, tt.says) {
			t.Errorf("%s: %q, want %q that says %q", tt.name, found, tt.want, tt.says)
		}
	}
}

// Files beside the configuration give away as much: the private key, and the
// passwords that users have changed. Who may write to their folder need not read
// them.
func TestFilesBeside(t *testing.T) {
	keys := func(mode string) []string {
		text := ": DIR/pns.key has the private key in it and mode " + mode + ", so every user of this host may read or change it: `chmod o= DIR/pns.key`"
		return []string{"secrets auth.tls.key" + text, "secrets boston" + text}
	}
	for _, tt := range []struct {
		name                   string
		key, folder, passwords os.FileMode
		want                   []string // the findings; DIR stands for where the files are
	}{
		{"closed", 0o640, 0o750, 0o600, nil},
		{"the folder is readable", 0o600, 0o755, 0o600, nil},
		{"key readable", 0o644, 0o750, 0o600, keys("0644")},
		{"key writable", 0o602, 0o750, 0o600, keys("0602")},
		{"folder writable", 0o600, 0o777, 0o600, []string{"secrets state: DIR/state has mode 0777, so every user of this host may write there, and give any user a password of theirs: `chmod o-w DIR/state`"}},
		{"passwords readable", 0o600, 0o755, 0o644, []string{"secrets state: DIR/state/passwords has passwords in it and mode 0644, so every user of this host may read or change it: `chmod o= DIR/state/passwords`"}},
	} {
		dir := t.TempDir()
		state := filepath.Join(dir, "state")
		key, passwords := filepath.Join(dir, "pns.key"), filepath.Join(state, "passwords")
		if err := errors.Join(os.Mkdir(state, 0o700), os.WriteFile(key, nil, 0o600), os.WriteFile(passwords, nil, 0o600),
			os.Chmod(key, tt.key), os.Chmod(passwords, tt.passwords), os.Chmod(state, tt.folder)); err != nil {
			t.Fatal(err)
		}
		c, err := config.Parse("pns.toml", []byte(strong))
		if err != nil {
			t.Fatal(err)
		}
		c.Key, c.State, c.Dials = key, state, []config.Dial{{Name: "boston", Key: key}}
		var got []string
		for _, f := range Look(c, "").Findings() {
			got = append(got, strings.ReplaceAll(f.Key()+": "+f.Text, dir, "DIR"))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Encryption that is not required is weak where strangers stand between, and
// nowhere else.
func TestEncryption(t *testing.T) {
	for policy, says := range map[string]string{"none": "in clear", "optional": "whoever stands between"} {
		text := strings.Replace(strong, "required", policy, 1)
		if f := look(t, text, 0o600, 0o755).Findings(); len(f) > 0 {
			t.Errorf("%s between private addresses: %v", policy, f)
		}
		f := look(t, strings.Replace(text, "10.77.0.1\"", "192.0.2.1\"", 1), 0o600, 0o755).Findings()
		if len(f) != 2 || f[1].Key() != "no-encryption atlanta" || !strings.Contains(f[1].Text, says) {
			t.Errorf("%s: %v, want open-tunnel and no-encryption", policy, f)
		}
	}
	// Keys that nobody uses are not weak.
	text := strings.Replace(strong, `encryption = "required"`, "encryption = \"none\"\nstrengths = [\"40\"]", 1)
	if f := look(t, text, 0o600, 0o755).Findings(); len(f) > 0 {
		t.Error(f)
	}
}

// IPsec may protect the very addresses that a PAC has.
func TestAccepted(t *testing.T) {
	text := strings.Replace(strong, "10.77.0.1\"", "192.0.2.1\"", 1) + "\n[security]\naccept = [\"open-tunnel atlanta\", \"pap\"]\n"
	r := look(t, text, 0o600, 0o755)
	if f := r.Findings(); len(f) > 0 {
		t.Errorf("%v", f)
	}
	if s, idle := r.Silenced(), r.Idle(); len(s) != 1 || s[0].Key() != "open-tunnel atlanta" || !slices.Equal(idle, []string{"pap"}) {
		t.Errorf("accepted: %v, idle: %q", s, idle)
	}
}
