package config

import (
	"errors"
	"fmt"
	"strings"

	"carrier/hardware/netport"
	"carrier/shared/conf"
)

// A Bank is some lines of one kind: modems at Ports, or direct lines behind
// Listen.
type Bank struct {
	Name   string
	Ports  []string // URLs as netport takes them, one modem each
	Init   []string // commands that set up each modem; empty: the usual ones
	Listen string   // URL; a connection there is itself a call
	Lines  int      // so many calls at a time behind Listen
}

// maxLines bounds the calls of one listening bank.
const maxLines = 1000

func banks(root *conf.Table) []Bank {
	if !root.Has("bank") {
		root.Bad("bank", "missing, so there is no line to answer; would be right: at least one [[bank]]")
	}
	names, ports := make(conf.Seen), make(portLines)
	var all []Bank
	for _, t := range root.Tables("bank") {
		t.Need("name", `"courier"`)
		b := Bank{
			Name:   conf.Value(t, "name", "", conf.Name),
			Ports:  conf.Values(t, "ports", ports.once(t.Line("ports"))),
			Init:   conf.Values(t, "init", command),
			Listen: conf.Value(t, "listen", "", ports.once(t.Line("listen"))),
			Lines:  t.Int("lines", 1, 1, maxLines),
		}
		names.Once(t, "name", b.Name)
		kind(t)
		all = append(all, b)
	}
	return all
}

// kind checks that a bank is of one kind and has no keys of the other.
func kind(t *conf.Table) {
	switch ports, listen := t.Has("ports"), t.Has("listen"); {
	case !ports && !listen:
		t.Bad("ports", `missing; would be right: ports = ["tcp://192.0.2.9:2001"], or listen = "tcp://127.0.0.1:5600"`)
	case ports && len(t.Strings("ports")) == 0 && t.Good("ports"):
		t.Bad("ports", `names no port; would be right: ports = ["tcp://192.0.2.9:2001"]`)
	case ports && listen:
		t.Bad("listen", "stands beside ports; would be right: a bank for each")
	case ports && t.Has("lines"):
		t.Bad("lines", "means nothing beside ports; would be right: without it, each port is one line")
	case listen && t.Has("init"):
		t.Bad("init", "means nothing beside listen, where a connection is itself a call; would be right: without it")
	}
}

// portLines are the lines on which ports stand, so that each stands once.
type portLines map[string]int

func (p portLines) once(line int) func(string) (string, error) {
	return func(s string) (string, error) {
		if first, ok := p[s]; ok {
			return "", conf.Unfit(fmt.Sprintf("stands on line %d already", first), "each port once")
		}
		p[s] = line
		return port(s)
	}
}

// port checks the URL of a port.
func port(s string) (string, error) {
	const right = `"tcp://192.0.2.9:2001" or "unix:///run/modem"`
	scheme, _, _ := strings.Cut(s, "://")
	switch {
	case strings.HasPrefix(s, "/dev/"):
		return "", conf.Unfit("is a serial port, which this version cannot open", right)
	case scheme == "rfc2217" || scheme == "telnet":
		return "", conf.Unfit("is a kind of port that this version cannot open", right)
	}
	if err := netport.Check(s); err != nil {
		var why *netport.Error
		if errors.As(err, &why) {
			err = why.Err
		}
		return "", conf.Unfit("is no port: "+err.Error(), right)
	}
	return s, nil
}

// command checks a modem command.
func command(s string) (string, error) {
	if len(s) < 2 || !strings.EqualFold(s[:2], "AT") {
		return "", conf.Unfit("is no modem command", conf.Quote("AT"+s))
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }); i >= 0 {
		return "", conf.Unfit("has a character that modems do not take", conf.Quote(s[:i]))
	}
	return s, nil
}
