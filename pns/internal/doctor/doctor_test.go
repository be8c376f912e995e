package doctor

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carrier/shared/console"
)

// What needs no right and no namespace; the rest is seen in the testbed.
func TestLook(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	const rest = "[[pac]]\nname = 'atlanta'\nfrom = ['192.0.2.1']\ntransport = 'udp'\n[lan]\naddresses = ['2.1.1.129']\n[[user]]\nname = 'u'\npassword = 'x'\n"
	for _, tt := range []struct {
		name, text string
		looked     []string // without the configuration's
		want       string
	}{
		{"good", "name = 'denver'\nlisten = '127.0.0.1:0'\nudp = '127.0.0.1:0'\n" + rest, []string{"listen 127.0.0.1:0", "udp 127.0.0.1:0"}, ""},
		{"a panel in use", fmt.Sprintf("name = 'denver'\npanel = '%v'\nlisten = '127.0.0.1:0'\nudp = '127.0.0.1:0'\n", taken.Addr()) + rest,
			[]string{"listen 127.0.0.1:0", "udp 127.0.0.1:0", "panel " + taken.Addr().String()}, "end it (`ss -lp` names it), or choose another port with `panel`"},
		{"a server that is there", fmt.Sprintf("name = 'denver'\nlisten = '127.0.0.1:0'\nudp = '127.0.0.1:0'\n[[dial]]\nname = 'd'\nto = ['%v']\nuser = 'x'\npassword = 'x'\ntransport = 'udp'\n", taken.Addr()) + rest,
			[]string{"listen 127.0.0.1:0", "udp 127.0.0.1:0", fmt.Sprintf("dial d %v, TCP", taken.Addr())}, ""},
		{"a server that is not", "name = 'denver'\nlisten = '127.0.0.1:0'\nudp = '127.0.0.1:0'\n[[dial]]\nname = 'd'\nto = ['127.0.0.1:1']\nuser = 'x'\npassword = 'x'\ntransport = 'udp'\n" + rest,
			[]string{"listen 127.0.0.1:0", "udp 127.0.0.1:0", "dial d 127.0.0.1:1, TCP"}, "start the server, or correct its address"},
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
