package lease

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"carrier/pns/internal/dhcp"
)

// A lan is a cable with a DHCP server of few addresses, which answers a moment
// later; it gives a client the same address again.
type lan struct {
	leases *Leases
	free   []netip.Addr
	had    map[string]netip.Addr // by client identifier
	silent atomic.Bool
	takes  atomic.Bool // what it gave back, when it is renewed
	sent   []string
	routes []netip.Addr
	host   error // of Host
}

func newLAN(addresses ...string) *lan {
	l := &lan{had: map[string]netip.Addr{}}
	for _, a := range addresses {
		l.free = append(l.free, netip.MustParseAddr(a))
	}
	l.leases = New(l, "denver")
	return l
}

func (l *lan) Host() ([6]byte, error) { return [6]byte{2}, l.host }

func (l *lan) Route(a netip.Addr) error {
	if slices.Contains(l.routes, a) {
		return errRouted
	}
	l.routes = append(l.routes, a)
	return nil
}

var errRouted = errors.New("the address is routed already")

func (l *lan) Unroute(a netip.Addr) {
	l.routes = slices.DeleteFunc(l.routes, func(b netip.Addr) bool { return a == b })
}

func (l *lan) Send(m dhcp.Message) error {
	q, err := dhcpv4.FromBytes(m.Payload)
	if err != nil {
		return err
	}
	id := string(q.GetOneOption(dhcpv4.OptionClientIdentifier))
	l.sent = append(l.sent, strings.TrimPrefix(id, "\x00")+" "+q.MessageType().String())
	answer := dhcpv4.MessageTypeAck
	switch q.MessageType() {
	case dhcpv4.MessageTypeDiscover:
		answer = dhcpv4.MessageTypeOffer
	case dhcpv4.MessageTypeRelease, dhcpv4.MessageTypeDecline:
		return nil
	}
	a, ok := l.had[id]
	if !ok && len(l.free) > 0 {
		a, l.free = l.free[0], l.free[1:]
		l.had[id] = a
	}
	if l.takes.Load() && !q.ClientIPAddr.IsUnspecified() {
		answer = dhcpv4.MessageTypeNak
	}
	if l.silent.Load() || !a.IsValid() {
		return nil
	}
	r := &dhcpv4.DHCPv4{OpCode: dhcpv4.OpcodeBootReply, TransactionID: q.TransactionID, YourIPAddr: a.AsSlice(),
		Options: dhcpv4.OptionsFromList(dhcpv4.OptMessageType(answer), dhcpv4.OptServerIdentifier([]byte{2, 1, 1, 10}), dhcpv4.OptIPAddressLeaseTime(time.Hour))}
	payload := r.ToBytes()
	time.AfterFunc(time.Millisecond, func() { l.leases.Receive(payload, [6]byte{9}) })
	return nil
}

// breaks has Host fail.
func (l *lan) breaks(host error) {
	l.leases.mu.Lock()
	defer l.leases.mu.Unlock()
	l.host = host
}

// route has a lease's address lead to callers.
func (l *lan) route(t *testing.T, of *Lease) {
	t.Helper()
	if err := of.Route(); err != nil {
		t.Error(err)
	}
}

// state waits until nothing happens for a moment.
func (l *lan) state(t *testing.T, of *Lease, after time.Duration, want string, err error) {
	t.Helper()
	time.Sleep(after)
	synctest.Wait()
	a, got := of.State()
	if shown := strings.TrimPrefix(a.String(), "invalid IP"); shown != want || !errors.Is(got, err) {
		t.Errorf("%v, %v; want %q, %v", a, got, want, err)
	}
}

