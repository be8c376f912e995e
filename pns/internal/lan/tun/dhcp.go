package tun

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"carrier/pns/internal/dhcp"
	"carrier/pns/internal/lan"
)

// DHCP speaks with the DHCP server on one interface of the LAN, for callers who
// have their addresses from there. It hears past the kernel's own IP, and so beside
// a client of this host's.
type DHCP struct {
	lan  *LAN
	port *arpPort // of the interface
	file *os.File // a packet socket for UDP to port 68

	mu    sync.Mutex
	index int // of the interface that the socket is bound to
}

const (
	etherIP    = 0x0800
	etherLen   = 14
	serverPort = 67
	clientPort = 68
)

// heard lets through UDP to port 68 that is no later fragment.
var heard = []bpf.Instruction{
	bpf.LoadAbsolute{Off: etherLen + 9, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: lan.UDP, SkipTrue: 6},
	bpf.LoadAbsolute{Off: etherLen + 6, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x1FFF, SkipTrue: 4},
	bpf.LoadMemShift{Off: etherLen},
	bpf.LoadIndirect{Off: etherLen + 2, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: clientPort, SkipTrue: 1},
	bpf.RetConstant{Val: 1 << 16},
	bpf.RetConstant{Val: 0},
}

// OpenDHCP opens an interface of those that are proxied, which may come and go; Run
// must be called.
func (l *LAN) OpenDHCP(name string) (*DHCP, error) {
	at := slices.IndexFunc(l.proxy.ports, func(i *proxied) bool { return i.name == name })
	if at < 0 {
		return nil, fmt.Errorf("interface %s is not in lan.tun.proxy_arp", name)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("interface %s: no packet socket for DHCP: the program needs CAP_NET_RAW: %w", name, err)
	}
	d := &DHCP{lan: l, port: l.proxy.ports[at].arpPort, file: os.NewFile(uintptr(fd), "dhcp "+name)}
	if err = sift(fd, heard); err == nil {
		_, err = d.Host()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("interface %s: packet socket for DHCP: %w", name, err), d.file.Close())
	}
	return d, nil
}

// Host is the interface's hardware address, and has the socket be that of the
// interface that has the name now. The kernel is not asked: it told who speaks ARP
// there.
func (d *DHCP) Host() ([6]byte, error) {
	index, host := d.port.bound()
	if index == 0 {
		return [6]byte{}, noInterface(d.port.name)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if index == d.index {
		return host, nil
	}
	socket, err := d.file.SyscallConn()
	if err != nil {
		return [6]byte{}, err
	}
	order := binary.NativeEndian.Uint16([]byte{etherIP >> 8, etherIP & 0xFF})
	if bad := socket.Control(func(fd uintptr) {
		err = unix.Bind(int(fd), &unix.SockaddrLinklayer{Protocol: order, Ifindex: index})
	}); bad != nil || err != nil {
		return [6]byte{}, errors.Join(bad, err)
	}
	d.index = index
	return host, nil
}

// Send sends a message of a client's.
func (d *DHCP) Send(m dhcp.Message) error {
	host, err := d.Host()
	if err != nil {
		return err
	}
	to := m.Host
	if to == ([6]byte{}) {
		to = [6]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	}
	frame := append(append(to[:], host[:]...), etherIP>>8, etherIP&0xFF)
	_, err = d.file.Write(lan.AppendUDP(frame, 0, netip.AddrPortFrom(m.From, clientPort), netip.AddrPortFrom(m.To, serverPort), m.Payload))
	return err
}

// Run gives what comes to receive, until ctx ends, then closes the interface. Of
// checksums it takes no notice: what comes from this host has none yet.
func (d *DHCP) Run(ctx context.Context, receive func(payload []byte, host [6]byte)) error {
	defer context.AfterFunc(ctx, func() { d.file.Close() })()
	frame := make([]byte, 2048)
	for {
		n, err := d.file.Read(frame)
		switch {
		case errors.Is(err, unix.ENETDOWN): // told once; it may come back, or another one
			continue
		case errors.Is(err, os.ErrClosed):
			return nil
		case err != nil:
			return fmt.Errorf("DHCP on %s: %w", d.port.name, err)
		}
		if payload, ok := udp(frame[:n]); ok {
			receive(payload, [6]byte(frame[6:12]))
		}
	}
}

// udp is what a frame carries.
func udp(frame []byte) (payload []byte, ok bool) {
	if len(frame) < etherLen {
		return nil, false
	}
	h, err := lan.Parse(frame[etherLen:])
	if err != nil || h.Protocol != lan.UDP || h.MF || h.Offset != 0 || h.Total < h.Len+8 {
		return nil, false
	}
	return frame[etherLen+h.Len+8 : etherLen+h.Total], true
}
