package dial

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"carrier/pns/internal/activity"
	"carrier/pns/internal/lan"
)

var (
	near, far = netip.MustParseAddr("10.1.0.10"), netip.MustParseAddr("10.2.0.10")
	route     = netip.MustParsePrefix("10.2.0.0/24")
	beside    = netip.MustParsePrefix("10.3.0.0/24")
)

// A network is a LAN's table alone.
type network struct{ lan.Table }

// deliver brings a packet to whoever has its destination; false: nobody has.
func (n *network) deliver(packet []byte) bool {
	p := n.Find(destination(packet))
	if p != nil {
		p.Receiver.Deliver([][]byte{packet})
	}
	return p != nil
}

// A sink keeps what it is delivered.
type sink struct{ got []string }

func (s *sink) Deliver(packets [][]byte) {
	for _, p := range packets {
		s.got = append(s.got, fmt.Sprintf("%s %d", destination(p), p[len(p)-1]))
	}
}

// udp is a packet to a port whose last octet is n.
func udp(to netip.Addr, port uint16, n byte) []byte {
	return lan.AppendUDP(nil, 1, netip.AddrPortFrom(near, 4000), netip.AddrPortFrom(to, port), []byte{n})
}

// The first packet that counts rings for the call; what comes until it is there is the
// first that it brings. Afterwards all begins anew.
func TestGate(t *testing.T) {
	var n network
	f, err := activity.New([]string{"ntp"})
	if err != nil {
		t.Fatal(err)
	}
	g := newGate(&n, []netip.Prefix{route, beside}, f)
	if n.deliver(udp(far, 7, 0)) {
		t.Error("it stands there before it is opened")
	}
	if err := g.open(); err != nil {
		t.Fatal(err)
	}
	rung := func() bool {
		select {
		case <-g.rung:
			return true
		default:
			return false
		}
	}
	n.deliver(udp(far, 123, 1))
	if rung() {
		t.Error("a clock rings")
	}
	other := netip.MustParseAddr("10.3.0.10")
	n.deliver(udp(far, 7, 2))
	n.deliver(udp(far, 123, 3))
	n.deliver(udp(other, 7, 4))
	for i := range byte(2 * most) {
		n.deliver(udp(far, 7, 5+i))
	}
	if !rung() || rung() {
		t.Error("it rings other than once")
	}
	n.deliver(udp(far, 7, 99)) // more than may wait
	first, second := new(sink), new(sink)
	detach, err := g.Delegate(route, 576, first)
	if err != nil {
		t.Fatal(err)
	}
	n.deliver(udp(far, 7, 100))
	want := []string{"10.2.0.10 2"}
	for i := range most - 2 {
		want = append(want, fmt.Sprintf("10.2.0.10 %d", 5+i))
	}
	if want = append(want, "10.2.0.10 100"); !slices.Equal(first.got, want) || n.Find(far).MTU != 576 {
		t.Errorf("the call brings %q, want %q", first.got, want)
	}
	away, err := g.Delegate(beside, 0, second)
	if err != nil || !slices.Equal(second.got, []string{"10.3.0.10 4"}) {
		t.Errorf("on its other network it brings %q, %v", second.got, err)
	}
	g.Deliver([][]byte{udp(far, 7, 98)}) // was on its way to the gate
	if rung() {
		t.Error("it rings for a call that is there")
	}
	detach()
	away()
	n.deliver(udp(far, 7, 101))
	if !rung() || len(first.got) != len(want) {
		t.Error("after the call it does not ring")
	}
	g.forget()
	detach, err = g.Delegate(route, 0, second)
	if err != nil || len(second.got) != 1 {
		t.Errorf("what was forgotten is brought: %q, %v", second.got, err)
	}
	g.close()
	detach()
	if n.Find(far) != nil || n.deliver(udp(other, 7, 0)) {
		t.Error("a gate that is closed stands there still")
	}
}

// A gate whose networks are somebody's stands before none of them.
func TestGateBeforeWhatIsTaken(t *testing.T) {
	var n network
	if _, err := n.Delegate(beside, 0, new(sink)); err != nil {
		t.Fatal(err)
	}
	g := newGate(&n, []netip.Prefix{route, beside}, nil)
	if err := g.open(); err == nil || n.Find(far) != nil {
		t.Errorf("opened: %v, %+v", err, n.Find(far))
	}
}

// Each pause is at most twice as long as the one before, within bounds, and at least
// half of that.
func TestPauses(t *testing.T) {
	for failed, want := range []time.Duration{1, 1, 2, 4, 8, 8} {
		want *= time.Second
		least, most := time.Hour, time.Duration(0)
		for range 1000 {
			p := Pause(failed, time.Second, 8*time.Second)
			least, most = min(least, p), max(most, p)
		}
		if least < want/2 || most > want || most-least < want/4 {
			t.Errorf("after %d failures it is from %v to %v, want %v at most", failed, least, most, want)
		}
	}
	if p := Pause(1<<40, time.Hour, 24*time.Hour); p < 12*time.Hour || p > 24*time.Hour {
		t.Errorf("after very many it is %v", p)
	}
}
