package dhcp

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

var (
	began  = time.Date(1997, 4, 1, 0, 0, 0, 0, time.UTC)
	leased = netip.MustParseAddr("2.1.1.150")
	giver  = netip.MustParseAddr("2.1.1.10")
	nic    = [6]byte{2, 0, 0, 0, 0, 1}
	far    = [6]byte{2, 0, 0, 0, 0, 9}
)

const number = 0x01020304

func newClient() *Client { return NewClient(began, []byte("\x00denver/saran"), nic, number) }

// says is a server's message; changes come last.
func says(t dhcpv4.MessageType, changes ...func(*dhcpv4.DHCPv4)) []byte {
	m := &dhcpv4.DHCPv4{OpCode: dhcpv4.OpcodeBootReply, HWType: 1, TransactionID: dhcpv4.TransactionID{1, 2, 3, 4},
		ClientHWAddr: net.HardwareAddr(nic[:]), YourIPAddr: leased.AsSlice(),
		Options: dhcpv4.OptionsFromList(dhcpv4.OptMessageType(t), dhcpv4.OptServerIdentifier(giver.AsSlice()), dhcpv4.OptIPAddressLeaseTime(time.Hour))}
	for _, c := range changes {
		c(m)
	}
	return m.ToBytes()
}

func from(a netip.Addr) func(*dhcpv4.DHCPv4) {
	return func(m *dhcpv4.DHCPv4) { m.UpdateOption(dhcpv4.OptServerIdentifier(a.AsSlice())) }
}

// wants takes a message apart: its type, what it asks for, and where it goes.
func wants(t *testing.T, m *Message, kind dhcpv4.MessageType, to netip.Addr, client, requested, server netip.Addr) {
	t.Helper()
	if m == nil {
		t.Fatalf("nothing was sent, want %v", kind)
	}
	got, err := dhcpv4.FromBytes(m.Payload)
	if err != nil {
		t.Fatal(err)
	}
	addr := func(ip net.IP) netip.Addr {
		a, _ := netip.AddrFromSlice(ip.To4())
		if a == netip.IPv4Unspecified() {
			a = netip.Addr{}
		}
		return a
	}
	if got.MessageType() != kind || m.To != to || addr(got.ClientIPAddr) != client || addr(got.RequestedIPAddress()) != requested || addr(got.ServerIdentifier()) != server {
		t.Errorf("sent to %v: %s\nwant %v to %v, of %v, %v, %v", m.To, got.Summary(), kind, to, client, requested, server)
	}
	if !bytes.Equal(got.GetOneOption(dhcpv4.OptionClientIdentifier), []byte("\x00denver/saran")) || !bytes.Equal(got.ClientHWAddr, nic[:]) ||
		got.TransactionID != (dhcpv4.TransactionID{1, 2, 3, 4}) || got.IsBroadcast() != (m.From == netip.IPv4Unspecified()) {
		t.Errorf("sent from %v: %s", m.From, got.Summary())
	}
}

var none netip.Addr

// leases has a client get its address, and is when.
func leases(t *testing.T, c *Client, ack ...func(*dhcpv4.DHCPv4)) time.Time {
	t.Helper()
	wants(t, c.Expire(began), dhcpv4.MessageTypeDiscover, everybody, none, none, none)
	now := began.Add(time.Second)
	wants(t, c.Receive(now, says(dhcpv4.MessageTypeOffer), far), dhcpv4.MessageTypeRequest, everybody, none, leased, giver)
	if c.Addr().IsValid() {
		t.Error("an offer is no lease")
	}
	if m := c.Receive(now.Add(time.Second), says(dhcpv4.MessageTypeAck, ack...), far); m != nil || c.Addr() != leased || c.Err() != nil {
		t.Fatalf("%v, %v, %v", m, c.Addr(), c.Err())
	}
	return now
}

