package tun

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"carrier/pns/internal/lan"
	"carrier/pns/internal/lan/relay"
)

// A Relay says on which interfaces of the LAN, and of what, broadcasts and multicasts
// go between hosts there and callers.
type Relay struct {
	relay.Options
	Interfaces []string
}

// A spreader relays on the interfaces.
type spreader struct {
	*relay.Relay
	netlink *netlink.Handle

	mu    sync.Mutex
	links []*spreadLink
}

// A spreadLink is one of the LAN's interfaces.
type spreadLink struct {
	name string
	file *os.File // a packet socket for broadcasts and multicasts of UDP

	mu   sync.Mutex
	at   cable
	host [6]byte
}

// spreading lets through UDP to many that is in one piece.
var spreading = []bpf.Instruction{
	bpf.LoadAbsolute{Off: 0, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: 1, SkipTrue: 5}, // to one host
	bpf.LoadAbsolute{Off: etherLen + 9, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: lan.UDP, SkipTrue: 3},
	bpf.LoadAbsolute{Off: etherLen + 6, Size: 2},
	bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x3FFF, SkipTrue: 1},
	bpf.RetConstant{Val: 1 << 16},
	bpf.RetConstant{Val: 0},
}

// spread opens the interfaces.
func (l *LAN) spread(o *Relay) error {
	s := &spreader{Relay: relay.New(o.Options, &l.table, &l.stats.Relay), netlink: l.netlink}
	l.relay = s
	for _, name := range o.Interfaces {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0) // hears nothing until it is bound
		if err != nil {
			return fmt.Errorf("interface %s: no packet socket for broadcasts: the program needs CAP_NET_RAW: %w", name, err)
		}
		link := &spreadLink{name: name, file: os.NewFile(uintptr(fd), "broadcasts "+name)}
		s.links = append(s.links, link)
		if err := sift(fd, spreading); err != nil {
			return fmt.Errorf("interface %s: packet socket for broadcasts: %w", name, err)
		}
		if err := s.look(link); err != nil {
			return err
		}
	}
	return nil
}

// changed looks again at an interface of which the kernel told something.
func (s *spreader) changed(index int, name string) {
	if s == nil {
		return
	}
	for _, link := range s.links {
		if link.name == name || link.cable().index == index {
			s.look(link)
		}
	}
}

// lookAll looks again at all interfaces.
func (s *spreader) lookAll() {
	if s == nil {
		return
	}
	for _, link := range s.links {
		s.look(link)
	}
}

// look takes an interface as it is now: it may be another one of this name, or none.
func (s *spreader) look(link *spreadLink) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	there, at, err := lookAt(s.netlink, link.name)
	if err == nil {
		err = link.use(at, there.Attrs().HardwareAddr)
	}
	if err != nil {
		link.lose()
	}
	var all []netip.Prefix
	for _, one := range s.links {
		all = append(all, one.cable().subnets...)
	}
	s.Subnets(all)
	return err
}

func (i *spreadLink) cable() cable {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.at
}

func (i *spreadLink) lose() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.at = cable{}
}

// use has the socket be that of the interface that has the name now, and hear all
// groups there.
func (i *spreadLink) use(at cable, host net.HardwareAddr) error {
	if len(host) != 6 {
		return fmt.Errorf("interface %s is no Ethernet: lan.relay is of no use there", i.name)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	bound := i.at.index
	i.at, i.host = at, [6]byte(host)
	if bound == at.index {
		return nil
	}
	socket, err := i.file.SyscallConn()
	if err != nil {
		return err
	}
	order := binary.NativeEndian.Uint16([]byte{etherIP >> 8, etherIP & 0xFF})
	if bad := socket.Control(func(fd uintptr) {
		err = errors.Join(unix.Bind(int(fd), &unix.SockaddrLinklayer{Protocol: order, Ifindex: at.index}),
			unix.SetsockoptPacketMreq(int(fd), unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &unix.PacketMreq{Ifindex: int32(at.index), Type: unix.PACKET_MR_ALLMULTI}))
	}); bad != nil || err != nil {
		return fmt.Errorf("interface %s: packet socket for broadcasts: %w", i.name, errors.Join(bad, err))
	}
	return nil
}

// run relays until ctx ends and the sockets are closed.
func (s *spreader) run(ctx context.Context) error {
	var reading sync.WaitGroup
	errs := make([]error, len(s.links))
	for n, link := range s.links {
		reading.Go(func() {
			if err := link.read(s.FromLAN); !errors.Is(err, os.ErrClosed) {
				errs[n] = fmt.Errorf("broadcasts on %s: %w", link.name, err)
			}
		})
	}
	s.Run(ctx, func(packet []byte) {
		for _, link := range s.links {
			link.send(packet)
		}
	})
	reading.Wait()
	return errors.Join(errs...)
}

// read gives what comes to take, until the socket is closed.
func (i *spreadLink) read(take func(now time.Time, packet []byte)) error {
	frame := make([]byte, 1<<16)
	for {
		n, err := i.file.Read(frame)
		switch {
		case errors.Is(err, unix.ENETDOWN): // told once; it may come back, or another one
			continue
		case err != nil:
			return err
		}
		if n > etherLen {
			take(time.Now(), frame[etherLen:n])
		}
	}
}

// send sends a packet to the many hosts that it is for (RFC 1112 §6.4). One that the
// interface does not take is lost, as on any cable.
func (i *spreadLink) send(packet []byte) {
	i.mu.Lock()
	at, host := i.at, i.host
	i.mu.Unlock()
	if !at.up {
		return
	}
	to := [6]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	if a := packet[16:20]; a[0]>>4 == 0xE {
		to = [6]byte{0x01, 0x00, 0x5E, a[1] & 0x7F, a[2], a[3]}
	}
	frame := append(append(to[:], host[:]...), etherIP>>8, etherIP&0xFF)
	i.file.Write(append(frame, packet...))
}

func (s *spreader) close() {
	for _, link := range s.links {
		link.file.Close()
	}
}
