// Package userspace is a LAN without privileges: NAT through this host. All
// callers' packets go into one user-space IP stack that answers for every
// address; what a caller opens there is opened again from this host.
package userspace

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync/atomic"

	"carrier/pns/internal/lan"
)

// Options say what the network is.
type Options struct {
	// Local is our own address there; it answers pings.
	Local netip.Addr
	// Map says where an address and port, TCP and UDP alike, really are.
	Map map[netip.AddrPort]string
	// OnlyMapped lets nothing leave that Map does not name.
	OnlyMapped bool
	Log        *slog.Logger
	Stats      *Stats
}

// Stats counts what the network did. Any goroutine may read it.
type Stats struct {
	Malformed atomic.Uint64 // packets with a bad length or checksum
}

// LAN is the network.
type LAN struct{ table lan.Table }

// New makes the network; Run must be called to move packets.
func New(Options) (*LAN, error) { return nil, errors.ErrUnsupported }

// Attach is that of lan.Network.
func (l *LAN) Attach(addr netip.Addr, mtu int, r lan.Receiver) (func(), error) {
	return l.table.Attach(addr, mtu, r)
}

// Write is that of lan.Network.
func (l *LAN) Write([]byte) {}

// Local is that of lan.Network.
func (l *LAN) Local() netip.Addr { return netip.Addr{} }

// Run is that of lan.Network.
func (l *LAN) Run(context.Context) error { return nil }

var _ lan.Network = (*LAN)(nil)
