package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"carrier/hardware/line"
	"carrier/hardware/netport"
	"carrier/hardware/serial"
	"carrier/pac/internal/config"
	"carrier/pac/internal/profile"
	"carrier/shared/console"
	"carrier/shared/peer"
)

func TestEndpointsOfAllProfiles(t *testing.T) {
	to := func(names ...string) profile.Destination { return profile.Destination{Endpoints: names} }
	byDefault := to("z", "a")
	got := endpoints(profile.Options{
		Numbers: []profile.NumberRule{{Called: "1", Destination: to("n", "a")}},
		Users:   map[string]profile.Destination{"u": to("u")},
		Realms:  map[string]profile.Destination{"r": {Hosts: []string{"tcp://bbs.example:23"}}},
		Menu:    map[string]profile.Destination{"1": to("m")},
		Default: &byDefault,
	})
	if !slices.Equal(got, []string{"a", "m", "n", "u", "z"}) {
		t.Error(got)
	}
}

// The port of a terminal server that is closed at once is no fault of init's.
func TestFaultsOfModems(t *testing.T) {
	for want, s := range map[string]struct{ fault, port string }{
		"the connection is taken and then closed (the port is lost: EOF): somebody else probably holds the port, or the server limits connections; have the other end it, or raise the limit": {"the port is lost: EOF", "tcp://x:1"},
		"the port is lost: input/output error: is its device still plugged in?": {"the port is lost: input/output error", "/dev/ttyUSB0"},
		"AT&F9: the modem says ERROR: correct `init` of bank b":                 {"AT&F9: the modem says ERROR", "tcp://x:1"},
	} {
		if got := text(mute(s.fault, Seat{Bank: config.Bank{Name: "b"}, Port: s.port})); got != want {
			t.Errorf("%s; want %s", got, want)
		}
	}
}

func TestPortsThatCannotBeOpened(t *testing.T) {
	for want, err := range map[string]error{
		"it is in use by minicom: end that program, or take the port out of `ports`": &serial.Error{Path: "/dev/x", Err: errors.Join(errors.New("it is in use by minicom"), serial.ErrBusy)},
		"file does not exist: plug it in, or correct `ports`":                        &serial.Error{Path: "/dev/x", Err: fs.ErrNotExist},
		serial.ErrKind.Error() + ": correct `ports`":                                 &serial.Error{Path: "/dev/null", Err: serial.ErrKind},
		"permission denied: `adduser` it there, and start again":                     &serial.Error{Path: "/dev/x", Err: fs.ErrPermission},
		"dial tcp: no route; is the terminal server on, and its address in `ports` right?": &netport.Error{URL: "tcp://x:1",
			Err: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no route")}},
		"the server refuses RFC 2217; use telnet:// for its port": &netport.Error{URL: "rfc2217://x:1", Err: errors.New("the server refuses RFC 2217; use telnet:// for its port")},
		"the connection is taken and then closed (EOF): somebody else probably holds the port, or the server limits connections; have the other end it, or raise the limit": &netport.Error{URL: "rfc2217://x:1", Err: io.EOF},
		"the connection is taken and then closed (write tcp: broken pipe): somebody else probably holds the port, or the server limits connections; have the other end it, or raise the limit": &netport.Error{URL: "rfc2217://x:1",
			Err: &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}},
		"odd": errors.New("odd"),
	} {
		if got := strings.ReplaceAll(cannotOpen(err).Error(), "\nit is in use", ""); got != want {
			t.Errorf("%s; want %s", got, want)
		}
	}
}

