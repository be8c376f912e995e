package app

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"carrier/pns/internal/config"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
)

// Until the restart that it needs, a change between addresses of the configuration and
// those of the LAN's DHCP server leaves callers those that there were, in each pool.
func TestReloadBetweenStaticAndLeased(t *testing.T) {
	const given = `["2.1.1.129-2.1.1.130"]`
	parse := func(addresses, sales string) *config.Config {
		t.Helper()
		text := strings.Replace(least, `["2.1.1.129-2.1.1.190"]`, addresses+"\nmode = \"tun\"\nlocal = \"2.1.1.60\"\n[lan.tun]\nproxy_arp = [\"eth0\"]", 1)
		c, err := config.Parse("pns.toml", []byte(text+"[[pool]]\nname = \"sales\"\naddresses = "+sales+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	static, leased := parse(given, `["10.9.0.0/24"]`), parse(`"dhcp"`, `"dhcp"`)
	tom := users.User{Name: "tom", Secret: static.Users[0].Secret, Address: netip.MustParseAddr("2.1.1.9")}
	for _, tt := range []struct {
		what    string
		was, to *config.Config
		restart []string
		dhcp    bool
	}{
		{"to the server", static, leased, []string{`lan.addresses = "dhcp"`, "pool"}, false},
		{"from the server", leased, static, []string{`lan.addresses = "dhcp"`, "pool"}, true},
		{"the default alone", parse(given, `["10.9.0.0/24"]`), parse(`"dhcp"`, `["10.9.0.0/24"]`), []string{`lan.addresses = "dhcp"`}, false},
		{"where another pool has them", parse(given, `"dhcp"`), parse(`"dhcp"`, `"dhcp"`), nil, true},
	} {
		t.Run(tt.what, func(t *testing.T) {
			to := *tt.to
			to.Users = append(slices.Clone(to.Users), tom)
			who, err := users.New(tt.was.Users)
			if err != nil {
				t.Fatal(err)
			}
			p := &Program{now: tt.was, who: who}
			if p.pools, err = pool.New(tt.was.LAN.Given(), reserved(tt.was, who)); err != nil {
				t.Fatal(err)
			}
			if restart := fixed(tt.was, &to); !slices.Equal(restart, tt.restart) {
				t.Errorf("needs a restart: %q, want %q", restart, tt.restart)
			}
			if err := p.readdress(&to); err != nil {
				t.Fatal(err)
			}
			if p.pools.FromDHCP(pool.Default) != tt.dhcp {
				t.Errorf("from the server: %v", !tt.dhcp)
			}
			if l, err := p.pools.Reserve(pool.Default, "saran"); (err == nil) == tt.dhcp {
				t.Errorf("%+v, %v", l, err)
			}
			if _, err := p.pools.ReserveFixed(tom.Address); err != nil { // what needs no restart is taken
				t.Error(err)
			}
		})
	}
}
