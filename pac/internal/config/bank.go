package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/hardware/netport"
	"carrier/hardware/serial"
	"carrier/pac/internal/bank"
	"carrier/shared/conf"
)

// A Bank is some lines of one kind: modems at Ports, or direct lines behind
// Listen.
type Bank struct {
	Name  string
	Ports []string // one modem each: URLs as netport takes them, paths and patterns as serial does
	Speed int      // bit/s between port and modem, where the port has one to set
	Flow  serial.Flow
	// LineRate is what their lines are assumed to do where modems do not tell;
	// as modem.Options have it.
	LineRate int
	Profile  string   // of the modems, one of modem.ProfileNames
	Init     []string // commands that set up each modem; empty: those of the profile
	BusyOut  bool     // a line that is out of service is busy for callers, where the modem can
	Cable    bool     // no modems: at each of Ports hangs a null modem cable
	Listen   string   // URL; a connection there is itself a call
	Lines    int      // so many calls at a time behind Listen
	Hunt     line.Hunt
}

// Devices says whether a port of the bank is a device of this host: those come
// and go.
func (b Bank) Devices() bool {
	return slices.ContainsFunc(b.Ports, func(p string) bool { return strings.HasPrefix(p, "/") })
}

// Dials says whether lines of the bank can dial: they have modems.
func (b Bank) Dials() bool { return len(b.Ports) > 0 && !b.Cable }

// defaultSpeed is that of the port where nothing is said.
const defaultSpeed = 115200

// maxLines bounds the calls of one listening bank.
const maxLines = 1000

// banks reads the banks, and where those of them listen that do: not where the
// panel is, or control connections come in.
func banks(root *conf.Table, panel, control netip.AddrPort) (all []Bank, listens []portLine) {
	if !root.Has("bank") && !root.Has("pac") {
		root.Bad("bank", "missing, so there is no line to answer; would be right: at least one [[bank]], or [[pac]]")
	}
	names, ports := make(conf.Seen), portLines{all: make(map[string]portLine)}
	if panel.IsValid() && panel.Port() != 0 {
		ports.add(portLine{panel.String(), "tcp://" + panel.String(), root.Line("panel")}, true)
	}
	if control.IsValid() {
		ports.add(portLine{control.String(), "tcp://" + control.String(), root.Line("listen")}, true)
	}
	for _, t := range root.Tables("bank") {
		t.Need("name", `"courier"`)
		b := Bank{
			Name:     conf.Value(t, "name", "", bankName),
			Ports:    conf.Values(t, "ports", ports.once(t.Line("ports"), false, port)),
			Speed:    t.Int("speed", defaultSpeed, 300, 4_000_000),
			Flow:     conf.Value(t, "flow", serial.RTSCTS, flow),
			LineRate: t.Int("line_rate", modem.ByProfile, 0, 4_000_000),
			Profile:  t.Choice("profile", modem.Auto, modem.ProfileNames()...),
			Init:     conf.Values(t, "init", command),
			Listen:   conf.Value(t, "listen", "", ports.once(t.Line("listen"), true, listener)),
			Lines:    t.Int("lines", 1, 1, maxLines),
			Hunt:     line.Hunt(t.Choice("hunt", string(line.First), string(line.First), string(line.RoundRobin), string(line.LongestIdle))),
		}
		b.Cable = t.Choice("kind", "modem", "modem", "cable") == "cable"
		b.BusyOut = t.Bool("busy_out", len(b.Ports) > 0 && !b.Cable)
		names.Once(t, "name", b.Name)
		kind(t, b.Cable)
		all = append(all, b)
		if b.Listen != "" {
			listens = append(listens, portLine{b.Listen, b.Listen, t.Line("listen")})
		}
	}
	return all, listens
}

// bankName checks the name of a bank, which commands take where they take the
// word for all lines.
func bankName(s string) (string, error) {
	if s == bank.All {
		return "", conf.Unfit("is the word for every line in commands", "another name, as \"courier\"")
	}
	return conf.Name(s)
}

