package config

import (
	"fmt"
	"slices"
	"strings"

	"carrier/hardware/netport"
	"carrier/pac/internal/identify"
	"carrier/pac/internal/profile"
	"carrier/pac/internal/tunnel"
	"carrier/shared/conf"
	"carrier/shared/peer"
)

// destinations reads where profiles lead and notes what that takes.
type destinations struct {
	pns        []tunnel.PNS
	listens    []portLine // of the banks, where no call may end
	transports [2]bool    // by peer.Transport
}

// read reads where one profile leads: to PNSs or to hosts.
func (d *destinations) read(t *conf.Table) profile.Destination {
	if t.Has("host") {
		return d.hosts(t)
	}
	t.Need("tunnel", `["192.0.2.1"], or host = "tcp://bbs.example:23"`)
	to := profile.Destination{
		Endpoints: conf.Values(t, "tunnel", d.endpoint),
		Handover:  profile.Handover(t.Choice("handover", string(profile.Silent), string(profile.Silent), string(profile.Restart))),
	}
	if t.Has("tunnel") && len(t.Strings("tunnel")) == 0 {
		t.Bad("tunnel", `names no endpoint; would be right: tunnel = ["192.0.2.1"]`)
	}
	return to
}

// hosts reads where a profile with hosts leads.
func (d *destinations) hosts(t *conf.Table) profile.Destination {
	to := profile.Destination{Hosts: conf.OneOrMore(t, "host", d.host)}
	if t.Good("host") && len(to.Hosts) == 0 {
		t.Bad("host", `names no host; would be right: host = "tcp://bbs.example:23"`)
	}
	for _, key := range []string{"tunnel", "handover"} {
		if t.Has(key) {
			t.Bad(key, "means nothing beside host, where there is no PPP; would be right: one of them")
		}
	}
	return to
}

// host checks the URL of a host. One of our own lines would take the call as a
// new one, which ends there too, until no line is free.
func (d *destinations) host(s string) (string, error) {
	const right = `"tcp://bbs.example:23" or "telnet://bbs.example:23"`
	for _, l := range d.listens {
		if netport.Reaches(s, l.url) {
			return "", conf.Unfit(fmt.Sprintf("leads to `listen` on line %d, so that the call would call this switch again", l.line), right)
		}
	}
	return url(s, "host", right, netport.CheckOpen)
}

// endpoint takes the name of a [[pns]] or where one is, which it returns as the
// [[pns]] spells it. A name without a dot is
// a [[pns]]'s, so that a slip of the pen is found here and not by a caller.
func (d *destinations) endpoint(s string) (string, error) {
	var names []string
	for _, p := range d.pns {
		if s != "" && (s == p.Name || s == p.At) {
			d.transports[p.Transport] = true
			return s, nil
		}
		names = append(names, p.Name)
	}
	if _, err := pnsAddress(s); err != nil {
		return "", err
	}
	for _, p := range d.pns {
		if p.At != "" && place(s) == place(p.At) {
			d.transports[p.Transport] = true
			return p.At, nil
		}
	}
	d.transports[peer.GRE] = true
	if strings.ContainsAny(s, ".:") {
		return s, nil
	}
	right := `"192.0.2.1", "pns.example", or a [[pns]] of this name`
	if len(names) > 0 {
		right = "the name of a [[pns]], " + conf.Quote(names...) + `, or a full name, "` + s + `.example"`
	}
	return "", conf.Unfit("is no [[pns]] here", right)
}

