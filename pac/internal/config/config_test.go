package config

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/hardware/serial"
	"carrier/pac/internal/host"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/profile"
	"carrier/pac/internal/tunnel"
	"carrier/shared/daemon"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/quirk"
	"carrier/shared/weakness"
)

// whole has every key there is.
const whole = `
name   = "atlanta"
panel  = "127.0.0.1:8723"
state  = "/var/lib/carrier/pac"
socket = "/run/pac.sock"
log    = "debug"
order  = ["user", "number", "realm", "default"]
listen = "192.0.2.8:1723"
udp    = "192.0.2.8:4756"

[security]
accept = ["open-tunnel atlanta", "pap"]

[[bank]]
name  = "courier"
ports = ["/dev/ttyS[0-7]", "tcp://192.0.2.9:2001", "unix:///run/modem"]
speed = 57600
flow  = "none"
profile = "usr"
line_rate = 26400
init  = ["AT&F1", "ats0=0&C1&D2"]
busy_out = false

[[bank]]
name   = "emulators"
listen = "tcp://127.0.0.1:5600"
lines  = 16
hunt   = "round-robin"

[identify]
methods  = ["chap-md5", "pap"]
timeout  = "30s"
text     = true
banner   = "Welcome"
login    = "Name? "
password = "Secret? "
start    = "Go"
ask      = "password"
tries    = 5
choose   = "? "

[[identify.menu]]
key  = "1"
text = "The Internet"

[[identify.menu]]
key  = "bbs"
text = "The museum's BBS"
host = "telnet://bbs.example:23"

[[identify.menu]]
key      = "2"
text     = "Work"
tunnel   = ["denver"]
handover = "restart"

[[identify.menu]]
key     = "q"
text    = "Good bye"
hang_up = true

[pacing]
enabled = false
[hosts]
attempt = "5s"
idle    = "15m"
session = "2h"
quiet   = true

[limits]
attempts = 2
attempt  = "3s"
lock_out = "1m"

[[user]]
name     = "saran"
tunnel   = ["2.1.1.60"]
handover = "restart"

[[user]]
name     = "guest"
password = "welcome"
host     = ["tcp://192.0.2.5:23", "tcp://192.0.2.6:23"]

[[realm]]
name   = "Corp.Example"
tunnel = ["pns.corp.example", "dallas"]

[[number]]
called  = "5551212"
calling = "+14045550100"
tunnel  = ["198.51.100.7:1723", "198.51.100.8"]

[default]
tunnel = ["denver"]

[[pns]]
name      = "denver"
at        = "2.1.1.60"
connect   = "127.0.0.2:1723"
transport = "udp"
udp_port  = 4755
window    = false
ff03      = "strip"
line_errors = false
calls_per_second = 30
one_call_per_connection = true
from      = ["2.1.1.60", "2.1.1.64/28"]
dial      = ["5551212", "404*"]
dial_with = ["courier"]

[[pac]]
name      = "macon"
from      = ["192.0.2.64/26"]
transport = "udp"
lines     = 12
calls_per_second = 40
window    = 16
ff03      = "strip"

[[pns]]
name    = "dallas"
connect = "dallas"

[[pns]]
name  = "austin"
opens = "pns"
from  = ["203.0.113.7"]
`

