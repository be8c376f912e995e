package dhcp

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// Why there is no lease, or none any more.
var (
	ErrSilent  = errors.New("the LAN's DHCP server did not answer")
	ErrRefused = errors.New("the LAN's DHCP server refuses the address")
	ErrExpired = errors.New("the lease of the LAN's DHCP server ran out, and it did not renew it")

	// ErrUnfit is what a lease's address is refused with that no caller can have.
	ErrUnfit = errors.New("the LAN's DHCP server gives an address that no caller can have")

	errGivenBack = errors.New("the address was given back")
)

// The times of a new lease. Those of RFC 2131 §4.1 are longer; here a caller waits.
// A server that pings an address before it offers it takes up to three seconds.
const (
	again   = 2 * time.Second // until a message is sent once more
	patient = 9 * time.Second // for all of it
	most    = time.Second / 4 // until an address is asked for instead of one that was refused
	seldom  = time.Minute     // at least, between two renewals (RFC 2131 §4.4.5)
)

// A Client has one address of the LAN's DHCP server's for one caller (RFC 2131
// §4.4). It does no I/O: messages go out of Expire and Receive, for the owner to
// send. It is not safe for concurrent use.
type Client struct {
	id   []byte  // client identifier
	host [6]byte // of the interface that it speaks on
	xid  dhcpv4.TransactionID

	state   state
	began   time.Time // when the address was first asked for
	next    time.Time // when to send again, or to go on
	asked   time.Time // when what may be answered now was sent first
	offer   *dhcpv4.DHCPv4
	addr    netip.Addr // valid from the first DHCPACK on
	server  netip.Addr // that gave it
	at      [6]byte    // where the server's last frame came from
	t1, t2  time.Time
	expires time.Time
	err     error
}

type state uint8

const (
	selecting state = iota
	requesting
	bound
	renewing
	rebinding
	over
)

// A Message is what a Client sends from port 68 to port 67.
type Message struct {
	From, To netip.Addr
	Host     [6]byte // where to; zero: to everybody
	Payload  []byte
}

// NewClient makes a client that wants to ask at once. host is the hardware address
// of the interface that it speaks on; id tells its lease from all others of that
// interface; xid is one that no other client has.
func NewClient(now time.Time, id []byte, host [6]byte, xid uint32) *Client {
	c := &Client{id: id, host: host, began: now, next: now}
	c.xid = dhcpv4.TransactionID{byte(xid >> 24), byte(xid >> 16), byte(xid >> 8), byte(xid)}
	return c
}

// Deadline is when Expire is wanted; zero: never again.
func (c *Client) Deadline() time.Time { return c.next }

// Addr is the address that is leased; invalid: none yet, or none any more.
func (c *Client) Addr() netip.Addr {
	if c.state < bound || c.state == over {
		return netip.Addr{}
	}
	return c.addr
}

// Err is why there is no address, and will be none; nil: it is leased, or asked for.
func (c *Client) Err() error { return c.err }

