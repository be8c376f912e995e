// Package security says what is weak in a configuration of pns.
package security

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"

	"carrier/pns/internal/config"
	"carrier/pns/internal/dial"
	"carrier/pns/internal/session"
	"carrier/pns/internal/users"
	"carrier/shared/peer"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/mppe"
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

// trying is what may be done by whoever comes from where calls come from.
const trying = "bring calls and try passwords"

// Look says what is weak in c, which was read from file; "" is none.
func Look(c *config.Config, file string) *weakness.Report {
	r := weakness.NewReport(c.Accept)
	r.Daemon(file, true, c.Panel, c.Socket)
	r.Secret("auth.tls.key", c.Key, "the private key")
	r.State(c.State, "give any user a password of theirs")
	if c.State != "" {
		r.Secret("state", filepath.Join(c.State, users.File), "passwords")
	}
	for _, p := range c.PACs {
		r.Origin(p.Name, p.From, trying)
		beyond(r, p, c.Coding.Encryption, "ppp")
	}
	if l := c.Clients; len(l.From) > 0 {
		all := config.PAC{Name: "clients", From: l.From, Transport: l.Transport}
		r.Origin(all.Name, all.From, trying)
		beyond(r, all, l.Coding.Encryption, "clients")
	}
	for _, d := range c.Dials {
		dialled(r, d, c.PACs)
	}
	if len(c.PACs) > 0 || len(c.Clients.From) > 0 {
		logins(r, c.Methods)
		if c.LM {
			r.Find(weakness.LANManager, "", "callers may log in by LAN Manager's response alone, which gives the password away to who records one, for each half of it is tried by itself and in capitals: without `lm` in [auth]")
		}
	}
	for _, u := range c.Users {
		if k := u.Callback.Kind; k != users.NoCallback {
			r.Numbers(u.Name, u.Callback.Numbers, fmt.Sprintf("the user %q may have", u.Name), "callback_numbers in her [[user]]")
		}
	}
	if encrypts(c) {
		keys(r, c.Coding.MPPE)
	}
	return r
}

// encrypts tells whether MPPE may be agreed with anybody.
func encrypts(c *config.Config) bool {
	return c.Coding.Encryption != session.Clear && len(c.PACs) > 0 ||
		len(c.Clients.From) > 0 && c.Clients.Coding.Encryption != session.Clear ||
		slices.ContainsFunc(c.Dials, func(d config.Dial) bool { return d.Coding.Encryption != session.Clear })
}

// beyond looks at a PAC whose calls come from other than private addresses; e is
// the encryption that table says.
func beyond(r *weakness.Report, p config.PAC, e session.Policy, table string) {
	way := "GRE"
	if p.Transport == peer.UDP {
		way = "GRE in UDP"
	}
	if !r.Comes(p.Name, p.From, "calls of", way) {
		return
	}
	switch e {
	case session.Clear:
		r.Find(weakness.Clear, p.Name, fmt.Sprintf("what callers of %q send and receive crosses other than private networks in clear: encryption = \"required\" in [%s]", p.Name, table))
	case session.Optional:
		r.Find(weakness.Clear, p.Name, fmt.Sprintf("callers of %q, or whoever stands between, decide whether their data cross other than private networks in clear: encryption = \"required\" in [%s]", p.Name, table))
	}
}

// dialled looks at a call that we open.
func dialled(r *weakness.Report, d config.Dial, pacs []config.PAC) {
	r.Secret(d.Name, d.Key, "the private key")
	if slices.Contains(d.Login.Allow, auth.PAP) {
		r.Find(weakness.PAP, d.Name, fmt.Sprintf("%q may ask for our password by PAP, which carries it in clear, and so may whoever stands between: methods = [\"mschap-v2\"] in its [[dial]]", d.Name))
	}
	if slices.Contains(d.Login.Allow, auth.MSCHAP) {
		r.Find(weakness.MSCHAP, d.Name, fmt.Sprintf("%q may ask for our password by MS-CHAP version 1, whose answers give it away to who records a few and which never proves the server to us: methods = [\"mschap-v2\"] in its [[dial]]", d.Name))
	}
	if d.Number != nil {
		rung(r, d, pacs)
		return
	}
	i := slices.IndexFunc(d.Servers, func(to dial.Server) bool { return !weakness.PrivateHost(host(to)) })
	if i < 0 {
		return
	}
	where := host(d.Servers[i]) + ", which is not private"
	if d.Servers[i].Host != "" {
		where = host(d.Servers[i]) + ", which may be anywhere"
	}
	r.Find(weakness.OpenTunnel, d.Name, fmt.Sprintf("the tunnel to %q goes to %s, by TCP and GRE, which prove nothing: WireGuard or IPsec below them, and `to` with the inner address", d.Name, where))
	if one := slices.IndexFunc(d.Login.Allow, oneSided); one >= 0 && d.Proof.Name == "" {
		r.Find(weakness.AnyServer, d.Name, fmt.Sprintf("whoever answers at %s passes for %q, since by %v a server proves nothing of itself: methods = [\"mschap-v2\"], or server and server_password, in its [[dial]]", host(d.Servers[i]), d.Name, d.Login.Allow[one]))
	}
	if d.Coding.Encryption != session.Required {
		r.Find(weakness.Clear, d.Name, fmt.Sprintf("%q, or whoever stands between, decides whether data cross other than private networks in clear: encryption = \"required\" in its [[dial]]", d.Name))
	}
}

// oneSided tells a method by which only who logs in proves something.
func oneSided(m auth.Method) bool {
	return m != auth.MSCHAPv2 && m != auth.EAPMSCHAPv2 && m != auth.EAPTLS
}

// host is a server without its port.
func host(to dial.Server) string {
	if to.Host != "" {
		return to.Host
	}
	return to.Addr.Addr().String()
}

// rung looks at a call that a PAC dials; of the tunnel to it origin and beyond tell.
func rung(r *weakness.Report, d config.Dial, pacs []config.PAC) {
	far := func(p config.PAC) bool {
		return p.Name == d.Number.PAC && slices.ContainsFunc(p.From, func(f netip.Prefix) bool { return !weakness.Private(f) })
	}
	if d.Coding.Encryption != session.Required && slices.ContainsFunc(pacs, far) {
		r.Find(weakness.Clear, d.Name, fmt.Sprintf("%q, or whoever stands between, decides whether data cross other than private networks in clear, on their way to %q, which dials: encryption = \"required\" in its [[dial]]", d.Name, d.Number.PAC))
	}
}

func logins(r *weakness.Report, asked []auth.Method) {
	if slices.Contains(asked, auth.PAP) {
		r.Find(weakness.PAP, "", "callers may log in by PAP, which carries the password in clear on the line and in the tunnel, and whoever stands between can bring them to it: methods = [\"mschap-v2\"] in [auth]")
	}
	if slices.Contains(asked, auth.MSCHAP) {
		r.Find(weakness.MSCHAP, "", "callers may log in by MS-CHAP version 1, whose answers give the password away to who records a few and which never proves this server to them: methods = [\"mschap-v2\"] in [auth]")
	}
}

func keys(r *weakness.Report, b mppe.Bits) {
	short := ""
	switch {
	case b&mppe.Key40 != 0:
		short = "40"
	case b&mppe.Key56 != 0:
		short = "56"
	default:
		return
	}
	r.Find(weakness.ShortKeys, "", fmt.Sprintf("MPPE may be agreed with keys of %s bits, all of which one computer can try: strengths = [\"128\"] in [ppp]", short))
}