// profiles reads which caller goes where.
func profiles(root *conf.Table, d *destinations) profile.Options {
	o := profile.Options{
		Order:   order(root),
		Numbers: numbers(root, d),
		Users:   make(map[string]profile.Destination),
		Realms:  make(map[string]profile.Destination),
	}
	users, realms := make(conf.Seen), make(conf.Seen)
	for _, t := range root.Tables("user") {
		t.Need("name", `"saran"`)
		name := conf.Value(t, "name", "", person)
		users.Once(t, "name", name)
		o.Users[name] = d.read(t)
	}
	for _, t := range root.Tables("realm") {
		t.Need("name", `"corp.example"`)
		name := conf.Value(t, "name", "", realm)
		realms.Once(t, "name", strings.ToLower(name))
		o.Realms[name] = d.read(t)
	}
	if t := root.Table("default"); t.Present() {
		to := d.read(t)
		o.Default = &to
	}
	ordered(root, o)
	return o
}

// person checks a user's name, as the caller gives it.
func person(s string) (string, error) {
	if s == "" {
		return "", conf.Unfit("is nobody", conf.Quote("saran"))
	}
	if len(s) > identify.MaxName {
		return "", conf.Unfit(fmt.Sprintf("is longer than %d octets, which no caller can say", identify.MaxName), conf.Quote("saran"))
	}
	return s, nil
}

// realm checks what stands behind @ or before \ in a caller's name.
func realm(s string) (string, error) {
	if s == "" || strings.ContainsAny(s, `@\`) {
		return "", conf.Unfit("is no realm", `"corp.example", without @ and \`)
	}
	return s, nil
}

func order(root *conf.Table) []profile.Kind {
	if !root.Has("order") {
		return profile.DefaultOrder
	}
	seen := make(map[string]bool)
	return conf.Values(root, "order", func(s string) (profile.Kind, error) {
		for _, k := range profile.DefaultOrder {
			if s == string(k) && !seen[s] {
				seen[s] = true
				return k, nil
			}
		}
		if seen[s] {
			return "", conf.Unfit("stands twice", "once")
		}
		return "", conf.Unfit("is no kind of profile", `"number", "user", "realm" or "default"`)
	})
}

// ordered checks that there are profiles, and that each kind of them is asked.
func ordered(root *conf.Table, o profile.Options) {
	asked := make(map[profile.Kind]bool)
	for _, k := range o.Order {
		asked[k] = true
	}
	there := false
	for _, k := range profile.DefaultOrder {
		has := root.Has(string(k))
		there = there || has
		if has && !asked[k] && root.Good("order") {
			root.Bad("order", "leaves out %q, which this file has profiles for; would be right: with it", k)
		}
	}
	if !there {
		root.Bad("user", "missing, and so are [[number]], [[realm]] and [default]: no caller has a destination; would be right: at least one of them")
	}
}

func numbers(root *conf.Table, d *destinations) []profile.NumberRule {
	var all []profile.NumberRule
	var lines []int
	for _, t := range root.Tables("number") {
		r := profile.NumberRule{
			Called:  conf.Value(t, "called", "", telephone),
			Calling: conf.Value(t, "calling", "", telephone),
		}
		if !t.Has("called") && !t.Has("calling") {
			t.Bad("called", `missing, and so is calling; would be right: called = "5551212", or [default]`)
		}
		i := slices.IndexFunc(all, func(n profile.NumberRule) bool {
			return (n.Called == "" || n.Called == r.Called) && (n.Calling == "" || n.Calling == r.Calling)
		})
		good := t.Good("called") && t.Good("calling")
		if i >= 0 && good {
			t.Bad("tunnel", "never used, the [[number]] on line %d has the same calls; would be right: before it, or not at all", lines[i])
		}
		r.Destination = d.read(t)
		if good {
			all, lines = append(all, r), append(lines, t.Line(""))
		}
	}
	return all
}

// telephone checks a number as modems tell it.
func telephone(s string) (string, error) {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789*#+", r) {
			return r
		}
		return -1
	}, s)
	switch {
	case digits == "":
		return "", conf.Unfit("is not a telephone number", `"5551212"`)
	case digits != s:
		return "", conf.Unfit("is not a number as modems tell it", fmt.Sprintf("%q", digits))
	case len(s) > 64:
		return "", conf.Unfit("is longer than 64 digits", `"5551212"`)
	}
	return s, nil
}
