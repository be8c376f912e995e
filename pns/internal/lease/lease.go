// Package lease has callers' addresses from the DHCP server of the LAN: one client
// of it for each caller, under one lock and without a goroutine of its own.
package lease

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"carrier/pns/internal/dhcp"
)

// A Port speaks on the LAN; a tun.DHCP is one. Its methods are called with the
// lock of the Leases held: Send and Host must not wait for anybody.
type Port interface {
	Send(dhcp.Message) error
	// Host is the hardware address of the interface now.
	Host() ([6]byte, error)
	// Route has an address lead to callers, until Unroute; an error leaves nothing.
	Route(netip.Addr) error
	Unroute(netip.Addr)
}

// Leases are all that callers have. Any goroutine may use them.
type Leases struct {
	port   Port
	server string

	mu   sync.Mutex
	all  map[uint32]*Lease // by the transaction's number
	seat map[seat]bool     // that a call has
}

// A seat is one of the calls that a user has at the same time.
type seat struct {
	user string
	n    int
}

// New makes them; server is the PNS's name, which is part of each client's.
func New(port Port, server string) *Leases {
	return &Leases{port: port, server: server, all: make(map[uint32]*Lease), seat: make(map[seat]bool)}
}

// A Lease is that of one call.
type Lease struct {
	leases *Leases
	xid    uint32
	seat   seat
	client *dhcp.Client
	timer  *time.Timer
	change func()
	addr   netip.Addr
	routed bool // addr is
	err    error
	gone   bool
}

// Ask asks for an address, and calls changed, with a lock held, when State is
// another: once there is one, or none, and when it is lost. Release must follow.
func (ls *Leases) Ask(user string, changed func()) *Lease {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := &Lease{leases: ls, seat: seat{user, 1}, change: changed}
	for ls.seat[l.seat] {
		l.seat.n++
	}
	for l.xid = rand.Uint32(); ls.all[l.xid] != nil; {
		l.xid = rand.Uint32()
	}
	ls.seat[l.seat], ls.all[l.xid] = true, l
	host, err := ls.port.Host()
	if l.err = err; err != nil {
		changed()
		return l
	}
	l.client = dhcp.NewClient(time.Now(), ls.identifier(l.seat), host, l.xid)
	l.timer = time.AfterFunc(0, l.expire)
	return l
}

// plain writes a name so that no slash is left in it.
var plain = strings.NewReplacer("%", "%25", "/", "%2F")

// identifier is the client identifier of a seat, always the same, and no other's:
// text behind a type of 0 (RFC 2132 §9.14).
func (ls *Leases) identifier(s seat) []byte {
	name := plain.Replace(ls.server) + "/" + plain.Replace(s.user)
	if s.n > 1 {
		name += "/" + strconv.Itoa(s.n)
	}
	if len(name) > 128 { // 255 would be possible, and are not everywhere
		name = fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	}
	return append([]byte{0}, name...)
}

// State is the address, invalid while there is none; the error says that there
// will be none, or none any more.
func (l *Lease) State() (netip.Addr, error) {
	l.leases.mu.Lock()
	defer l.leases.mu.Unlock()
	if l.err != nil {
		return netip.Addr{}, l.err
	}
	return l.addr, nil
}

// Route has the address lead to callers until the lease ends, however it does. It is
// for a call that alone has the address: no other one's route is to be touched.
func (l *Lease) Route() error {
	l.leases.mu.Lock()
	defer l.leases.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	err := l.leases.port.Route(l.addr)
	l.routed = err == nil
	return err
}

// Release gives the address back. A second time it does nothing.
func (l *Lease) Release() { l.leave((*dhcp.Client).Release) }

// Decline gives back an address that a host has already.
func (l *Lease) Decline() { l.leave((*dhcp.Client).Decline) }

func (l *Lease) leave(how func(*dhcp.Client) *dhcp.Message) {
	ls := l.leases
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l.gone {
		return
	}
	l.gone = true
	delete(ls.all, l.xid)
	delete(ls.seat, l.seat)
	if l.client == nil {
		return
	}
	l.timer.Stop()
	l.send(how(l.client))
	l.unroute()
}

// expire does what is due.
func (l *Lease) expire() {
	l.leases.mu.Lock()
	defer l.leases.mu.Unlock()
	if !l.gone {
		l.send(l.client.Expire(time.Now()))
		l.settle()
	}
}

// Receive takes a message that came to port 68, and the hardware address that it
// came from.
func (ls *Leases) Receive(payload []byte, host [6]byte) {
	if len(payload) < 8 {
		return
	}
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if l := ls.all[binary.BigEndian.Uint32(payload[4:])]; l != nil && l.client != nil {
		l.send(l.client.Receive(time.Now(), payload, host))
		l.settle()
	}
}

// settle sets the timer, and says what has changed.
func (l *Lease) settle() {
	if d := l.client.Deadline(); !d.IsZero() {
		l.timer.Reset(time.Until(d))
	}
	addr, err := l.client.Addr(), l.client.Err()
	if l.err != nil || addr == l.addr && err == nil {
		return
	}
	l.unroute()
	l.addr, l.err = addr, err
	l.change()
}

func (l *Lease) unroute() {
	if l.routed {
		l.leases.port.Unroute(l.addr)
		l.routed = false
	}
}

// send sends a message. One that is lost is sent again, as on the cable.
func (l *Lease) send(m *dhcp.Message) {
	if m != nil {
		_ = l.leases.port.Send(*m)
	}
}
