// Package firewall asks the packet filter of this host, nftables, whether it lets
// pass what pns needs. It changes nothing, and finds no fault where it is not
// certain: a rule that could let a packet pass does.
package firewall

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// Options are what is to pass.
type Options struct {
	Name    string         // of the callers' interface; "": none
	Callers []netip.Prefix // their addresses; those of IPv6 are not looked at
	TCP     uint16         // the port of PPTP; 0: not asked
	GRE     bool
	UDP     uint16 // the port of GRE over UDP; 0: not asked
}

// Look says what chains drop of it, each in a sentence. Where this process may
// not ask, or there is no nftables, it says nothing.
func Look(o Options) error {
	c, err := nftables.New()
	if err != nil {
		return nil
	}
	var wrong []error
	for _, family := range []nftables.TableFamily{nftables.TableFamilyIPv4, nftables.TableFamilyINet} {
		chains, err := c.ListChainsOfTableFamily(family)
		if err != nil {
			return nil
		}
		for _, chain := range chains {
			if chain.Type != nftables.ChainTypeFilter || chain.Hooknum == nil {
				continue
			}
			w := kernel{c, chain.Table}
			switch *chain.Hooknum {
			case *nftables.ChainHookForward:
				err = o.forward(w, chain)
			case *nftables.ChainHookInput:
				err = o.input(w, chain)
			}
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// families name a table's in nft's language.
var families = map[nftables.TableFamily]string{nftables.TableFamilyIPv4: "ip", nftables.TableFamilyINet: "inet"}

// name is a chain in nft's language.
func name(c *nftables.Chain) string {
	return fmt.Sprintf("%s %s %s", families[c.Table.Family], c.Table.Name, c.Name)
}

// forward asks for a caller's connection to the LAN, of which she has one of
// many addresses, and for what comes back.
func (o Options) forward(r rules, c *nftables.Chain) error {
	if o.Name == "" {
		return nil
	}
	own := face{name: o.Name}
	if i, err := net.InterfaceByName(o.Name); err == nil {
		own.index = uint32(i.Index)
	}
	elsewhere := own
	elsewhere.other = true
	var up, down []packet
	for _, p := range o.Callers {
		if !p.Addr().Is4() {
			continue
		}
		up = append(up, packet{in: own, out: elsewhere, protocol: unix.IPPROTO_TCP, src: p.Addr(), state: expr.CtStateBitNEW})
		down = append(down, packet{in: elsewhere, out: own, protocol: unix.IPPROTO_TCP, dst: p.Addr(), state: expr.CtStateBitESTABLISHED})
	}
	for _, way := range []struct {
		packets    []packet
		what, rule string
	}{
		{up, "callers send to the LAN", fmt.Sprintf("iifname %q accept", o.Name)},
		{down, "answers callers", fmt.Sprintf("oifname %q ct state established,related accept", o.Name)},
	} {
		if ok, err := anyPasses(r, c, premise{}, way.packets); !ok && err == nil {
			return fmt.Errorf("the nftables chain %s may drop what %s: let %s pass there both ways, as by `nft insert rule %[1]s %[4]s`", name(c), way.what, o.Name, way.rule)
		}
	}
	return nil
}

// input asks for what PACs and clients send to this host.
func (o Options) input(r rules, c *nftables.Chain) error {
	from := face{name: o.Name, other: true}
	var wrong []error
	for _, want := range []struct {
		asked    bool
		protocol byte
		port     uint16
		states   []uint32
		what     string
		rule     string
	}{
		{o.TCP != 0, unix.IPPROTO_TCP, o.TCP, []uint32{expr.CtStateBitNEW}, fmt.Sprintf("TCP port %d", o.TCP), fmt.Sprintf("tcp dport %d accept", o.TCP)},
		// What a call says first may be ours.
		{o.GRE, unix.IPPROTO_GRE, 0, []uint32{expr.CtStateBitNEW, expr.CtStateBitESTABLISHED}, "GRE, IP protocol 47", "ip protocol gre accept"},
		{o.UDP != 0, unix.IPPROTO_UDP, o.UDP, []uint32{expr.CtStateBitNEW, expr.CtStateBitESTABLISHED}, fmt.Sprintf("UDP port %d", o.UDP), fmt.Sprintf("udp dport %d accept", o.UDP)},
	} {
		if !want.asked {
			continue
		}
		var packets []packet
		for _, state := range want.states {
			packets = append(packets, packet{in: from, protocol: want.protocol, port: want.port, state: state})
		}
		if ok, err := anyPasses(r, c, premise{own: true}, packets); !ok && err == nil {
			wrong = append(wrong, fmt.Errorf("the nftables chain %s may drop %s, which brings calls: let it pass there, as by `nft insert rule %[1]s %[3]s`", name(c), want.what, want.rule))
		}
	}
	return errors.Join(wrong...)
}

// anyPasses tells whether a base chain may let one of the packets pass.
func anyPasses(r rules, c *nftables.Chain, before premise, packets []packet) (bool, error) {
	for _, p := range packets {
		f, err := walk{p, r}.through(c.Name, before, 0)
		if err != nil {
			return false, err
		}
		if f == passes || f == onward && (c.Policy == nil || *c.Policy == nftables.ChainPolicyAccept) {
			return true, nil
		}
	}
	return len(packets) == 0, nil
}

// kernel reads a table of the kernel's.
type kernel struct {
	conn  *nftables.Conn
	table *nftables.Table
}

func (k kernel) chain(name string) ([]*nftables.Rule, error) {
	return k.conn.GetRules(k.table, &nftables.Chain{Name: name})
}

func (k kernel) set(name string) (*nftables.Set, []nftables.SetElement, error) {
	s, err := k.conn.GetSetByName(k.table, name)
	if err != nil {
		return nil, nil, err
	}
	all, err := k.conn.GetSetElements(s)
	return s, all, err
}

// legacyTables lists the tables of the older iptables of a network namespace.
const legacyTables = "/proc/net/ip_tables_names"

// Legacy tells that the older iptables filter too, which Look does not read.
func Legacy() bool { return legacy(legacyTables) }

func legacy(file string) bool {
	b, err := os.ReadFile(file)
	return err == nil && strings.Contains("\n"+string(b), "\nfilter\n")
}
