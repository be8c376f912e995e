package rules

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// order lists the packages from above to below: a package imports only what
// stands further down. What stands in one row knows nothing of its neighbours
// in it. A folder named here stands for what is below it too, unless that is
// named itself.
var order = [][]string{
	{"deploy"},
	{"pac", "pns"},
	{"pac/app", "pns/app"},
	{"pac/internal/doctor", "pns/internal/doctor", "pac/internal/security", "pns/internal/security"},
	{"pac/internal/config", "pns/internal/config"},
	{"pns/internal/opener"},
	{"pac/internal/bank", "pns/internal/ras", "pns/internal/dial"},
	{"pac/internal/call", "pns/internal/session"},
	{"pac/internal/identify", "pns/internal/flow", "pns/internal/guard"},
	{"pac/internal/profile", "pns/internal/users", "pns/internal/activity", "pns/internal/firewall", "pns/internal/lease", "pns/internal/callback"},
	{"pac/internal/tunnel", "pns/internal/pool"},
	{"pac/internal/relay", "pac/internal/host", "pac/internal/trunk", "pns/internal/lan/userspace", "pns/internal/lan/tun", "pns/internal/ndp", "pns/internal/dhcp6"},
	{"pns/internal/dhcp", "pns/internal/lan/relay"},
	{"pns/internal/lan"},
	{"hardware/cmd"},
	{"hardware/caller", "hardware/exchange"},
	{"hardware/modem"},
	{"hardware/line"},
	{"hardware/netport", "hardware/serial"},
	{"shared/daemon"},
	{"shared/console"},
	{"shared/weakness"},
	{"shared/conf", "shared/capture", "shared/doctor"},
	{"shared/netstack"},
	{"shared/peer"},
	{"shared/pptp", "shared/gre", "shared/queue", "shared/quirk"},
	{"shared/record"},
	{"shared/ppp/link"},
	{"shared/ppp/ccp"},
	{"shared/ppp/lcp", "shared/ppp/ipcp", "shared/ppp/ipv6cp"},
	{"shared/ppp/cbcp"},
	{"shared/ppp/auth", "shared/ppp/cp", "shared/ppp/lqr", "shared/ppp/mp", "shared/ppp/vj", "shared/ppp/mppe", "shared/ppp/mppc", "shared/ppp/deflate", "shared/ppp/bsd", "shared/ppp/predictor", "shared/ppp/lzs"},
	{"shared/ppp/eap/eaptls"},
	{"shared/ppp/eap"},
	{"shared/ppp/codectest", "shared/ppp/window"},
	{"shared/ppp"},
	{"shared/hdlc"},
	{"shared/wire", "shared/keep", "shared/phone"},
}

// rank is the row of a package, and the name under which it stands there.
func rank(pkg string) (row int, name string) {
	row = -1
	for i, names := range order {
		for _, n := range names {
			if (pkg == n || strings.HasPrefix(pkg, n+"/")) && len(n) > len(name) {
				row, name = i, n
			}
		}
	}
	return row, name
}

func top(pkg string) string { return strings.SplitN(pkg, "/", 2)[0] }

func TestImportsGoDownwards(t *testing.T) {
	packages := list(t)
	if len(packages) < 20 {
		t.Fatalf("go list names only %d packages", len(packages))
	}
	for _, p := range packages {
		from := strings.TrimPrefix(p.ImportPath, "carrier/")
		row, name := rank(from)
		if row < 0 {
			t.Errorf("%s has no place in the order of packages", from)
			continue
		}
		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, "carrier/")
			if !ours {
				continue
			}
			below, other := rank(to)
			switch {
			case name == other: // inside one folder
			case below <= row:
				t.Errorf("%s imports %s, which stands above or beside it", from, to)
			case top(from) == "pac" && top(to) == "pns", top(from) == "pns" && top(to) == "pac":
				t.Errorf("%s imports %s: the two programs know nothing of each other", from, to)
			}
		}
	}
}

// Only a program's app knows the metrics library, so that counting stays plain
// below it; shared/daemon serves what app built.
func TestOnlyAppsKnowPrometheus(t *testing.T) {
	for _, p := range list(t) {
		knows := slices.ContainsFunc(p.Imports, func(i string) bool { return strings.Contains(i, "prometheus/client_golang") })
		if name := strings.TrimPrefix(p.ImportPath, "carrier/"); knows && name != "pac/app" && name != "pns/app" {
			t.Errorf("%s imports client_golang", name)
		}
	}
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func list(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "carrier/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
