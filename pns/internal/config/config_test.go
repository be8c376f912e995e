package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"carrier/pns/internal/activity"
	"carrier/pns/internal/callback"
	"carrier/pns/internal/dhcp"
	"carrier/pns/internal/dial"
	"carrier/pns/internal/guard"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/conf"
	"carrier/shared/daemon"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/link"
	"carrier/shared/ppp/lqr"
	"carrier/shared/ppp/mppe"
	"carrier/shared/ppp/vj"
	"carrier/shared/pptp"
	"carrier/shared/quirk"
	"carrier/shared/weakness"
)

// whole has every key there is.
const whole = `
name   = "denver"
listen = "192.0.2.60:1724"
udp    = "192.0.2.60:4755"
panel  = "127.0.0.1:8724"
socket = "/run/pns.sock"
log    = "warn"
state  = "/var/lib/carrier/pns"

[security]
accept = ["open-tunnel atlanta", "pap"]

[[pac]]
name      = "atlanta"
from      = ["192.0.2.0/25", "198.51.100.7"]
connect   = "198.51.100.7:1724"
opens     = "pns"
transport = "udp"
window    = false
mss_by_rate = false
set_link_info = "no"
ff03      = "keep"
mru       = 1300
calls            = 500
calls_per_source = 400
calls_per_second = 50

[[pac]]
name = "boston"
from = ["192.0.2.128/25"]
set_link_info = "needed"
window = 16

[clients]
from        = ["0.0.0.0/0"]
calls            = 90
calls_per_second = 5
transport   = "udp"
window      = true
ff03        = "strip"
mru         = 576
encryption  = "optional"
compression = ["mppc", "bsd"]
vj          = true

[[dial]]
name        = "chicago"
to          = ["203.0.113.1", "203.0.113.2:1724"]
user        = "denver"
password    = "blue moon"
methods     = ["mschap-v2", "chap-md5"]
server      = "chicago"
server_password = "red sun"
routes      = ["10.3.0.0/16", "10.4.0.1"]
mode        = "on demand"
idle        = "10m"
retry       = "2s"
retry_max   = "1m"
encryption  = "optional"
compression = ["bsd"]
vj          = true
transport   = "udp"
window      = 8
mru         = 1200
ff03        = "keep"

[[dial]]
name       = "village"
through    = "atlanta"
number     = "555-1212"
subaddress = "7"
min_speed  = 9600
max_speed  = 64000
bearer     = "digital"
framing    = "async"
user       = "denver"
password   = "blue moon"

[lan]
mode      = "userspace"
local     = "2.1.1.1"
addresses = ["2.1.1.129-2.1.1.190", "2.1.2.0/30"]
dns       = ["2.1.1.53", "2.1.1.54"]
wins      = ["2.1.1.55"]
hold      = "10m"
next      = "sales"

[lan.dhcp]
domain = "corp.example"
routes = ["10.0.0.0/8", "192.168.7.1"]

[lan.userspace]
map         = {"2.1.1.10:80" = "127.0.0.1:8080"}
only_mapped = true

[[pool]]
name      = "sales"
addresses = ["2.1.3.1"]

[auth]
methods = ["mschap-v2", "pap", "mschap"]
rechallenge = "10m"
lm = true

[auth.lockout]
attempts = 3
window   = "1h"
time     = "30m"

[ppp]
encryption = "optional"
strengths  = ["40", "128"]
stateless  = false
vj         = false
compression = ["lzs", "bsd", "predictor"]
multilink = "short"
identify = true
quality = "demand"
quality_period = "1m"
quality_loss = 25

[limits]
idle          = "15m"
session       = "8h"
echo          = "20s"
echo_failures = 5

[limits.activity]
ignore = ["ntp", "udp/514"]

[callback]
through = ["boston", "atlanta"]
every   = "1m"
within  = "10m"

[[user]]
name         = "saran"
password     = "correct horse"
callback          = "caller"
callback_numbers  = ["555*"]
callback_required = true
address      = "2.1.1.129"
expired      = true
idle         = "1h"
session      = "24h"
simultaneous = "replace"
dial_in      = false

[[user]]
name    = 'DENVER\bob'
pool    = "sales"
disabled = true
hours   = "22:00-06:30"
routes  = ["10.5.0.0/24"]
nt_hash = "44EBBA8D5312B8D611474411F56989AE"
`

var ip = netip.MustParseAddr

