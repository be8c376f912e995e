package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carrier/shared/console"
	"carrier/shared/peer"
	"carrier/shared/peer/peertest"
	"carrier/shared/pptp"
)

// What needs no right and no namespace; the rest is seen in the testbed.
func TestLook(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	there, strict := peertest.Local(t, "macon", macon{}), peertest.Local(t, "macon", macon{errors.New("a stranger")})
	dials := func(at netip.AddrPort) string {
		return fmt.Sprintf("[[pac]]\nname = 'macon'\nfrom = ['127.0.0.1']\nconnect = '%v'\ntransport = 'udp'\n", at)
	}
	const good = "name = 'denver'\nlisten = '127.0.0.1:0'\nudp = '127.0.0.1:0'\n"
	const rest = "[[pac]]\nname = 'atlanta'\nfrom = ['192.0.2.1']\ntransport = 'udp'\n[lan]\naddresses = ['2.1.1.129']\n[[user]]\nname = 'u'\npassword = 'x'\n"
	for _, tt := range []struct {
		name, text string
		looked     []string // without the configuration's
		want       string
	}{
		{"good", good + rest, []string{"listen 127.0.0.1:0", "udp 127.0.0.1:0"}, ""},
		{"a panel in use", fmt.Sprintf("name = 'denver'\npanel = '%v'\nlisten = '127.0.0.1:0'\nudp = '127.0.0.1:0'\n", taken.Addr()) + rest,
			[]string{"listen 127.0.0.1:0", "udp 127.0.0.1:0", "panel " + taken.Addr().String()}, "end it (`ss -lp` names it), or choose another port with `panel`"},
		{"a server that takes no call", good + fmt.Sprintf("[[dial]]\nname = 'd'\nto = ['%v']\nuser = 'x'\npassword = 'x'\ntransport = 'udp'\n", there.Addr()) + rest,
			[]string{"listen 127.0.0.1:0", "udp 127.0.0.1:0", fmt.Sprintf("dial d %v, TCP", there.Addr()), fmt.Sprintf("dial d %v, PPTP", there.Addr())}, "): its log says why"},
		{"a server that is not", good + "[[dial]]\nname = 'd'\nto = ['127.0.0.1:1']\nuser = 'x'\npassword = 'x'\ntransport = 'udp'\n" + rest,
			[]string{"listen 127.0.0.1:0", "udp 127.0.0.1:0", "dial d 127.0.0.1:1, TCP"}, "start the server, or correct its address"},
		{"a PAC that dials", good + dials(there.Addr()) + rest,
			[]string{"listen 127.0.0.1:0", "udp 127.0.0.1:0", fmt.Sprintf("PAC macon (%v), TCP", there.Addr()), fmt.Sprintf("PAC macon (%v), PPTP", there.Addr())}, ""},
		{"a PAC that does not know us", good + dials(strict.Addr()) + rest,
			[]string{"listen 127.0.0.1:0", "udp 127.0.0.1:0", fmt.Sprintf("PAC macon (%v), TCP", strict.Addr()), fmt.Sprintf("PAC macon (%v), PPTP", strict.Addr())},
			"let it know this host's address, in a pac with `from` of a [[pns]]"},
		{"a mistake", "nmae = 'denver'\nname = 'x'\n" + rest, nil, ":1: nmae: unknown key; would be right: name"},
	} {
		file := filepath.Join(t.TempDir(), "pns.toml")
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := Look(t.Context(), file, console.NewClient(filepath.Join(t.TempDir(), "none"), "pns"))
		if looked := r.Looked(); !slices.Equal(looked[1:], tt.looked) {
			t.Errorf("%s: looked at %q", tt.name, looked)
		}
		switch f := r.Findings(); {
		case tt.want == "" && len(f) > 0, tt.want != "" && (len(f) != 1 || !strings.HasSuffix(f[0].Text, tt.want)):
			t.Errorf("%s: %v", tt.name, f)
		}
	}
}

// A macon is a peer that takes no call; its error is why it knows nobody.
type macon struct{ error }

func (m macon) Admit(netip.AddrPort) (peer.Remote, error) {
	return peer.Remote{Name: "denver", Transport: peer.UDP}, m.error
}
func (macon) Incoming(c *peer.Call) { c.Refuse(uint8(pptp.IncomingDoNotAccept), uint8(pptp.NoError)) }
func (macon) Outgoing(c *peer.Call) { c.Refuse(uint8(pptp.OutgoingDoNotAccept), uint8(pptp.NoError)) }

func TestAnotherProgramsSocket(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "pns.toml"), filepath.Join(dir, "socket")
	if err := os.WriteFile(file, []byte("name = 'denver'\n[[pac]]\nname = 'atlanta'\nfrom = ['192.0.2.1']\ntransport = 'udp'\n[lan]\naddresses = ['2.1.1.129']\n[[user]]\nname = 'u'\npassword = 'x'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := console.Listen(socket, "pac", struct{ console.Program }{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	f := Look(t.Context(), file, console.NewClient(socket, "pns")).Findings()
	if want := "it cannot be asked: another program: at " + socket + " listens pac, not pns"; len(f) != 1 || f[0].About != "the daemon" || f[0].Text != want {
		t.Errorf("%v, want %s", f, want)
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
