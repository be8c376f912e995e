package doctor

import (
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
		{"a mistake", "nmae = 'denver'\nname = 'x'\n" + rest, nil, ":1: nmae: unknown key; would be right: name"},
	} {
		file := filepath.Join(t.TempDir(), "pns.toml")
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := Look(t.Context(), file, console.NewClient(filepath.Join(t.TempDir(), "none")))
		if looked := r.Looked(); !slices.Equal(looked[1:], tt.looked) {
			t.Errorf("%s: looked at %q", tt.name, looked)
		}
		switch f := r.Findings(); {
		case tt.want == "" && len(f) > 0, tt.want != "" && (len(f) != 1 || !strings.HasSuffix(f[0].Text, tt.want)):
			t.Errorf("%s: %v", tt.name, f)
		}
	}
}
