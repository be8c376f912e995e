package tun

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// A masquerade is an nftables table of our own, which hides callers behind the
// address that this host has on some interfaces, and lets in from there only
// what they asked for. No other table is touched.
type masquerade struct {
	kernel     *nl.NetlinkSocket // tells of changes of nftables
	alive      int               // what claim returned
	table      *nftables.Table
	interfaces []string
	closed     []string // those of them over which nobody calls callers

	mu      sync.Mutex // of what follows
	conn    *nftables.Conn
	callers []netip.Prefix // whom the table hides
	known   map[int]string // which of interfaces an index has been, whatever it is called now
	ended   bool           // the table stays away
}

// tableOf names the table that belongs to an interface.
func tableOf(name string) string { return "carrier-" + name }

const (
	hides  = "postrouting" // a chain's name is that of its hook
	guards = "forward"
)

// hide makes the table, once the kernel tells of what becomes of it. known are the
// interfaces that are there, by their indexes.
func hide(name string, callers []netip.Prefix, interfaces, closed []string, known map[int]string) (*masquerade, error) {
	c, err := nftables.New(nftables.AsLasting()) // stays in this namespace
	if err != nil {
		return nil, fmt.Errorf("nftables: %w", err)
	}
	m := &masquerade{conn: c, interfaces: interfaces, closed: closed, known: known, table: &nftables.Table{Name: tableOf(name), Family: nftables.TableFamilyIPv4}}
	if m.alive, err = claim(m.table.Name); err != nil {
		c.CloseLasting()
		return nil, err
	}
	if m.kernel, err = nl.Subscribe(unix.NETLINK_NETFILTER, unix.NFNLGRP_NFTABLES); err != nil {
		unix.Close(m.alive)
		c.CloseLasting()
		return nil, fmt.Errorf("changes of nftables cannot be followed: %w", err)
	}
	if err := m.use(callers); err != nil {
		m.kernel.Close()
		unix.Close(m.alive)
		c.CloseLasting()
		return nil, err
	}
	return m, nil
}

// use has the table hide these callers.
func (m *masquerade) use(callers []netip.Prefix) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.callers = callers
	return m.fill()
}

// restore fills the table anew where it is not whole. The caller learns whether
// it was not.
func (m *masquerade) restore() (lacked bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return false, nil
	}
	n, err := rules(m.conn, m.table.Name)
	if err != nil || n >= len(m.callers)*(len(m.sides(m.interfaces))+len(m.sides(m.closed))) {
		return false, err
	}
	return true, m.fill()
}

// fill makes the table, in one step in place of what it was, or of one that a
// killed program left.
func (m *masquerade) fill() error {
	c, callers := m.conn, m.callers
	c.AddTable(m.table)
	c.DelTable(m.table)
	c.AddTable(m.table)
	hide := c.AddChain(&nftables.Chain{Name: hides, Table: m.table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource})
	for _, i := range m.sides(m.interfaces) {
		for _, p := range callers {
			c.AddRule(&nftables.Rule{Table: m.table, Chain: hide, Exprs: rule(p, i), UserData: comment})
		}
	}
	guard := c.AddChain(&nftables.Chain{Name: guards, Table: m.table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookForward, Priority: nftables.ChainPriorityFilter})
	for _, i := range m.sides(m.closed) {
		for _, p := range callers {
			c.AddRule(&nftables.Rule{Table: m.table, Chain: guard, Exprs: guardRule(p, i), UserData: comment})
		}
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("lan.tun.masquerade: the kernel refuses the nftables table %s (is nf_tables there, and CAP_NET_ADMIN?): %w", m.table.Name, err)
	}
	return nil
}

// rule is "oifname INTERFACE ip saddr PREFIX masquerade".
func rule(p netip.Prefix, over side) []expr.Any {
	return append(matches(over.out, over.data, 12, p), &expr.Masq{})
}

// guardRule is "iifname INTERFACE ip daddr PREFIX ct state != established,related
// ct status != dnat drop": what an administrator forwards by DNAT is wanted.
func guardRule(p netip.Prefix, from side) []expr.Any {
	r := matches(from.in, from.data, 16, p)
	r = append(r, none(expr.CtKeySTATE, expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED)...)
	r = append(r, none(expr.CtKeySTATUS, dnat)...)
	return append(r, &expr.Verdict{Kind: expr.VerdictDrop})
}

// dnat is the kernel's IPS_DST_NAT.
const dnat = 1 << 5

// matches wants an interface, and an address, at an offset in IPv4's header, in p.
func matches(key expr.MetaKey, iface []byte, offset uint32, p netip.Prefix) []expr.Any {
	return []expr.Any{
		&expr.Meta{Key: key, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: iface},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: ipNet(p).Mask, Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: p.Masked().Addr().AsSlice()},
	}
}

// none wants none of some bits that the connection tracking has of a packet.
func none(key expr.CtKey, bits uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: key, Register: 1},
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 4, Mask: binary.NativeEndian.AppendUint32(nil, bits), Xor: make([]byte, 4)},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: make([]byte, 4)},
	}
}

// close takes the table away.
func (m *masquerade) close() error {
	m.kernel.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	m.conn.DelTable(m.table)
	err := m.conn.Flush()
	m.conn.CloseLasting()
	unix.Close(m.alive)
	return err
}

// hiding is how many rules hide and guard callers, of whoever made them; 0
// without the table.
func hiding(name string) (int, error) {
	c, err := nftables.New()
	if err != nil {
		return 0, fmt.Errorf("nftables: %w", err)
	}
	return rules(c, tableOf(name))
}

// rules counts those of a table that hides and guards.
func rules(c *nftables.Conn, table string) (n int, err error) {
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return 0, fmt.Errorf("the nftables tables cannot be listed (is CAP_NET_ADMIN there?): %w", err)
	}
	for _, t := range tables {
		if t.Name == table {
			for _, chain := range []string{hides, guards} {
				all, err := c.GetRules(t, &nftables.Chain{Name: chain})
				if err != nil && !errors.Is(err, unix.ENOENT) { // no such chain
					return 0, fmt.Errorf("the nftables table ip %s cannot be read: %w", t.Name, err)
				}
				n += len(all)
			}
		}
	}
	return n, nil
}
