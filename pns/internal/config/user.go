package config

import (
	"cmp"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"time"

	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
	"carrier/shared/conf"
	"carrier/shared/ppp/auth"
)

// demanded are the methods that callers are asked for when nothing is said, the
// strongest first.
var demanded = []auth.Method{auth.MSCHAPv2, auth.CHAPMD5, auth.PAP}

func methods(t *conf.Table) []auth.Method {
	if !t.Has("methods") {
		return demanded
	}
	seen := make(map[auth.Method]bool)
	all := conf.Values(t, "methods", func(s string) (auth.Method, error) {
		m, err := method(s)
		if err == nil && seen[m] {
			err = conf.Unfit("stands twice", "once")
		}
		seen[m] = true
		return m, err
	})
	if len(all) == 0 && t.Good("methods") {
		t.Bad("methods", `names no method, so nobody can log in; would be right: methods = ["mschap-v2", "pap"]`)
	}
	return all
}

func method(s string) (auth.Method, error) {
	right := conf.Quote("mschap-v2", "eap-tls", "eap-mschap-v2", "mschap", "eap-md5", "chap-md5", "pap")
	m, err := auth.ParseMethod(s)
	switch {
	case err != nil:
		return 0, conf.Unfit("is no method", right)
	case m == auth.EAP:
		return 0, conf.Unfit("proves nothing here, it only tells a name", right)
	}
	return m, nil
}

// lanManager reads whether the response counts that is all that some machines send.
func lanManager(t *conf.Table, asked []auth.Method) bool {
	lm := t.Bool("lm", false)
	if lm && t.Good("methods") && !slices.Contains(asked, auth.MSCHAP) {
		t.Bad("lm", `is of no use where auth.methods does not name "mschap"; would be right: methods = ["mschap-v2", "mschap"], or without it`)
	}
	return lm
}

// people reads the users, and checks them with what the rest of c says.
func people(root *conf.Table, c *Config) []users.User {
	tables := root.Tables("user")
	if !root.Has("user") && !c.onlyDials(root) {
		root.Bad("user", "missing, so nobody can log in; would be right: at least one [[user]]")
	}
	var all []users.User
	pools := c.LAN.names()
	for _, t := range tables {
		t.Need("name", `"saran"`)
		u := users.User{
			Name:         conf.Value(t, "name", "", person),
			Secret:       secret(t, c.Methods),
			Expired:      expired(t, c),
			Address:      conf.Value(t, "address", netip.Addr{}, host),
			Prefix:       conf.Value(t, "prefix6", netip.Prefix{}, network6),
			Delegated:    conf.Value(t, "delegated6", netip.Prefix{}, delegated6),
			Routes:       conf.Values(t, "routes", behind),
			Idle:         t.Duration("idle", 0, time.Second, week),
			Session:      t.Duration("session", 0, time.Second, week),
			Pool:         conf.Value(t, "pool", "", pools.named),
			Simultaneous: conf.Value(t, "simultaneous", users.Unlimited, simultaneous),
			Disabled:     t.Bool("disabled", false),
			NoDialIn:     !t.Bool("dial_in", true),
			Hours:        conf.Value(t, "hours", users.Hours{}, hours),
			Callback:     recalled(t),
		}
		free(t, u, c.LAN)
		free6(t, u, c.LAN)
		if t.Good("routes") {
			c.LAN.unrouted(t, u.Routes)
		}
		if i := slices.IndexFunc(u.Routes, func(p netip.Prefix) bool { return p.Addr().Is6() }); i >= 0 && c.LAN.IPv6 == nil {
			t.BadItem("routes", i, "%v is of no use without [lan.ipv6]; would be right: both, or none", u.Routes[i])
		}
		all = append(all, u)
	}
	_, err := users.New(all)
	for _, m := range mistakes(err) {
		if t := tables[m.Index]; t.Good(m.Key) {
			t.Bad(m.Key, "%s", m.Text)
		}
	}
	pooled(root, &c.LAN, all)
	return all
}

// secret reads a password or its hash. No mistake quotes either. Where
// certificates are asked for, one in the user's name is enough.
func secret(t *conf.Table, asked []auth.Method) auth.Secret {
	if !slices.Contains(asked, auth.EAPTLS) {
		return password(t, asked)
	}
	if !t.Has("password") && !t.Has("nt_hash") {
		return auth.Secret{}.OrCertificate()
	}
	return password(t, asked).OrCertificate()
}