// Two calls of a user are two clients, and each the same again; addresses are
// routed from when they are asked to be until the lease ends.
func TestLeases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN("2.1.1.150", "2.1.1.151")
		changes := 0
		one := l.leases.Ask("saran", func() { changes++ })
		l.state(t, one, time.Second, "2.1.1.150", nil)
		two := l.leases.Ask("saran", func() {})
		l.state(t, two, time.Second, "2.1.1.151", nil)
		if len(l.routes) != 0 || changes != 1 {
			t.Errorf("routes to %v after %d changes", l.routes, changes)
		}
		l.route(t, one)
		l.route(t, two)
		one.Release()
		one.Release()
		if want := []netip.Addr{netip.MustParseAddr("2.1.1.151")}; !slices.Equal(l.routes, want) {
			t.Errorf("routes to %v", l.routes)
		}
		again := l.leases.Ask("saran", func() {})
		l.state(t, again, time.Second, "2.1.1.150", nil)
		l.route(t, again)
		l.state(t, again, 24*time.Hour, "2.1.1.150", nil) // renewed all the time
		again.Decline()
		two.Release()
		want := []string{"denver/saran DISCOVER", "denver/saran REQUEST", "denver/saran/2 DISCOVER", "denver/saran/2 REQUEST",
			"denver/saran RELEASE", "denver/saran DISCOVER", "denver/saran REQUEST"}
		if !slices.Equal(l.sent[:len(want)], want) || !slices.Equal(l.sent[len(l.sent)-2:], []string{"denver/saran DECLINE", "denver/saran/2 RELEASE"}) {
			t.Errorf("sent %q", l.sent)
		}
		if len(l.leases.all) != 0 || len(l.leases.seat) != 0 || len(l.routes) != 0 {
			t.Errorf("left: %v, %v, routes to %v", l.leases.all, l.leases.seat, l.routes)
		}
		l.leases.Receive(nil, [6]byte{})
		l.leases.Receive(make([]byte, 300), [6]byte{})
	})
}

// What becomes of a lease is said once, whatever it is.
func TestNoLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLAN("2.1.1.150", "2.1.1.151", "2.1.1.152")
		changes := 0
		changed := func() { changes++ }
		l.silent.Store(true)
		unheard := l.leases.Ask("bob", changed)
		l.state(t, unheard, 8*time.Second, "", nil)
		l.state(t, unheard, 2*time.Second, "", dhcp.ErrSilent)
		unheard.Release()
		given := l.leases.Ask("bob", changed)
		given.Release() // while it asks
		l.state(t, given, time.Minute, "", nil)
		l.silent.Store(false)

		theirs := netip.MustParseAddr("2.1.1.151")
		l.routes = []netip.Addr{theirs}
		unrouted := l.leases.Ask("carol", changed)
		l.state(t, unrouted, time.Second, "2.1.1.151", nil)
		if err := unrouted.Route(); err != errRouted {
			t.Error(err)
		}
		unrouted.Release()
		if last := l.sent[len(l.sent)-1]; last != "denver/carol RELEASE" || !slices.Equal(l.routes, []netip.Addr{theirs}) {
			t.Errorf("sent %q last, routes to %v", last, l.routes)
		}
		l.routes = nil
		noInterface := errors.New("no interface")
		l.breaks(noInterface)
		l.state(t, l.leases.Ask("dave", changed), 0, "", noInterface)
		l.breaks(nil)

		taken := l.leases.Ask("eve", changed)
		l.state(t, taken, time.Second, "2.1.1.152", nil)
		l.route(t, taken)
		l.takes.Store(true)
		l.state(t, taken, time.Hour, "", dhcp.ErrRefused)
		if err := taken.Route(); !errors.Is(err, dhcp.ErrRefused) || len(l.routes) != 0 {
			t.Errorf("%v, routes to %v", err, l.routes)
		}
		if changes != 5 { // one for each, and two for the one that was lost; none where it was given back
			t.Errorf("%d changes were told", changes)
		}
	})
}

// The longest name of a user fits, and no two calls are one client, whatever the
// names are.
func TestIdentifier(t *testing.T) {
	ls := newLAN().leases
	a, b := ls.identifier(seat{strings.Repeat("x", 255), 1}), ls.identifier(seat{strings.Repeat("x", 255), 2})
	if len(a) != 65 || bytes.Equal(a, b) || a[0] != 0 {
		t.Errorf("%q and %q", a, b)
	}
	of := make(map[string]string)
	for _, server := range []string{"denver", "denver/saran"} {
		ls.server = server
		for _, user := range []string{"saran", "saran/2", "saran%2F2", "2", "saran/2/2"} {
			for n := range 3 {
				id, who := string(ls.identifier(seat{user, n + 1})), fmt.Sprintf("call %d of %s at %s", n+1, user, server)
				if of[id] != "" {
					t.Errorf("%s and %s are %q", of[id], who, id)
				}
				of[id] = who
			}
		}
	}
}
