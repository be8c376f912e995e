package flow

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"carrier/pns/internal/activity"
)

// What comes from a network behind the caller is let in as hers is, and nothing else.
func TestNetworksBehindTheCaller(t *testing.T) {
	b := newBench(t, Options{})
	prefix, addr := netip.MustParsePrefix, netip.MustParseAddr
	if err := b.SetNetwork(Network{Open: true, Remote: sara, Behind: []netip.Prefix{prefix("10.1.0.0/24"), prefix("10.5.0.0/16")}, MRU: 1400}); err != nil {
		t.Fatal(err)
	}
	n := network6
	n.Behind = []netip.Prefix{prefix("2001:db8:100::/48")}
	b.SetNetwork6(n)
	desk, other, own := ipv4(addr("10.1.0.10"), intranet, 17, nil), ipv4(addr("10.5.255.255"), intranet, 17, nil), ipv4(sara, intranet, 17, nil)
	desk6, own6 := ipv6(addr("2001:db8:100:7::9"), intranet6, 17), ipv6(sara6, intranet6, 17)
	b.from(frame(desk), frame(ipv4(addr("10.1.1.10"), intranet, 17, nil)), frame(other), frame(ipv4(addr("10.4.255.255"), intranet, 17, nil)), frame(own),
		frame6(desk6), frame6(ipv6(addr("2001:db8:101::9"), intranet6, 17)), frame6(own6))
	b.wantsLAN("hers", desk, other, own, desk6, own6)
	b.wantsDropped(map[string]uint64{"spoofed": 3})
}

// Where everything is behind the other end, what is somebody else's is not.
func TestEverythingBehindAServer(t *testing.T) {
	b := newBench(t, Options{})
	prefix, addr := netip.MustParsePrefix, netip.MustParseAddr
	if err := b.SetNetwork(Network{Open: true, Remote: sara, Behind: []netip.Prefix{prefix("0.0.0.0/0")}, Others: []netip.Prefix{prefix("10.9.0.0/24")}, MRU: 1400}); err != nil {
		t.Fatal(err)
	}
	n := network6
	n.Behind, n.Others = []netip.Prefix{prefix("::/0")}, []netip.Prefix{prefix("2001:db8:100::/48")}
	b.SetNetwork6(n)
	world, own, world6 := ipv4(addr("198.51.100.7"), intranet, 17, nil), ipv4(sara, intranet, 17, nil), ipv6(addr("2001:db8:101::9"), intranet6, 17)
	b.from(frame(world), frame(ipv4(addr("10.9.0.7"), intranet, 17, nil)), frame(own), frame6(world6), frame6(ipv6(addr("2001:db8:100:7::9"), intranet6, 17)))
	b.wantsLAN("the world's", world, own, world6)
	b.wantsDropped(map[string]uint64{"spoofed": 2})
}

// Of a call that we have dialled, what goes to the server is somebody's doing here;
// what comes without being asked for is not.
func TestActivityOfADialledCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ignore, err := activity.New([]string{"unsolicited"})
		if err != nil {
			t.Fatal(err)
		}
		b := newBench(t, Options{Activity: ignore, Dialled: true}).open()
		opened := time.Now()
		question, answer := ipv4(intranet, sara, 17, []byte{4, 0, 0, 53, 0, 8, 0, 0}), ipv4(sara, intranet, 17, []byte{0, 53, 4, 0, 0, 8, 0, 0})
		time.Sleep(time.Minute)
		b.from(frame(answer))
		if got := b.LastData(); !got.Equal(opened) {
			t.Errorf("a stranger counts, %v after the network opened", got.Sub(opened))
		}
		b.Deliver([][]byte{question})
		time.Sleep(time.Minute)
		b.from(frame(answer))
		if got := b.LastData(); !got.Equal(opened.Add(2 * time.Minute)) {
			t.Errorf("the last is %v after the network opened", got.Sub(opened))
		}
	})
}