// RFC 2131 §4.4.5: at T1 its server is asked, at T2 anybody, in shorter and shorter
// times, and at the end of the lease it is over.
func TestRenewal(t *testing.T) {
	c := newClient()
	now := leases(t, c)
	if want := now.Add(30 * time.Minute); c.Deadline() != want {
		t.Errorf("T1 is %v, want %v", c.Deadline(), want)
	}
	if c.Expire(c.Deadline().Add(-1)) != nil {
		t.Error("renewed before T1")
	}
	m := c.Expire(c.Deadline())
	wants(t, m, dhcpv4.MessageTypeRequest, giver, leased, none, none)
	if m.From != leased || m.Host != far {
		t.Errorf("from %v to %x", m.From, m.Host)
	}
	at := c.Deadline()
	if m := c.Receive(at, says(dhcpv4.MessageTypeAck), far); m != nil || c.Deadline() != now.Add(time.Hour) { // half an hour after it was asked for
		t.Errorf("renewed: T1 is %v", c.Deadline())
	}
	now = now.Add(30 * time.Minute)

	var asked []time.Duration
	for range 30 {
		at = c.Deadline()
		m := c.Expire(at)
		if c.Err() != nil {
			break
		}
		to := giver
		if at.Sub(now) >= 52*time.Minute+30*time.Second {
			to = everybody
		}
		wants(t, m, dhcpv4.MessageTypeRequest, to, leased, none, none)
		asked = append(asked, at.Sub(now))
	}
	if !errors.Is(c.Err(), ErrExpired) || at != now.Add(time.Hour) || c.Addr().IsValid() || !c.Deadline().IsZero() || len(asked) < 6 || len(asked) > 12 {
		t.Errorf("%v at %v, after it asked at %v", c.Err(), at.Sub(now), asked)
	}
	if c.Release() != nil {
		t.Error("what is lost cannot be given back")
	}
}

// Who else answers, and what else, changes nothing.
func TestWhatIsNotForTheClient(t *testing.T) {
	other := netip.MustParseAddr("2.1.1.11")
	bad := map[string][]byte{
		"nothing":        nil,
		"another number": says(dhcpv4.MessageTypeAck, func(m *dhcpv4.DHCPv4) { m.TransactionID[3]++ }),
		"a request":      says(dhcpv4.MessageTypeAck, func(m *dhcpv4.DHCPv4) { m.OpCode = dhcpv4.OpcodeBootRequest }),
		"no server":      says(dhcpv4.MessageTypeAck, func(m *dhcpv4.DHCPv4) { m.DeleteOption(dhcpv4.OptionServerIdentifier) }),
		"its ACK":        says(dhcpv4.MessageTypeAck, from(other)),
		"its NAK":        says(dhcpv4.MessageTypeNak, from(other)),
		"no address":     says(dhcpv4.MessageTypeOffer, func(m *dhcpv4.DHCPv4) { m.YourIPAddr = net.IPv4zero }),
		"a group's":      says(dhcpv4.MessageTypeOffer, func(m *dhcpv4.DHCPv4) { m.YourIPAddr = net.IPv4(224, 0, 0, 1) }),
	}
	c := newClient()
	try := func(when string) {
		t.Helper()
		for what, b := range bad {
			addr, next := c.Addr(), c.Deadline()
			if m := c.Receive(began.Add(time.Minute), b, far); m != nil || c.Addr() != addr || c.Err() != nil || c.Deadline() != next {
				t.Errorf("%s, %s: %+v, %v, %v", when, what, m, c.Addr(), c.Err())
			}
		}
	}
	try("selecting")
	c.Receive(began, says(dhcpv4.MessageTypeOffer), far)
	try("requesting")
	c.Receive(began, says(dhcpv4.MessageTypeAck), far)
	bad["its ACK again"] = says(dhcpv4.MessageTypeAck)
	try("bound")
	delete(bad, "its ACK again")
	bad["an ACK of another address"] = says(dhcpv4.MessageTypeAck, func(m *dhcpv4.DHCPv4) { m.YourIPAddr = other.AsSlice() })
	c.Expire(c.Deadline())
	try("renewing")
}

// Without an answer there is an end, and a refusal is not the last word until then.
func TestNoLease(t *testing.T) {
	c := newClient()
	sent := 0
	var at time.Time
	for !c.Deadline().IsZero() {
		at = c.Deadline()
		if c.Expire(at) != nil {
			sent++
		}
	}
	if !errors.Is(c.Err(), ErrSilent) || at.Sub(began) != 9*time.Second || sent != 5 {
		t.Errorf("%v after %v and %d messages", c.Err(), at.Sub(began), sent)
	}

	c = newClient()
	c.Expire(began)
	c.Receive(began, says(dhcpv4.MessageTypeOffer), far)
	c.Receive(began, says(dhcpv4.MessageTypeNak), far)
	if wait := c.Deadline().Sub(began); wait < 0 || wait >= time.Second/4 {
		t.Errorf("it asks again after %v", wait)
	}
	wants(t, c.Expire(c.Deadline()), dhcpv4.MessageTypeDiscover, everybody, none, none, none)
	for n := 0; c.Err() == nil && n < 1000; n++ { // and so on
		c.Receive(c.Deadline(), says(dhcpv4.MessageTypeOffer), far)
		c.Receive(c.Deadline(), says(dhcpv4.MessageTypeNak), far)
		at = c.Deadline()
		c.Expire(at)
	}
	if !errors.Is(c.Err(), ErrSilent) || at.After(began.Add(9*time.Second)) {
		t.Errorf("%v at %v", c.Err(), at.Sub(began))
	}

	c = newClient()
	leases(t, c)
	c.Expire(c.Deadline())
	c.Receive(began, says(dhcpv4.MessageTypeNak), far)
	if !errors.Is(c.Err(), ErrRefused) || c.Addr().IsValid() || !c.Deadline().IsZero() {
		t.Errorf("refused while it renews: %v", c.Err())
	}
}

