// Package security says what is weak in a configuration of pac.
package security

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"carrier/pac/internal/config"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/profile"
	"carrier/shared/ppp/auth"
	"carrier/shared/weakness"
)

// Check reads the configuration in file and says what is weak in it. The error
// is that of config.Read.
func Check(file string) (*weakness.Report, error) {
	c, err := config.Read(file)
	if err != nil {
		return nil, err
	}
	return Look(c, file), nil
}

// Look says what is weak in c, which was read from file; "" is none.
func Look(c *config.Config, file string) *weakness.Report {
	r := weakness.NewReport(c.Accept)
	r.Daemon(file, c.Identify.Verify != nil, c.Panel, c.Socket)
	r.State(c.State, "take lines out of service")
	visitors(r, c, tunnels(r, c))
	logins(r, c.Identify)
	for _, b := range c.Banks {
		bank(r, b)
	}
	return r
}

// tunnels looks at each PNS once, by the name that profiles have for it, and returns
// the places of those that it has found weak.
func tunnels(r *weakness.Report, c *config.Config) (seen map[string]bool) {
	where := c.Peers()
	seen = map[string]bool{}
	for _, d := range destinations(c.Profiles) {
		for _, e := range d.Endpoints {
			host, _, err := net.SplitHostPort(where[e])
			if seen[where[e]] || err == nil && weakness.PrivateHost(host) {
				continue
			}
			seen[where[e]] = true
			r.Find(weakness.OpenTunnel, e, fmt.Sprintf("calls go to %s at %s, which is not a private address, in GRE and TCP, which hide nothing and prove nothing: WireGuard or IPsec below them, and `tunnel` with the inner address", e, where[e]))
		}
	}
	return seen
}

func destinations(o profile.Options) (all []profile.Destination) {
	for _, n := range o.Numbers {
		all = append(all, n.Destination)
	}
	for _, m := range []map[string]profile.Destination{o.Users, o.Realms, o.Menu} {
		names := make([]string, 0, len(m))
		for name := range m {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			all = append(all, m[name])
		}
	}
	if o.Default != nil {
		all = append(all, *o.Default)
	}
	return all
}

func logins(r *weakness.Report, o identify.Options) {
	if slices.Contains(o.Ask, auth.PAP) {
		r.Find(weakness.PAP, "", "callers who refuse all else say their password by PAP, which shows it to this host and its line: methods = [\"chap-md5\", \"mschap-v2\"] in [identify]")
	}
	if slices.Contains(o.Ask, auth.MSCHAP) {
		r.Find(weakness.MSCHAP, "", "callers may be asked for MS-CHAP version 1, whose answers give the password away to who records a few: methods = [\"chap-md5\", \"mschap-v2\"] in [identify]")
	}
	if !o.Text.Off && o.Text.Ask == identify.AskPassword {
		r.Find(weakness.TextLogin, "", "who types a login types the password in clear, through the line to this host: text = false in [identify], or ask = \"name\"")
	}
}

// bank looks at who can call, and at what hears the calls.
func bank(r *weakness.Report, b config.Bank) {
	if host, there := tcp(b.Listen); there && host != "localhost" && !loopback(host) {
		r.Find(weakness.OpenLine, b.Name, fmt.Sprintf("whoever reaches %s is a caller, and what she sends crosses the network in clear: listen = \"tcp://127.0.0.1:…\", or a firewall that lets only her modem in", b.Listen))
	}
	for _, p := range b.Ports {
		if host, there := tcp(p); there && !weakness.PrivateHost(host) {
			r.Find(weakness.OpenLine, b.Name, fmt.Sprintf("calls at %s cross other than private networks in clear before any tunnel begins: a VPN to that port, or the modem at this host", p))
			return
		}
	}
}

// tcp is the host of a port's or listener's URL, if it is behind TCP.
func tcp(port string) (host string, there bool) {
	if strings.HasPrefix(port, "/") {
		return "", false
	}
	u, err := url.Parse(port)
	if err != nil || u.Scheme == "unix" || u.Host == "" {
		return "", false
	}
	return u.Hostname(), true
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