func TestWhole(t *testing.T) {
	got, err := Parse("pns.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	secrets := []auth.Secret{got.Users[0].Secret, got.Users[1].Secret}
	got.Users[0].Secret, got.Users[1].Secret = auth.Secret{}, auth.Secret{}
	d := &got.Dials[0]
	if !d.Login.Secret.Verifies(auth.CHAPMD5) || !d.Proof.Secret.Verifies(auth.CHAPMD5) || d.Sum == (conf.Sum{}) {
		t.Errorf("dial: %+v", d)
	}
	d.Login.Secret, d.Proof.Secret, d.Sum = auth.Secret{}, auth.Secret{}, conf.Sum{}
	got.Dials[1].Login.Secret, got.Dials[1].Sum = auth.Secret{}, conf.Sum{}
	want := &Config{
		Accept:   weakness.Accepted{"open-tunnel atlanta", "pap"},
		Settings: daemon.Settings{Name: "denver", Panel: netip.MustParseAddrPort("127.0.0.1:8724"), Socket: "/run/pns.sock", Level: slog.LevelWarn},
		State:    "/var/lib/carrier/pns",
		Listen:   netip.MustParseAddrPort("192.0.2.60:1724"),
		UDP:      netip.MustParseAddrPort("192.0.2.60:4755"),
		PACs: []PAC{
			{Name: "atlanta", From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/25"), netip.MustParsePrefix("198.51.100.7/32")}, Connect: netip.MustParseAddrPort("198.51.100.7:1724"), Opens: true, Transport: peer.UDP, MRU: 1300,
				Settings: quirk.Settings{Window: quirk.NoWindow, Strip: quirk.Off, LineErrors: quirk.Off, LinkInfo: quirk.Never}, Limits: peer.Limits{All: 500, Source: 400, Rate: 50}},
			{Name: "boston", From: []netip.Prefix{netip.MustParsePrefix("192.0.2.128/25")}, MSSByRate: true, Settings: quirk.Settings{Window: 16, LineErrors: quirk.Off, LinkInfo: quirk.Needed}, Limits: ofPAC},
		},
		Clients: Clients{From: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, Transport: peer.UDP, MRU: 576,
			Settings: quirk.Settings{Window: quirk.Full, Strip: quirk.On, LineErrors: quirk.Off}, Limits: peer.Limits{All: 90, Source: 90, Rate: 5}, Methods: []auth.Method{auth.MSCHAPv2, auth.PAP, auth.MSCHAP}, VJ: vj.Slots{Count: 16},
			Coding: session.Coding{Encryption: session.Optional, MPPE: mppe.Key40 | mppe.Key128 | mppe.MPPC, Compression: []ccp.Method{ccp.BSD{Bits: 12}}}},
		Dials: []Dial{{Name: "chicago", Servers: []dial.Server{{Addr: netip.MustParseAddrPort("203.0.113.1:1723")}, {Addr: netip.MustParseAddrPort("203.0.113.2:1724")}},
			Transport: peer.UDP, Settings: quirk.Settings{Window: 8, Strip: quirk.Off, LineErrors: quirk.Off}, MRU: 1200,
			Login: auth.Login{Name: "denver", Allow: []auth.Method{auth.MSCHAPv2, auth.CHAPMD5}}, Proof: auth.Login{Name: "chicago"},
			Routes: []netip.Prefix{netip.MustParsePrefix("10.3.0.0/16"), netip.MustParsePrefix("10.4.0.1/32")},
			Coding: session.Coding{Encryption: session.Optional, MPPE: mppe.Key40 | mppe.Key128, Compression: []ccp.Method{ccp.BSD{Bits: 12}}},
			VJ:     vj.Slots{Count: 16}, OnDemand: true, Idle: 10 * time.Minute, Retry: 2 * time.Second, RetryMax: time.Minute},
			{Name: "village", Number: &dial.Number{PAC: "atlanta", Request: pptp.OutgoingCallRequest{PhoneNumber: "5551212", Subaddress: "7",
				MinimumBPS: 9600, MaximumBPS: 64000, BearerType: pptp.Digital, FramingType: pptp.Asynchronous}},
				Transport: peer.UDP, Settings: quirk.Settings{LineErrors: quirk.Off},
				Login:  auth.Login{Name: "denver", Allow: []auth.Method{auth.MSCHAPv2, auth.EAPMSCHAPv2}},
				Coding: session.Coding{Encryption: session.Required, MPPE: mppe.Key40 | mppe.Key128}, VJ: vj.Slots{Count: 16},
				Retry: 5 * time.Second, RetryMax: 5 * time.Minute}},
		LAN: LAN{
			Local: ip("2.1.1.1"),
			Pools: []pool.Options{
				{Name: "default", Next: "sales", Ranges: []pool.Range{{First: ip("2.1.1.129"), Last: ip("2.1.1.190")}, {First: ip("2.1.2.1"), Last: ip("2.1.2.2")}}},
				{Name: "sales", Ranges: []pool.Range{{First: ip("2.1.3.1"), Last: ip("2.1.3.1")}}},
			},
			Hold: 10 * time.Minute,
			DNS:  []netip.Addr{ip("2.1.1.53"), ip("2.1.1.54")}, WINS: []netip.Addr{ip("2.1.1.55")},
			DHCP: &dhcp.Settings{Domain: "corp.example", DNS: []netip.Addr{ip("2.1.1.53"), ip("2.1.1.54")}, WINS: []netip.Addr{ip("2.1.1.55")},
				Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.168.7.1/32")}},
			Map: map[netip.AddrPort]string{netip.MustParseAddrPort("2.1.1.10:80"): "127.0.0.1:8080"}, OnlyMapped: true,
		},
		Methods:     []auth.Method{auth.MSCHAPv2, auth.PAP, auth.MSCHAP},
		LM:          true,
		Rechallenge: 10 * time.Minute,
		Lockout:     guard.Policy{Attempts: 3, Window: time.Hour, Time: 30 * time.Minute},
		Coding: session.Coding{Encryption: session.Optional, MPPE: mppe.Key40 | mppe.Key128,
			Compression: []ccp.Method{ccp.LZS{}, ccp.BSD{Bits: 12}, ccp.Predictor{}}},
		Quality: &lqr.Option{Period: time.Minute}, Reports: true, Lossy: 25,
		Identify: "pns denver",
		Bundle:   lcp.Multilink{MRRU: 1394, Short: true, Endpoint: []byte("\x01denver")},
		Idle:     15 * time.Minute, Session: 8 * time.Hour,
		Activity: ignoring(t, "ntp", "udp/514"),
		Echo:     link.EchoOptions{Interval: 20 * time.Second, Failures: 5},
		Callback: callback.Options{Through: []string{"boston", "atlanta"}, Every: time.Minute, Within: 10 * time.Minute},
		Users: []users.User{
			{Name: "saran", Expired: true, Address: ip("2.1.1.129"), Idle: time.Hour, Session: 24 * time.Hour, Simultaneous: users.Replace, NoDialIn: true,
				Callback: users.Callback{Kind: users.ToCaller, Numbers: []string{"555*"}, Required: true}},
			{Name: `DENVER\bob`, Pool: "sales", Disabled: true, Hours: users.Hours{From: 22 * time.Hour, To: 6*time.Hour + 30*time.Minute}, Routes: []netip.Prefix{netip.MustParsePrefix("10.5.0.0/24")}},
		},
		NeedsGRE: true, NeedsUDP: true,
	}
	want.Digest = got.Digest
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	// RFC 2759 §9.2 has this hash, of the password clientPass.
	if !secrets[0].Verifies(auth.CHAPMD5) || secrets[1].Verifies(auth.CHAPMD5) || !secrets[1].Verifies(auth.MSCHAPv2) {
		t.Error("the secrets are of the wrong kind")
	}
}

const least = `name = "d"
[[pac]]
name = "a"
from = ["192.0.2.1"]
[lan]
addresses = ["2.1.1.129-2.1.1.190"]
[[user]]
name = "saran"
password = "pw"
`

func TestDefaults(t *testing.T) {
	got, err := Parse("pns.toml", []byte(least))
	if err != nil {
		t.Fatal(err)
	}
	got.Users[0].Secret = auth.Secret{}
	want := &Config{
		Settings: daemon.Settings{Name: "d", Socket: Socket},
		Listen:   netip.MustParseAddrPort("0.0.0.0:1723"),
		UDP:      netip.MustParseAddrPort("0.0.0.0:4754"),
		PACs:     []PAC{{Name: "a", From: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}, MSSByRate: true, Settings: quirk.Settings{LineErrors: quirk.Off}, Limits: peer.Limits{All: 10_000, Source: 10_000, Rate: 100}}},
		LAN: LAN{Local: ip("10.64.64.64"), Pools: []pool.Options{{Name: "default", Ranges: []pool.Range{{First: ip("2.1.1.129"), Last: ip("2.1.1.190")}}}},
			Hold: 5 * time.Minute,
			Map:  map[netip.AddrPort]string{}},
		Methods: []auth.Method{auth.MSCHAPv2, auth.CHAPMD5, auth.PAP},
		Lockout: guard.Policy{Attempts: 5, Window: 15 * time.Minute, Time: 15 * time.Minute},
		Coding: session.Coding{Encryption: session.Optional, MPPE: mppe.Key128 | mppe.Stateless | mppe.MPPC,
			Compression: []ccp.Method{ccp.Deflate{Window: 15}, ccp.Deflate{Window: 15, Draft: true}, ccp.BSD{Bits: 12}}},
		VJ:       vj.Slots{Count: 16},
		Lossy:    10,
		Activity: ignoring(t, activity.Names()...),
		Echo:     link.EchoOptions{Interval: 30 * time.Second, Failures: 3},
		Callback: callback.Options{Every: 30 * time.Second, Within: 5 * time.Minute},
		Users:    []users.User{{Name: "saran"}},
		NeedsGRE: true,
	}
	want.Digest = got.Digest
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func ignoring(t *testing.T, items ...string) *activity.Filter {
	f, err := activity.New(items)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// An empty list ignores nothing, which is something else than none.
func TestNothingIsIgnored(t *testing.T) {
	got, err := Parse("pns.toml", []byte(least+"[limits.activity]\nignore = []\n"))
	if err != nil || got.Activity != nil {
		t.Errorf("%v, %v", got, err)
	}
}

// Clients alone are enough. They encrypt, by a method that leaves keys, and
// nothing is compressed.
func TestClientsAlone(t *testing.T) {
	got, err := Parse("pns.toml", []byte(strings.Replace(least, "[[pac]]\nname = \"a\"", "[clients]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := Clients{From: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}, Settings: quirk.Settings{LineErrors: quirk.Off}, Limits: peer.Limits{All: 1000, Source: 100, Rate: 10},
		Methods: []auth.Method{auth.MSCHAPv2},
		Coding:  session.Coding{Encryption: session.Required, MPPE: mppe.Key128 | mppe.Stateless}}
	if !reflect.DeepEqual(got.Clients, want) || !got.NeedsGRE || got.NeedsUDP || len(got.Methods) != 3 {
		t.Errorf("got\n%+v\nwant\n%+v", got.Clients, want)
	}
}

func TestTUN(t *testing.T) {
	mode := func(add string) string {
		return strings.Replace(least, "[lan]\n", "[lan]\nmode = 'tun'\n", 1) + "address = '10.1.1.1'\n" + add
	}
	for add, want := range map[string]TUN{
		"": {Name: "carrier0"},
		"[lan.tun]\nname = 'tun7'\nproxy_arp = ['eth0', 'eth1.5']\nmasquerade = ['ppp0']\nforwarding = true": {Name: "tun7",
			ProxyARP: []string{"eth0", "eth1.5"}, Masquerade: []string{"ppp0"}, Forwarding: true},
	} {
		c, err := Parse("pns.toml", []byte(mode(add)))
		if err != nil || c.LAN.TUN == nil || !reflect.DeepEqual(*c.LAN.TUN, want) {
			t.Errorf("%s: %+v, %v", add, c, err)
			continue
		}
		routes := c.LAN.Routes([]netip.Prefix{netip.MustParsePrefix("10.1.1.1/32"), netip.MustParsePrefix("2.1.1.131/32")})
		if len(routes) != 11 || routes[0].String() != "2.1.1.129/32" || routes[10].String() != "10.1.1.1/32" {
			t.Errorf("routes %v", routes)
		}
	}
}

// No form of printing shows a password.
func TestPasswordsAreNotPrinted(t *testing.T) {
	c, err := Parse("pns.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("config", "config", c)
	for _, s := range []string{fmt.Sprintf("%v %+v %#v", c, c, c), log.String()} {
		if strings.Contains(s, "correct horse") || strings.Contains(strings.ToLower(s), "44ebba8d") || strings.Contains(s, "blue moon") || strings.Contains(s, "red sun") {
			t.Error(s)
		}
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pns.toml")
	if _, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte(least), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Read(path); err != nil || c.Name != "d" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := Parse("pns.toml", []byte("name =")); err == nil || err.Error() != "pns.toml:1: name: unexpected EOF; expected value" {
		t.Errorf("not TOML: %v", err)
	}
}