// RFC 2131 §4.4.4, §4.4.6: how an address is given back.
func TestGivenBack(t *testing.T) {
	c := newClient()
	leases(t, c)
	m := c.Release()
	wants(t, m, dhcpv4.MessageTypeRelease, giver, leased, none, giver)
	if m.Host != far || m.From != leased || c.Release() != nil || c.Expire(began.Add(time.Hour)) != nil {
		t.Errorf("%+v", m)
	}
	c = newClient()
	leases(t, c)
	wants(t, c.Decline(), dhcpv4.MessageTypeDecline, everybody, none, leased, giver)
	if newClient().Release() != nil {
		t.Error("an address was given back that nobody had")
	}
}

// Times that make no sense are the RFC's own, and a lease may be for ever.
func TestTimes(t *testing.T) {
	option := func(code dhcpv4.OptionCode, seconds ...byte) func(*dhcpv4.DHCPv4) {
		return func(m *dhcpv4.DHCPv4) { m.UpdateOption(dhcpv4.OptGeneric(code, seconds)) }
	}
	for _, tt := range []struct {
		what string
		ack  []func(*dhcpv4.DHCPv4)
		t1   time.Duration
	}{
		{"its own", []func(*dhcpv4.DHCPv4){option(dhcpv4.OptionRenewTimeValue, 0, 0, 0, 60)}, time.Minute},
		{"T1 behind T2", []func(*dhcpv4.DHCPv4){option(dhcpv4.OptionRenewTimeValue, 0, 0, 14, 0)}, 52*time.Minute/2 + 15*time.Second},
		{"T2 behind the end", []func(*dhcpv4.DHCPv4){option(dhcpv4.OptionRebindingTimeValue, 0, 1, 0, 0)}, 30 * time.Minute},
		{"none at all", []func(*dhcpv4.DHCPv4){option(dhcpv4.OptionIPAddressLeaseTime, 0, 0, 0, 0)}, time.Second / 2},
	} {
		c := newClient()
		now := leases(t, c, tt.ack...)
		if got := c.Deadline().Sub(now); got != tt.t1 {
			t.Errorf("%s: T1 is %v, want %v", tt.what, got, tt.t1)
		}
	}
	c := newClient()
	leases(t, c, option(dhcpv4.OptionIPAddressLeaseTime, 255, 255, 255, 255))
	if !c.Deadline().IsZero() || c.Expire(began.Add(1e6*time.Hour)) != nil || c.Addr() != leased {
		t.Errorf("for ever, and until %v", c.Deadline())
	}
}

func FuzzClient(f *testing.F) {
	f.Add(says(dhcpv4.MessageTypeOffer), says(dhcpv4.MessageTypeAck), uint16(1800))
	f.Add(says(dhcpv4.MessageTypeOffer), says(dhcpv4.MessageTypeNak), uint16(1))
	f.Fuzz(func(t *testing.T, a, b []byte, later uint16) {
		c := newClient()
		now := began
		for _, m := range [][]byte{a, b, a, b} {
			c.Expire(now)
			c.Receive(now, m, far)
			now = now.Add(time.Duration(later) * time.Second)
			if d := c.Deadline(); c.Err() != nil && (!d.IsZero() || c.Addr().IsValid()) {
				t.Errorf("over, and at %v with %v", d, c.Addr())
			}
		}
		for n := 0; !c.Deadline().IsZero() && c.Err() == nil; n++ { // nobody answers any more
			if at := c.Deadline(); n > 200 {
				t.Fatalf("still asks at %v", at)
			} else {
				c.Expire(at)
			}
		}
	})
}