func TestStatesOfLines(t *testing.T) {
	since := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	const taken = "the daemon cannot use it since 12:00:00: the connection is taken and then closed (the port is lost: EOF): somebody else probably holds the port"
	if got := text(state(console.Line{Service: "faulty", Port: "tcp://x:1", Since: since, Why: "the port is lost: EOF"})); !strings.HasPrefix(got, taken) {
		t.Error(got)
	}
	for service, want := range map[string]string{"": "", "out": "", "draining": "",
		"faulty": "the daemon cannot use it since 12:00:00: no dial tone; it tries again by itself, and `pac doctor` looks for itself while the daemon is stopped"} {
		if got := text(state(console.Line{Service: service, Since: since, Why: "no dial tone"})); got != want {
			t.Errorf("%s: %s", service, got)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A cable is opened and closed; a file with mistakes is looked at no further.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "pac.toml")
	opened := 0
	look := func(toml string) []string {
		if err := os.WriteFile(file, []byte(toml), 0o600); err != nil {
			t.Fatal(err)
		}
		r := Look(t.Context(), Options{File: file, Asks: console.NewClient(filepath.Join(dir, "sock"), "pac"), Resolver: nowhere{}, Seats: seats,
			Open: func(context.Context, string, config.Bank) (line.Wire, error) {
				opened++
				near, _ := net.Pipe()
				return wire{near}, nil
			}})
		var all []string
		for _, f := range r.Findings() {
			all = append(all, f.About+": "+f.Text)
		}
		return all
	}
	const good = "name = 'atlanta'\n[[bank]]\nname = 'b'\nkind = 'cable'\nports = ['tcp://192.0.2.9:1']\n[default]\n"
	const want = "PNS pns.example: pns.example does not resolve: no such host; correct the name, or give it an address in DNS or in /etc/hosts"
	if got := look(good + "tunnel = ['udp', 'pns.example']\n[[pns]]\nname = 'udp'\nconnect = 'pns.example'\ntransport = 'udp'\n"); !slices.Contains(got, want) || opened != 1 {
		t.Errorf("%q, opened %d times", got, opened)
	}
	if got := look("nmae = 'x'\n" + good + "tunnel = []\n"); len(got) != 2 || opened != 1 {
		t.Errorf("%q", got)
	}
}

// Where PNSs and PACs come to is tried: both addresses are in use here.
func TestWhereOthersCome(t *testing.T) {
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	const rest = "name = 'atlanta'\n%s[[bank]]\nname = 'b'\nlisten = 'tcp://127.0.0.1:0'\n[[pac]]\nname = 'macon'\nfrom = ['127.0.0.1']\ntransport = 'udp'\n[default]\nhost = %q\n"
	there := "tcp://" + tcp.Addr().String()
	for keys, want := range map[string][]string{
		fmt.Sprintf("listen = '%v'\nudp = '%v'\n", tcp.Addr(), udp.LocalAddr()): {
			fmt.Sprintf("listen %v: another program has TCP port", tcp.Addr()), fmt.Sprintf("udp %v: another program has UDP port", udp.LocalAddr())},
		fmt.Sprintf("listen = '127.0.0.2:%d'\nudp = '127.0.0.2:%[1]d'\n", tcp.Addr().(*net.TCPAddr).Port): nil,
	} {
		file := filepath.Join(t.TempDir(), "pac.toml")
		if err := os.WriteFile(file, fmt.Appendf(nil, rest, keys, there), 0o600); err != nil {
			t.Fatal(err)
		}
		r := Look(t.Context(), Options{File: file, Resolver: nowhere{}, Seats: seats})
		found := r.Findings()
		if len(found) != len(want) {
			t.Errorf("with %s: %q", keys, found)
			continue
		}
		for i, f := range found {
			if !strings.HasPrefix(f.About+": "+f.Text, want[i]) {
				t.Errorf("with %s: %q, want %s", keys, f, want[i])
			}
		}
	}
}

// Each host of every kind of profile is looked at once.
func TestHosts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	there, closed := "tcp://"+l.Addr().String(), "tcp://"+gone.Addr().String()
	file := filepath.Join(t.TempDir(), "pac.toml")
	toml := fmt.Sprintf("name = 'atlanta'\n[[bank]]\nname = 'b'\nlisten = 'tcp://127.0.0.1:0'\n[[user]]\nname = 'u'\nhost = %q\n[[number]]\ncalled = '1'\nhost = [%[1]q, %q]\n"+
		"[[identify.menu]]\nkey = '1'\ntext = 'x'\nhost = 'telnet://%s'\n[default]\nhost = %[2]q\n", there, closed, l.Addr())
	if err := os.WriteFile(file, []byte(toml), 0o600); err != nil {
		t.Fatal(err)
	}
	r := Look(t.Context(), Options{File: file, Resolver: nowhere{}, Seats: seats})
	var hosts []string
	for _, about := range r.Looked() {
		if strings.HasPrefix(about, "host ") {
			hosts = append(hosts, about)
		}
	}
	slices.Sort(hosts)
	want := []string{"host " + closed, "host " + there, "host telnet://" + l.Addr().String()}
	slices.Sort(want)
	found := r.Findings()
	if !slices.Equal(hosts, want) || len(found) != 1 || found[0].About != "host "+closed ||
		found[0].Text != "the port is closed there: start what shall listen, or correct `host`" {
		t.Errorf("looked at %q, found %q", hosts, found)
	}
}

func seats(banks []config.Bank) (all []Seat, clashes []string) {
	for _, b := range banks {
		for _, p := range b.Ports {
			all = append(all, Seat{b, p})
		}
	}
	return all, nil
}

type nowhere struct{}

func (nowhere) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errors.New("no such host")
}

type wire struct{ net.Conn }

func (wire) Unsent() (int, bool) { return 0, false }

func TestPNSsByName(t *testing.T) {
	if about(peer.Remote{Name: "denver", Addr: netip.MustParseAddrPort("192.0.2.1:1723")}) != "PNS denver (192.0.2.1:1723)" {
		t.Error("a PNS with a name")
	}
}

func TestAnotherProgramsSocket(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "pac.toml"), filepath.Join(dir, "socket")
	if err := os.WriteFile(file, []byte("name = 'atlanta'\n[[bank]]\nname = 'b'\nlisten = 'tcp://127.0.0.1:5600'\n[default]\nhost = 'tcp://127.0.0.1:23'"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := console.Listen(socket, "pns", struct{ console.Program }{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	f := Look(t.Context(), Options{File: file, Asks: console.NewClient(socket, "pac"), Resolver: nowhere{}}).Findings()
	if want := "it cannot be asked: another program: at " + socket + " listens pns, not pac"; len(f) == 0 || f[0].About != "the daemon" || f[0].Text != want {
		t.Errorf("%v, want %s", f, want)
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
