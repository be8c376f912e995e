//go:build netns

package peer

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFloodOfGRE with IP protocol 47, where a forger writes any source address.
func TestFloodOfRawGRE(t *testing.T) {
	a, b := spaces(t)
	pac, pns := a.host("atlanta", true), b.host("denver", false)
	conn, err := pac.Dial(t.Context(), Remote{Addr: pns.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	atPAC, atPNS := call(t, conn, pns, 1)
	running := talk(t, atPAC, atPNS)
	forger := a.forger()
	elsewhere := netip.MustParseAddr("192.0.2.99")
	attack := make(chan struct{})
	go func() {
		defer close(attack)
		running.attack(t, pns, func(forged bool, packet []byte) {
			source := elsewhere
			if forged {
				source = a.addr
			}
			forger(source, b.addr, packet)
		})
	}()
	for {
		running.once(t)
		select {
		case <-attack:
			running.once(t)
			return
		default:
		}
	}
}

// forger sends GRE packets from a namespace, with whatever source.
func (s *space) forger() func(from, to netip.Addr, packet []byte) {
	var fd int
	var err error
	s.within(func() { fd, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW) })
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { unix.Close(fd) })
	return func(from, to netip.Addr, packet []byte) {
		header := [ipHeader]byte{0: 0x45, 8: 64, 9: unix.IPPROTO_GRE} // the kernel fills in lengths and check sum
		copy(header[ipSource:], from.AsSlice())
		copy(header[ipSource+4:], to.AsSlice())
		if err := unix.Sendto(fd, append(header[:], packet...), 0, &unix.SockaddrInet4{Addr: to.As4()}); err != nil {
			s.t.Error(err)
		}
	}
}
