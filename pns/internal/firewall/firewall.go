// Package firewall asks the packet filter of this host, nftables, whether it lets
// pass what pns needs. It changes nothing, and finds no fault where it is not
// certain: a rule that could let a packet pass does.
package firewall

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/google/nftables"
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
			if chain.Hooknum == nil || chain.Type == nftables.ChainTypeNAT {
				continue
			}
			wrong = append(wrong, o.hooked(kernel{c, chain.Table}, chain))
		}
	}
	return errors.Join(wrong...)
}

// hooked asks a base chain for all packets that come by there.
func (o Options) hooked(r rules, c *nftables.Chain) error {
	switch *c.Hooknum {
	case *nftables.ChainHookPrerouting:
		return errors.Join(o.arrives(r, c), o.forwarded(r, c))
	case *nftables.ChainHookInput:
		return o.arrives(r, c)
	case *nftables.ChainHookForward:
		return o.forwarded(r, c)
	case *nftables.ChainHookOutput:
		return o.leaves(r, c)
	case *nftables.ChainHookPostrouting:
		return errors.Join(o.leaves(r, c), o.forwarded(r, c))
	}
	return nil
}

// families name a table's in nft's language.
var families = map[nftables.TableFamily]string{nftables.TableFamilyIPv4: "ip", nftables.TableFamilyINet: "inet"}

// name is a chain in nft's language.
func name(c *nftables.Chain) string {
	return fmt.Sprintf("%s %s %s", families[c.Table.Family], c.Table.Name, c.Name)
}

// anyPasses tells whether a base chain may let one of the packets pass.
func anyPasses(r rules, c *nftables.Chain, before premise, packets []packet) (bool, error) {
	for _, p := range packets {
		if c.Priority != nil && *c.Priority <= *nftables.ChainPriorityConntrack {
			p.state = 0
		}
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
