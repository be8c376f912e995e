package tun

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"
)

// comment is that of each rule of a table of ours, by which a later run knows it
// under whatever name.
var comment = userdata.AppendString(nil, userdata.TypeComment, "made by pns")

// unhide takes away the tables that earlier runs left, which were killed: that of our
// interface, unless it is about to be made, and those of interfaces that were ours when
// lan.tun.name was another. Where there is no nftables there is none.
func (l *LAN) unhide() error {
	c, err := nftables.New()
	if err != nil {
		return nil
	}
	tables, err := c.ListTablesOfFamily(nftables.TableFamilyIPv4)
	if err != nil {
		return nil
	}
	for _, t := range tables {
		switch {
		case t.Name == tableOf(l.o.Name) && len(l.o.Masquerade) == 0:
			if err := l.discard(c, t); err != nil {
				return err
			}
		case t.Name != tableOf(l.o.Name) && strings.HasPrefix(t.Name, tableOf("")) && marked(c, t):
			l.inherit(c, t)
		}
	}
	return nil
}

// inherit takes away a table that has our comment, unless another pns has it. It does no
// harm to us, so that an error is only logged.
func (l *LAN) inherit(c *nftables.Conn, t *nftables.Table) {
	fd, err := claim(t.Name)
	if err == nil && fd == taken {
		return
	}
	if err == nil {
		err = l.discard(c, t)
		unix.Close(fd)
	}
	if err != nil {
		l.o.Log.Warn("an earlier run may have left a table of nftables", "table", t.Name, "error", err)
	}
}

func (l *LAN) discard(c *nftables.Conn, t *nftables.Table) error {
	c.DelTable(t)
	if err := c.Flush(); err != nil {
		return fmt.Errorf("the nftables table ip %s, which an earlier run left, cannot be deleted: run nft delete table ip %[1]s: %w", t.Name, err)
	}
	l.o.Log.Info("the nftables table that an earlier run left is deleted", "table", t.Name)
	return nil
}

// marked tells a table in which there is nothing but what bears our comment.
func marked(c *nftables.Conn, t *nftables.Table) bool {
	chains, err := c.ListChainsOfTableFamily(nftables.TableFamilyIPv4)
	ours := 0
	for _, chain := range chains {
		if chain.Table.Name != t.Name {
			continue
		}
		rules, bad := c.GetRules(t, chain)
		err = errors.Join(err, bad)
		for _, r := range rules {
			if !bytes.Equal(r.UserData, comment) {
				return false
			}
			ours++
		}
	}
	return err == nil && ours > 0
}

// taken is what claim returns for a table that has somebody.
const taken = -1

// claim says that we are there for a table, or that somebody is already, be it one who
// took the name out of spite. It is an abstract socket, of which a network namespace
// has each name once, as it has a table, and which goes with its process; closing the
// descriptor gives it up.
func claim(table string) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return taken, os.NewSyscallError("socket", err)
	}
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: "@carrier/nftables/" + table})
	if err == nil {
		return fd, nil
	}
	unix.Close(fd)
	if errors.Is(err, unix.EADDRINUSE) {
		return taken, nil
	}
	return taken, os.NewSyscallError("bind", err)
}
