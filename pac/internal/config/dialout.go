package config

import (
	"net/netip"

	"carrier/pac/internal/profile"
	"carrier/shared/conf"
	"carrier/shared/peer"
	"carrier/shared/phone"
)

// A switchboard reads which PNSs may have which numbers dialled, and from where
// they may come to ask.
type switchboard struct {
	banks   []Bank
	listens bool // somebody may open control connections to us
	origins conf.Origins
	permits map[string]profile.Permit // by the name of the PNS
	comes   bool                      // a PNS may open control connections
}

// listening reads where others may open control connections, and where their GRE
// over UDP comes in then.
func listening(root *conf.Table) (listen, udp netip.AddrPort) {
	listen = conf.Value(root, "listen", listen, known("0.0.0.0:1723"))
	if !root.Has("listen") {
		idle(root, `means nothing where nobody may connect; would be right: listen = "0.0.0.0:1723" beside it`, "udp")
		return listen, udp
	}
	return listen, conf.Value(root, "udp", netip.AddrPortFrom(listen.Addr(), peer.GREPort), known("0.0.0.0:4754"))
}

// known parses an address and a port that others have to know.
func known(right string) func(string) (netip.AddrPort, error) {
	return func(s string) (netip.AddrPort, error) {
		a, err := conf.AddrPort(s)
		switch {
		case err != nil:
			return a, conf.Unfit("is not an IP address and a port", conf.Quote(right))
		case !a.Addr().Is4():
			return a, conf.Unfit("is not IPv4, which alone carries PPTP", conf.Quote(right))
		case a.Port() == 0:
			return a, conf.Unfit("has no port that others could know", conf.Quote(right))
		}
		return a, nil
	}
}

// from reads where a PNS may open control connections from.
func (s *switchboard) from(t *conf.Table) []netip.Prefix {
	all := conf.Values(t, "from", s.origins.Prefix(t.Line("from")))
	if t.Has("from") && !s.listens {
		t.Bad("from", `means nothing where nobody may connect; would be right: listen = "0.0.0.0:1723" above all tables`)
	}
	s.comes = s.comes || t.Has("from")
	return all
}

// permit reads what a PNS may have dialled, and with which lines.
func (s *switchboard) permit(t *conf.Table, name string) {
	p := profile.Permit{Numbers: conf.Values(t, "dial", pattern), Banks: conf.Values(t, "dial_with", s.bank)}
	switch {
	case !t.Has("dial"):
		idle(t, `means nothing without numbers that may be dialled; would be right: dial = ["5551212"] beside it`, "dial_with")
		return
	case t.Good("dial") && len(p.Numbers) == 0:
		t.Bad("dial", `permits no number; would be right: without it, or dial = ["5551212"]`)
	case t.Has("dial_with") && t.Good("dial_with") && len(p.Banks) == 0:
		t.Bad("dial_with", `names no bank; would be right: without it, every bank of modems dials`)
	}
	if !t.Has("dial_with") {
		p.Banks = s.able()
		if len(p.Banks) == 0 {
			t.Bad("dial", "no bank here has modems; would be right: without it")
		}
	}
	s.permits[name] = p
}

// bank takes the name of a bank that can dial.
func (s *switchboard) bank(name string) (string, error) {
	able := s.able()
	for _, b := range able {
		if b == name {
			return name, nil
		}
	}
	right := "a bank with modems"
	if len(able) > 0 {
		right = conf.Quote(able...)
	}
	return "", conf.Unfit("is no bank that can dial", right)
}

// able are the banks that can dial.
func (s *switchboard) able() (names []string) {
	for _, b := range s.banks {
		if b.Dials() {
			names = append(names, b.Name)
		}
	}
	return names
}

// pattern checks a telephone number, or how several begin.
func pattern(s string) (string, error) {
	if phone.Pattern(s) {
		return s, nil
	}
	return "", conf.Unfit("is neither a number nor how numbers begin", `"5551212", or "555*" for all that begin so`)
}
