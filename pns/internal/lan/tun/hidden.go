package tun

import (
	"context"
	"errors"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// keepHidden puts the table of the masquerade back when somebody takes it away,
// or some of it: `nft flush ruleset` does, and with it each reload of Debian's
// nftables.service. It ends when ctx has ended and the socket is closed.
func (l *LAN) keepHidden(ctx context.Context) {
	m, log, said := l.hidden, l.o.Log.With("table", l.hidden.table.Name), ""
	for {
		messages, from, err := m.kernel.Receive()
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, unix.ENOBUFS): // the socket was full: nobody knows of what
		case errors.Is(err, unix.EAGAIN): // it is time to try again
		case err != nil:
			log.Error("changes of nftables are followed no more: restart pns", "error", err)
			return
		case from.Pid != nl.PidKernel || !m.cut(messages):
			continue
		}
		lacked, err := m.restore()
		var next unix.Timeval // none
		switch {
		case err != nil:
			if err.Error() != said {
				said = err.Error()
				log.Error("somebody changed the nftables table, which cannot be put back: callers may not be hidden", "error", err)
			}
			next = unix.NsecToTimeval(again.Nanoseconds())
		case lacked || said != "":
			log.Warn("somebody took the nftables table away, or rules of it: it is put back")
			said = ""
		}
		m.kernel.SetReceiveTimeout(&next)
	}
}

// tableAttribute is NFTA_TABLE_NAME, NFTA_CHAIN_TABLE and NFTA_RULE_TABLE, which are
// one number.
const tableAttribute = 1

// cut tells whether something of our table was deleted, by us or by others.
func (m *masquerade) cut(messages []syscall.NetlinkMessage) bool {
	for _, msg := range messages {
		if msg.Header.Type>>8 != unix.NFNL_SUBSYS_NFTABLES || len(msg.Data) < nl.SizeofNfgenmsg {
			continue
		}
		switch msg.Header.Type & 0xff {
		case unix.NFT_MSG_DELTABLE, unix.NFT_MSG_DELCHAIN, unix.NFT_MSG_DELRULE:
		default:
			continue
		}
		attributes, err := nl.ParseRouteAttr(msg.Data[nl.SizeofNfgenmsg:])
		if err != nil {
			continue
		}
		for _, a := range attributes {
			if a.Attr.Type == tableAttribute && nl.BytesToString(a.Value) == m.table.Name {
				return true
			}
		}
	}
	return false
}
