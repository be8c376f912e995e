package tun

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// A masquerade is an nftables table of our own, which hides callers behind the
// address that this host has on some interfaces. No other table is touched.
type masquerade struct {
	conn       *nftables.Conn
	table      *nftables.Table
	interfaces []string
}

// tableOf names the table that belongs to an interface.
func tableOf(name string) string { return "carrier-" + name }

const chainName = "postrouting"

// hide makes the table.
func hide(name string, callers []netip.Prefix, interfaces []string) (*masquerade, error) {
	c, err := nftables.New(nftables.AsLasting()) // stays in this namespace
	if err != nil {
		return nil, fmt.Errorf("nftables: %w", err)
	}
	m := &masquerade{conn: c, interfaces: interfaces, table: &nftables.Table{Name: tableOf(name), Family: nftables.TableFamilyIPv4}}
	if err := m.use(callers); err != nil {
		c.CloseLasting()
		return nil, err
	}
	return m, nil
}

// use fills the table, in one step in place of what it was, or of one that a
// killed program left.
func (m *masquerade) use(callers []netip.Prefix) error {
	c := m.conn
	c.AddTable(m.table)
	c.DelTable(m.table)
	c.AddTable(m.table)
	chain := c.AddChain(&nftables.Chain{Name: chainName, Table: m.table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource})
	for _, i := range m.interfaces {
		for _, p := range callers {
			c.AddRule(&nftables.Rule{Table: m.table, Chain: chain, Exprs: rule(p, i)})
		}
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("lan.tun.masquerade: the kernel refuses the nftables table %s (is nf_tables there, and CAP_NET_ADMIN?): %w", m.table.Name, err)
	}
	return nil
}

// rule is "ip saddr PREFIX oifname INTERFACE masquerade".
func rule(p netip.Prefix, oif string) []expr.Any {
	mask := ipNet(p).Mask
	name := make([]byte, unix.IFNAMSIZ)
	copy(name, oif)
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyOIFNAME, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: 12, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: mask, Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: p.Masked().Addr().AsSlice()},
		&expr.Masq{},
	}
}

// close takes the table away.
func (m *masquerade) close() error {
	m.conn.DelTable(m.table)
	err := m.conn.Flush()
	m.conn.CloseLasting()
	return err
}

// hiding is how many rules hide callers, of whoever made them; 0 without the
// table.
func hiding(name string) (rules int, err error) {
	c, err := nftables.New()
	if err != nil {
		return 0, fmt.Errorf("nftables: %w", err)
	}
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return 0, fmt.Errorf("the nftables tables cannot be listed (is CAP_NET_ADMIN there?): %w", err)
	}
	for _, t := range tables {
		if t.Name == tableOf(name) {
			all, err := c.GetRules(t, &nftables.Chain{Name: chainName})
			if err != nil && !errors.Is(err, unix.ENOENT) { // no such chain
				return 0, fmt.Errorf("the nftables table ip %s cannot be read: %w", t.Name, err)
			}
			return len(all), nil
		}
	}
	return 0, nil
}