// Expire is what to send at the deadline; nil: nothing.
func (c *Client) Expire(now time.Time) *Message {
	if c.next.IsZero() || now.Before(c.next) {
		return nil
	}
	switch c.state {
	case selecting, requesting:
		if now.Sub(c.began) >= patient {
			return c.end(ErrSilent)
		}
		c.next = earliest(now.Add(again), c.began.Add(patient))
		if c.state == requesting {
			return c.request(c.offer)
		}
		return c.discover()
	case bound:
		c.state = renewing
	}
	if !now.Before(c.expires) {
		return c.end(ErrExpired)
	}
	until := c.t2
	if !now.Before(c.t2) {
		c.state, until = rebinding, c.expires
	}
	c.next = earliest(now.Add(max(until.Sub(now)/2, min(seldom, until.Sub(now)))), until)
	c.asked = now
	return c.renew(c.state == rebinding)
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (c *Client) end(why error) *Message {
	c.state, c.err, c.next = over, why, time.Time{}
	return nil
}

// Receive takes a message that came to port 68, and from where it came; the answer
// is to be sent, nil: there is none. What is not for this client changes nothing.
func (c *Client) Receive(now time.Time, payload []byte, host [6]byte) *Message {
	m, err := dhcpv4.FromBytes(payload)
	if err != nil || m.OpCode != dhcpv4.OpcodeBootReply || m.TransactionID != c.xid {
		return nil
	}
	server, _ := netip.AddrFromSlice(m.ServerIdentifier())
	server = server.Unmap()
	switch t := m.MessageType(); {
	case !server.Is4(), c.state == bound, c.state == over:
	case t == dhcpv4.MessageTypeOffer && c.state == selecting && usable(m):
		c.state, c.offer, c.server, c.asked = requesting, m, server, now
		c.next = earliest(now.Add(again), c.began.Add(patient))
		return c.request(m)
	case t == dhcpv4.MessageTypeNak && c.state == requesting && server == c.server:
		// Somebody else was faster, as among callers who come at once: there may be
		// another one (RFC 2131 §3.1).
		c.state, c.offer = selecting, nil
		c.next = earliest(now.Add(rand.N(most)), c.began.Add(patient))
	case t == dhcpv4.MessageTypeNak && c.state > bound && (server == c.server || c.state == rebinding):
		return c.end(ErrRefused)
	case t == dhcpv4.MessageTypeAck && c.state == requesting && server == c.server && usable(m):
		c.addr = yours(m)
		c.lease(m, server, host)
	case t == dhcpv4.MessageTypeAck && c.state > bound && (server == c.server || c.state == rebinding) && yours(m) == c.addr:
		c.lease(m, server, host)
	}
	return nil
}

func yours(m *dhcpv4.DHCPv4) netip.Addr {
	a, _ := netip.AddrFromSlice(m.YourIPAddr.To4())
	return a
}

// usable tells that a host can have what is offered.
func usable(m *dhcpv4.DHCPv4) bool {
	a := yours(m)
	return a.Is4() && a.IsGlobalUnicast()
}

// lease takes a DHCPACK: the times count from when it was asked for (RFC 2131
// §4.4.1, §4.4.5).
func (c *Client) lease(m *dhcpv4.DHCPv4, server netip.Addr, host [6]byte) {
	const forever = 1<<32 - 1
	c.state, c.server, c.at, c.offer = bound, server, host, nil
	length := m.IPAddressLeaseTime(time.Hour)
	if length == forever*time.Second {
		c.next = time.Time{}
		return
	}
	length = max(length, time.Second)
	t2 := m.IPAddressRebindingTime(length * 7 / 8)
	if t2 <= 0 || t2 > length {
		t2 = length * 7 / 8
	}
	t1 := m.IPAddressRenewalTime(length / 2)
	if t1 <= 0 || t1 > t2 {
		t1 = t2 / 2
	}
	c.t1, c.t2, c.expires = c.asked.Add(t1), c.asked.Add(t2), c.asked.Add(length)
	c.next = c.t1
}

// Release gives the address back; the client is over. nil: there is nothing to
// send.
func (c *Client) Release() *Message { return c.leave(dhcpv4.MessageTypeRelease) }

// Decline gives back an address that a host has already, likewise (RFC 2131 §3.1).
func (c *Client) Decline() *Message { return c.leave(dhcpv4.MessageTypeDecline) }

func (c *Client) leave(t dhcpv4.MessageType) *Message {
	had := c.Addr()
	c.end(errGivenBack)
	if !had.IsValid() {
		return nil
	}
	m := c.message(t, dhcpv4.OptServerIdentifier(c.server.AsSlice()))
	if t == dhcpv4.MessageTypeDecline { // everybody hears that (RFC 2131 §4.4.4)
		m.UpdateOption(dhcpv4.OptRequestedIPAddress(had.AsSlice()))
		return everybodyHears(m)
	}
	m.ClientIPAddr = had.AsSlice()
	return &Message{From: had, To: c.server, Host: c.at, Payload: m.ToBytes()}
}

func (c *Client) discover() *Message {
	return everybodyHears(c.message(dhcpv4.MessageTypeDiscover))
}

func (c *Client) request(offer *dhcpv4.DHCPv4) *Message {
	return everybodyHears(c.message(dhcpv4.MessageTypeRequest, dhcpv4.OptRequestedIPAddress(offer.YourIPAddr),
		dhcpv4.OptServerIdentifier(c.server.AsSlice())))
}

// renew asks for more time: its server, or whichever has the lease.
func (c *Client) renew(anybody bool) *Message {
	m := c.message(dhcpv4.MessageTypeRequest)
	m.ClientIPAddr = c.addr.AsSlice()
	if anybody {
		return &Message{From: c.addr, To: everybody, Payload: m.ToBytes()}
	}
	return &Message{From: c.addr, To: c.server, Host: c.at, Payload: m.ToBytes()}
}

func everybodyHears(m *dhcpv4.DHCPv4) *Message {
	m.SetBroadcast() // nobody has the address yet that an answer could go to
	return &Message{From: netip.IPv4Unspecified(), To: everybody, Payload: m.ToBytes()}
}

func (c *Client) message(t dhcpv4.MessageType, options ...dhcpv4.Option) *dhcpv4.DHCPv4 {
	m := &dhcpv4.DHCPv4{OpCode: dhcpv4.OpcodeBootRequest, HWType: 1, TransactionID: c.xid,
		ClientHWAddr: net.HardwareAddr(c.host[:]), Options: dhcpv4.OptionsFromList(options...)}
	m.UpdateOption(dhcpv4.OptMessageType(t))
	m.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionClientIdentifier, c.id))
	return m
}
