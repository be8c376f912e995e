package firewall

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// forwarded asks for a caller's connection to the LAN, of which she has one of
// many addresses, and for what comes back.
func (o Options) forwarded(r rules, c *nftables.Chain) error {
	if o.Name == "" {
		return nil
	}
	up, down := o.callers(*c.Hooknum)
	passUp, passDown := o.letCallers(*c.Hooknum)
	for _, way := range []struct {
		packets    []packet
		what, rule string
	}{
		{up, "callers send to the LAN", passUp},
		{down, "answers callers", passDown},
	} {
		if ok, err := anyPasses(r, c, premise{}, way.packets); !ok && err == nil {
			return fmt.Errorf("the nftables chain %s may drop what %s: let %s pass there both ways, as by `nft insert rule %[1]s %[4]s`", name(c), way.what, o.Name, way.rule)
		}
	}
	return nil
}

// callers are the packets that they send, and those that answer them, as a hook
// sees them: before a packet is routed nobody knows over what it will leave.
func (o Options) callers(hook nftables.ChainHook) (up, down []packet) {
	own := face{name: o.Name}
	if i, err := net.InterfaceByName(o.Name); err == nil {
		own.index = uint32(i.Index)
	}
	elsewhere := own
	elsewhere.other = true
	for _, p := range o.Callers {
		if !p.Addr().Is4() {
			continue
		}
		sent := packet{in: own, out: elsewhere, protocol: unix.IPPROTO_TCP, src: p.Addr(), state: expr.CtStateBitNEW}
		back := packet{in: elsewhere, out: own, protocol: unix.IPPROTO_TCP, dst: p.Addr(), state: expr.CtStateBitESTABLISHED}
		if hook == *nftables.ChainHookPrerouting {
			sent.out, back.out = face{}, face{}
		}
		up, down = append(up, sent), append(down, back)
	}
	return up, down
}

// letCallers are rules that let callers' packets pass, and the answers: by the
// interface where both of a packet's are known, else by their addresses.
func (o Options) letCallers(hook nftables.ChainHook) (up, down string) {
	if hook == *nftables.ChainHookForward {
		return fmt.Sprintf("iifname %q accept", o.Name), fmt.Sprintf("oifname %q ct state established,related accept", o.Name)
	}
	var all []string
	for _, p := range o.Callers {
		if p.Addr().Is4() {
			all = append(all, p.String())
		}
	}
	theirs := strings.Join(all, ", ")
	return fmt.Sprintf("ip saddr { %s } accept", theirs), fmt.Sprintf("ip daddr { %s } accept", theirs)
}

// A service is what PACs and clients send to this host, and are answered with.
type service struct {
	protocol byte
	port     uint16 // of this host; 0: it has none
	first    bool   // what a call says first may be ours
	what     string
	in, out  string // what a rule says that lets it pass
}

func (o Options) services() (all []service) {
	if o.TCP != 0 {
		all = append(all, service{unix.IPPROTO_TCP, o.TCP, false, fmt.Sprintf("TCP port %d", o.TCP), fmt.Sprintf("tcp dport %d", o.TCP), fmt.Sprintf("tcp sport %d", o.TCP)})
	}
	if o.GRE {
		all = append(all, service{unix.IPPROTO_GRE, 0, true, "GRE, IP protocol 47", "ip protocol gre", "ip protocol gre"})
	}
	if o.UDP != 0 {
		all = append(all, service{unix.IPPROTO_UDP, o.UDP, true, fmt.Sprintf("UDP port %d", o.UDP), fmt.Sprintf("udp dport %d", o.UDP), fmt.Sprintf("udp sport %d", o.UDP)})
	}
	return all
}

// arrives asks for what PACs and clients send to this host.
func (o Options) arrives(r rules, c *nftables.Chain) error {
	var wrong []error
	for _, s := range o.services() {
		p := packet{in: face{name: o.Name, other: true}, protocol: s.protocol, port: s.port}
		if !s.either(r, c, p, expr.CtStateBitNEW, expr.CtStateBitESTABLISHED) {
			wrong = append(wrong, s.dropped(c, "brings calls", s.in))
		}
	}
	return errors.Join(wrong...)
}

// leaves asks for what this host sends to them.
func (o Options) leaves(r rules, c *nftables.Chain) error {
	var wrong []error
	for _, s := range o.services() {
		p := packet{out: face{name: o.Name, other: true}, protocol: s.protocol, from: s.port}
		if !s.either(r, c, p, expr.CtStateBitESTABLISHED, expr.CtStateBitNEW) {
			wrong = append(wrong, s.dropped(c, "answers calls", s.out))
		}
	}
	return errors.Join(wrong...)
}

// either tells whether a chain may let a packet pass in the state that its
// connection has, or in the other one where that may be too.
func (s service) either(r rules, c *nftables.Chain, p packet, state, other uint32) bool {
	p.state = state
	packets := []packet{p}
	if s.first {
		p.state = other
		packets = append(packets, p)
	}
	ok, err := anyPasses(r, c, premise{own: true}, packets)
	return ok || err != nil
}

func (s service) dropped(c *nftables.Chain, does, rule string) error {
	return fmt.Errorf("the nftables chain %s may drop %s, which %s: let it pass there, as by `nft insert rule %[1]s %[4]s accept`", name(c), s.what, does, rule)
}