func password(t *conf.Table, asked []auth.Method) auth.Secret {
	password, hash := t.Secret("password"), t.Secret("nt_hash")
	switch {
	case t.Has("password") && t.Has("nt_hash"):
		t.Bad("nt_hash", "stands beside password; would be right: one of them")
	case t.Has("password"):
		if password == "" && t.Good("password") {
			t.Bad("password", `is empty; would be right: password = "…"`)
		}
		return auth.NewPassword(password)
	case t.Has("nt_hash"):
		b, err := hex.DecodeString(hash)
		if (err != nil || len(b) != 16) && t.Good("nt_hash") {
			t.Bad("nt_hash", "is not 32 hexadecimal digits; would be right: the MD4 hash of the password in UTF-16")
		}
		s := auth.NewNTHash([16]byte(append(b, make([]byte, 16)...)))
		if len(asked) > 0 && !slices.ContainsFunc(asked, s.Verifies) {
			t.Bad("nt_hash", `is of no use for the methods that auth.methods names; would be right: a password, or "mschap-v2" among the methods`)
		}
		return s
	default:
		t.Bad("password", `missing; would be right: password = "…" or nt_hash = "…"`)
	}
	return auth.NewPassword("") // so that nothing is said twice
}

// expired reads whether a password must be changed, which is of use only where
// it can be.
func expired(t *conf.Table, c *Config) bool {
	e := t.Bool("expired", false)
	if !e {
		return false
	}
	able := func(m auth.Method) bool { return m == auth.MSCHAPv2 || m == auth.EAPMSCHAPv2 }
	switch {
	case !t.Has("password") && !t.Has("nt_hash"):
		t.Bad("expired", "stands where there is no password; would be right: password beside it, or without it")
	case len(c.Methods) > 0 && !slices.ContainsFunc(c.Methods, able):
		t.Bad("expired", `never lets the user in, for none of the methods that auth.methods names can change a password; would be right: "mschap-v2" or "eap-mschap-v2" among them`)
	case c.State == "":
		t.Bad("expired", `needs a folder to keep the new password in; would be right: state = "/var/lib/carrier/pns" at the beginning of the file`)
	}
	return true
}

// person checks a user's name, as the caller gives it.
func person(s string) (string, error) {
	if s == "" {
		return "", conf.Unfit("is nobody", conf.Quote("saran"))
	}
	return s, nil
}

func simultaneous(s string) (users.Simultaneous, error) {
	v, err := users.ParseSimultaneous(s)
	if err != nil {
		err = conf.Unfit("is not known here", conf.Quote("unlimited", "refuse", "replace"))
	}
	return v, err
}

// free checks that a user's own address is not that of a host.
func free(t *conf.Table, u users.User, l LAN) {
	if !u.Address.IsValid() {
		return
	}
	if u.Pool != "" {
		t.Bad("pool", "stands beside address; would be right: one of them")
	}
	what := ""
	for from := range l.Map {
		if from.Addr() == u.Address {
			what = "mapped by lan.userspace.map"
		}
	}
	switch {
	case u.Address == l.Local:
		what = "lan.local, our own"
	case slices.Contains(l.DNS, u.Address):
		what = "in lan.dns"
	case slices.Contains(l.WINS, u.Address):
		what = "in lan.wins"
	}
	if what != "" {
		t.Bad("address", "%v is %s; would be right: an address that no host has", u.Address, what)
	}
}

// pooled checks that each user can have an address.
func pooled(root *conf.Table, l *LAN, all []users.User) {
	const right = `would be right: addresses = ["2.1.1.129-2.1.1.190"]`
	taken := map[netip.Addr]bool{l.Local: true}
	for _, u := range all {
		taken[u.Address] = true
	}
	tables := append([]*conf.Table{root.Table("lan")}, root.Tables("pool")...) // as l.Pools
	if slices.ContainsFunc(tables, func(t *conf.Table) bool { return !t.Good("addresses") || !t.Good("next") }) {
		return
	}
	names, free := l.names(), l.free(taken)
	for _, u := range all {
		first, ok := names[cmp.Or(u.Pool, pool.Default)]
		if u.Address.IsValid() || !ok || free[first] {
			continue
		}
		free[first] = true // said once
		if len(l.Pools[first].Ranges) == 0 {
			tables[first].Bad("addresses", `missing, and %q has no address of its own; %s`, u.Name, right)
		} else {
			tables[first].Bad("addresses", `has no address for %q: those there are lan.local or of other users; %s`, u.Name, right)
		}
	}
}

// mistakes takes apart what users.New says.
func mistakes(err error) []*users.Error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var all []*users.Error
	for _, e := range joined.Unwrap() {
		var m *users.Error
		if errors.As(e, &m) {
			all = append(all, m)
		}
	}
	return all
}