func TestWhole(t *testing.T) {
	got, err := Parse("pac.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	fallback := profile.Destination{Endpoints: []string{"denver"}, Handover: profile.Silent}
	want := &Config{
		Accept:   weakness.Accepted{"open-tunnel atlanta", "pap"},
		Settings: daemon.Settings{Name: "atlanta", Panel: netip.MustParseAddrPort("127.0.0.1:8723"), Socket: "/run/pac.sock", Level: slog.LevelDebug},
		State:    "/var/lib/carrier/pac",
		Banks: []Bank{
			{Name: "courier", Ports: []string{"/dev/ttyS[0-7]", "tcp://192.0.2.9:2001", "unix:///run/modem"}, Speed: 57600, Flow: serial.None, LineRate: 26400, Profile: "usr",
				Init: []string{"AT&F1", "ats0=0&C1&D2"}, Lines: 1, Hunt: line.First},
			{Name: "emulators", Listen: "tcp://127.0.0.1:5600", Lines: 16, Speed: 115200, LineRate: modem.ByProfile, Profile: "auto", Hunt: line.RoundRobin},
		},
		Identify: identify.Options{Name: "atlanta", Ask: []auth.Method{auth.CHAPMD5, auth.PAP}, Silence: 30 * time.Second,
			Text: identify.TextLogin{Banner: "Welcome", Login: "Name? ", Password: "Secret? ", Start: "Go", Tries: 5, Choose: "? ",
				Menu: []identify.Choice{{Key: "1", Text: "The Internet", PPP: true}, {Key: "bbs", Text: "The museum's BBS"}, {Key: "2", Text: "Work"},
					{Key: "q", Text: "Good bye", HangUp: true}}}},
		Profiles: profile.Options{
			Order: []profile.Kind{profile.User, profile.Number, profile.Realm, profile.Default},
			Numbers: []profile.NumberRule{{Called: "5551212", Calling: "+14045550100",
				Destination: profile.Destination{Endpoints: []string{"198.51.100.7:1723", "198.51.100.8"}, Handover: profile.Silent}}},
			Users: map[string]profile.Destination{"saran": {Endpoints: []string{"2.1.1.60"}, Handover: profile.Restart},
				"guest": {Hosts: []string{"tcp://192.0.2.5:23", "tcp://192.0.2.6:23"}}},
			Realms:  map[string]profile.Destination{"Corp.Example": {Endpoints: []string{"pns.corp.example", "dallas"}, Handover: profile.Silent}},
			Default: &fallback,
			Menu: map[string]profile.Destination{"bbs": {Hosts: []string{"telnet://bbs.example:23"}},
				"2": {Endpoints: []string{"denver"}, Handover: profile.Restart}},
		},
		Hosts: host.Options{Attempt: 5 * time.Second, Idle: 15 * time.Minute, Session: 2 * time.Hour, Quiet: true},
		Tunnels: tunnel.Options{Attempts: 2, Attempt: 3 * time.Second, LockOut: time.Minute, PNS: []tunnel.PNS{
			{Name: "denver", At: "2.1.1.60", Connect: "127.0.0.2:1723", Transport: peer.UDP, UDPPort: 4755, OneCall: true,
				From:     []netip.Prefix{netip.MustParsePrefix("2.1.1.60/32"), netip.MustParsePrefix("2.1.1.64/28")},
				Settings: quirk.Settings{Window: quirk.NoWindow, Strip: quirk.On, LineErrors: quirk.Off}, Limits: peer.Limits{All: 1000, Source: 1000, Rate: 30}},
			{Name: "dallas", Connect: "dallas", UDPPort: 4754, Limits: peer.Limits{All: 1000, Source: 1000, Rate: 20}},
			{Name: "austin", Opens: true, From: []netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}, Limits: peer.Limits{All: 1000, Source: 1000, Rate: 20}},
		}},
		Listen: netip.MustParseAddrPort("192.0.2.8:1723"), UDPAt: netip.MustParseAddrPort("192.0.2.8:4756"),
		PACs: []PAC{{Name: "macon", From: []netip.Prefix{netip.MustParsePrefix("192.0.2.64/26")}, Transport: peer.UDP, Lines: 12,
			Settings: quirk.Settings{Window: 16, Strip: quirk.On, LineErrors: quirk.Off}, Limits: peer.Limits{All: 1000, Source: 1000, Rate: 40}}},
		Permits: map[string]profile.Permit{"denver": {Numbers: []string{"5551212", "404*"}, Banks: []string{"courier"}}},
		GRE:     true, UDP: true, Unpaced: true,
	}
	for name, password := range map[string]string{"guest": "welcome", "saran": "anything"} {
		if v := got.Identify.Verify(auth.Typed(name, password)); !v.OK {
			t.Errorf("%s is refused: %s", name, v.Message)
		}
	}
	if v := got.Identify.Verify(auth.Typed("guest", "anything")); v.OK {
		t.Error("a wrong password is good")
	}
	got.Identify.Verify = nil
	want.Digest = got.Digest
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

const least = `
name = "a"
[[bank]]
name = "b"
listen = "tcp://127.0.0.1:5600"
[default]
tunnel = ["192.0.2.1"]
`

func TestDefaults(t *testing.T) {
	got, err := Parse("pac.toml", []byte(least))
	if err != nil {
		t.Fatal(err)
	}
	if got.Panel.IsValid() || got.Socket != Socket || got.Level != slog.LevelInfo || got.State != "" {
		t.Errorf("%+v", got.Settings)
	}
	if want := (tunnel.Options{Attempts: 3, Attempt: 4 * time.Second, LockOut: 30 * time.Second}); !reflect.DeepEqual(got.Tunnels, want) {
		t.Errorf("%+v", got.Tunnels)
	}
	if want := (identify.Options{Name: "a", Ask: askOrder, Silence: 45 * time.Second,
		Text: identify.TextLogin{Login: "login: ", Password: "Password: ", Choose: "Your choice: ", Start: "PPP session starts", Tries: 3}}); !reflect.DeepEqual(got.Identify, want) {
		t.Errorf("%+v", got.Identify)
	}
	if !got.GRE || got.UDP || !reflect.DeepEqual(got.Profiles.Order, profile.DefaultOrder) || got.Banks[0].Lines != 1 {
		t.Errorf("%+v", got)
	}
}

// Modems are busied out where nothing else is said.
func TestBusyOut(t *testing.T) {
	const listen = `listen = "tcp://127.0.0.1:5600"`
	for keys, want := range map[string]bool{
		listen:                                    false,
		"ports = ['/dev/null']":                   true,
		"ports = ['/dev/null']\nkind = 'cable'":   false,
		"ports = ['/dev/null']\nbusy_out = false": false,
	} {
		text := strings.Replace(least, listen, keys, 1)
		if got, err := Parse("pac.toml", []byte(text)); err != nil || got.Banks[0].BusyOut != want {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

func TestTransportsThatAreNeeded(t *testing.T) {
	const udp = least + "[[pns]]\nname = 'd'\nat = '192.0.2.1'\ntransport = 'udp'\n"
	for text, want := range map[string][2]bool{
		least: {true, false},
		udp:   {false, true},
		udp + "[[user]]\nname = 'x'\ntunnel = ['192.0.2.2']":   {true, true},
		strings.Replace(udp, "192.0.2.1", "192.0.2.1:1723", 1): {false, true}, // in other words
	} {
		c, err := Parse("pac.toml", []byte(text))
		if err != nil || c.GRE != want[0] || c.UDP != want[1] {
			t.Errorf("%v: %+v in\n%s", err, c, text)
		}
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pac.toml")
	if _, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte(least), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Read(path); err != nil || c.Name != "a" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := Parse("pac.toml", []byte("name =")); err == nil || err.Error() != "pac.toml:1: name: unexpected EOF; expected value" {
		t.Errorf("not TOML: %v", err)
	}
}