// kind checks that a bank is of one kind and has no keys of the other.
func kind(t *conf.Table, cable bool) {
	switch ports, listen := t.Has("ports"), t.Has("listen"); {
	case !ports && !listen:
		t.Bad("ports", `missing; would be right: ports = ["/dev/ttyS0"], or listen = "tcp://127.0.0.1:5600"`)
	case ports && len(t.Strings("ports")) == 0 && t.Good("ports"):
		t.Bad("ports", `names no port; would be right: ports = ["/dev/ttyS0"]`)
	case ports && listen:
		t.Bad("listen", "stands beside ports; would be right: a bank for each")
	case ports:
		idle(t, "means nothing beside ports; would be right: without it, each port is one line", "lines")
		if cable {
			idle(t, "means nothing at a cable, where nobody takes commands; would be right: without it", "profile", "init", "line_rate", "busy_out")
		}
		idle(t, "means nothing beside ports, where the telephone network hunts; would be right: without it", "hunt")
		if !slices.ContainsFunc(t.Strings("ports"), settable) {
			idle(t, "means nothing for these ports; would be right: without it, or with a serial port", "speed", "flow")
		}
	default:
		idle(t, "means nothing beside listen, where a connection is itself a call; would be right: without it", "kind", "profile", "init", "line_rate", "busy_out", "speed", "flow")
	}
}

// idle says of keys that they change nothing here.
func idle(t *conf.Table, why string, keys ...string) {
	for _, key := range keys {
		if t.Has(key) {
			t.Bad(key, "%s", why)
		}
	}
}

// settable says that a port has a speed to set.
func settable(port string) bool {
	return strings.HasPrefix(port, "/") || strings.HasPrefix(port, "rfc2217://")
}

// flow reads how port and modem stop each other.
func flow(s string) (serial.Flow, error) {
	switch s {
	case "rtscts":
		return serial.RTSCTS, nil
	case "none":
		return serial.None, nil
	case "xonxoff":
		return serial.XONXOFF, nil
	}
	return 0, conf.Unfit("is not known here", conf.Quote("rtscts", "none", "xonxoff"))
}

// portLines are the ports by their places, so that each stands once, however it
// is spelt.
type portLines struct {
	all     map[string]portLine
	listens []portLine
}

type portLine struct {
	port string // as the file has it
	url  string
	line int
}

func (p *portLines) add(l portLine, listens bool) {
	p.all[netport.Key(l.url)] = l
	if listens {
		p.listens = append(p.listens, l)
	}
}

// met is a port of before that this one cannot stand beside: one of them listens
// and takes the other's place.
func (p *portLines) met(s string, listens bool) (portLine, bool) {
	for _, l := range p.listens {
		if listens && netport.Overlap(s, l.url) || !listens && netport.Reaches(s, l.url) {
			return l, true
		}
	}
	var first portLine
	for _, l := range p.all {
		if listens && netport.Reaches(l.url, s) && (first.line == 0 || l.line < first.line || l.line == first.line && l.port < first.port) {
			first = l
		}
	}
	return first, first.line > 0
}

func (p *portLines) once(line int, listens bool, check func(string) (string, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		switch first, ok := p.all[netport.Key(s)]; {
		case ok && first.port == s:
			return "", conf.Unfit(fmt.Sprintf("stands on line %d already", first.line), "each port once")
		case ok:
			return "", conf.Unfit(fmt.Sprintf("is %q on line %d, in other words", first.port, first.line), "each port once")
		}
		if first, ok := p.met(s, listens); ok {
			return "", conf.Unfit(fmt.Sprintf("overlaps %q on line %d, for one of both listens at all addresses", first.port, first.line), "each port once")
		}
		p.add(portLine{s, s, line}, listens)
		return check(s)
	}
}

// port checks the URL or the path of a port.
func port(s string) (string, error) {
	const right = `"/dev/ttyS0", "rfc2217://192.0.2.9:2217", "tcp://192.0.2.9:2001" or "unix:///run/modem"`
	if !strings.HasPrefix(s, "/") {
		return url(s, "port", right, netport.CheckOpen)
	}
	if err := serial.Check(s); err != nil {
		var why *serial.Error
		if errors.As(err, &why) {
			err = why.Err
		}
		return "", conf.Unfit("is no port: "+err.Error(), right)
	}
	return s, nil
}

// listener checks where connections that are calls come in.
func listener(s string) (string, error) {
	const right = `"tcp://127.0.0.1:5600" or "unix:///run/calls"`
	if scheme, _, _ := strings.Cut(s, "://"); scheme == "telnet" || scheme == "rfc2217" || strings.HasPrefix(s, "/") {
		return "", conf.Unfit("is not where one listens", right)
	}
	return url(s, "port", right, netport.Check)
}

// url checks a URL of netport's, which is that of a port or a host.
func url(s, what, right string, check func(string) error) (string, error) {
	if err := check(s); err != nil {
		var why *netport.Error
		if errors.As(err, &why) {
			err = why.Err
		}
		return "", conf.Unfit("is no "+what+": "+err.Error(), right)
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
