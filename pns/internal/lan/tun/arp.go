package tun

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"carrier/shared/wire"
)

// An arpPacket is what ARP says on an Ethernet about IPv4 addresses (RFC 826).
type arpPacket struct {
	Op         uint16
	SenderHost [6]byte
	Sender     netip.Addr
	TargetHost [6]byte
	Target     netip.Addr
}

const (
	arpRequest = 1
	arpReply   = 2
	etherARP   = 0x0806
)

// parseARP reads an Ethernet frame.
func parseARP(frame []byte) (arpPacket, error) {
	r := wire.NewReader(frame)
	r.Skip("Ethernet addresses", 12)
	kind := r.Uint16("Ethernet type")
	hardware, protocol := r.Uint16("Hardware Type"), r.Uint16("Protocol Type")
	lengths := r.Uint16("Address Lengths")
	var p arpPacket
	p.Op = r.Uint16("Operation")
	copy(p.SenderHost[:], r.Bytes("Sender Hardware Address", 6))
	p.Sender, _ = netip.AddrFromSlice(r.Bytes("Sender Protocol Address", 4))
	copy(p.TargetHost[:], r.Bytes("Target Hardware Address", 6))
	p.Target, _ = netip.AddrFromSlice(r.Bytes("Target Protocol Address", 4))
	if err := r.Err(); err != nil {
		return arpPacket{}, err
	}
	if kind != etherARP || hardware != 1 || protocol != 0x0800 || lengths != 0x0604 {
		return arpPacket{}, fmt.Errorf("type %#04x, hardware %d, protocol %#04x, lengths %#04x: not ARP of IPv4 on an Ethernet",
			kind, hardware, protocol, lengths)
	}
	return p, nil
}

// append adds the frame of p to everybody.
func (p arpPacket) append(b []byte) []byte {
	b = append(b, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)
	b = append(b, p.SenderHost[:]...)
	for _, v := range []uint16{etherARP, 1, 0x0800, 0x0604, p.Op} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	sender, target := p.Sender.As4(), p.Target.As4()
	b = append(append(b, p.SenderHost[:]...), sender[:]...)
	return append(append(b, p.TargetHost[:]...), target[:]...)
}

// An arpPort speaks ARP on one interface of the LAN.
type arpPort struct {
	name string
	file io.ReadWriteCloser // a packet socket for ARP

	mu     sync.Mutex
	index  int // of the interface that the socket is bound to
	host   [6]byte
	probes map[netip.Addr]chan<- string // who waits whether an address has an owner
}

// openARP opens the interface for ARP.
func openARP(name string) (*arpPort, error) {
	link, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0) // hears nothing until it is bound
	if err != nil {
		return nil, fmt.Errorf("interface %s: no packet socket for ARP: the program needs CAP_NET_RAW: %w", name, err)
	}
	p := &arpPort{name: name, file: os.NewFile(uintptr(fd), "arp "+name), probes: make(map[netip.Addr]chan<- string)}
	if err := p.use(link.Index, link.HardwareAddr); err != nil {
		p.file.Close()
		return nil, err
	}
	return p, nil
}

// use has the port speak on the interface that has its name now.
func (p *arpPort) use(index int, host net.HardwareAddr) error {
	if len(host) != 6 {
		return fmt.Errorf("interface %s is no Ethernet: lan.tun.proxy_arp is of no use there", p.name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.host = [6]byte(host)
	if index == p.index {
		return nil
	}
	socket, err := p.file.(*os.File).SyscallConn()
	if err != nil {
		return err
	}
	order := binary.NativeEndian.Uint16([]byte{etherARP >> 8, etherARP & 0xFF})
	if bad := socket.Control(func(fd uintptr) {
		err = unix.Bind(int(fd), &unix.SockaddrLinklayer{Protocol: order, Ifindex: index})
	}); bad != nil {
		return bad
	}
	if err != nil {
		return fmt.Errorf("interface %s: packet socket for ARP: %w", p.name, err)
	}
	p.index = index
	return nil
}

// lose says that the interface has gone, and the socket is bound to nothing.
func (p *arpPort) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.index = 0
}

// bound is the index of the interface that the port speaks on now, 0 for none, and
// its hardware address.
func (p *arpPort) bound() (index int, host [6]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.index, p.host
}

// hardware is the port's own address now.
func (p *arpPort) hardware() [6]byte {
	_, host := p.bound()
	return host
}

// The times of a probe. RFC 5227 §1.1 takes seconds; a caller who logs in waits
// for this.
const (
	probes     = 3
	probeEvery = 80 * time.Millisecond
)

// probe asks the LAN who has an address (RFC 5227 §2.1.1), and returns at once.
// The channel brings one value: the owner's hardware address, or nothing where
// nobody said a word.
func (p *arpPort) probe(a netip.Addr) <-chan string {
	owner := make(chan string, 1)
	p.mu.Lock()
	p.probes[a] = owner // the pool gives an address to one caller at a time
	p.mu.Unlock()
	go func() {
		frame := arpPacket{Op: arpRequest, SenderHost: p.hardware(), Sender: netip.IPv4Unspecified(), Target: a}.append(nil)
		tick := time.NewTicker(probeEvery)
		defer tick.Stop()
		for range probes {
			p.file.Write(frame) // an interface that is down has no other owner
			<-tick.C
		}
		p.answer(a, owner, "")
	}()
	return owner
}

// answer ends the probe of an address, once.
func (p *arpPort) answer(a netip.Addr, of chan<- string, owner string) {
	p.mu.Lock()
	waits := p.probes[a]
	if of != nil && waits != of {
		waits = nil
	}
	if waits != nil {
		delete(p.probes, a)
	}
	p.mu.Unlock()
	if waits != nil {
		waits <- owner
	}
}

// announce tells the LAN that an address is to be found at this host (RFC 5227
// §2.3), whoever had it before.
func (p *arpPort) announce(a netip.Addr) error {
	_, err := p.file.Write(arpPacket{Op: arpRequest, SenderHost: p.hardware(), Sender: a, Target: a}.append(nil))
	return err
}

// read listens for owners until the port is closed. An owner answers a probe, or
// uses the address, or probes for it too (RFC 5227 §2.1.1).
func (p *arpPort) read() error {
	frame := make([]byte, 2048)
	for {
		n, err := p.file.Read(frame)
		if errors.Is(err, unix.ENETDOWN) { // told once; it may come back, or another one
			continue
		}
		if err != nil {
			return err
		}
		a, err := parseARP(frame[:n])
		if err != nil || a.SenderHost == p.hardware() {
			continue
		}
		if a.Sender.IsUnspecified() && a.Op == arpRequest {
			a.Sender = a.Target
		}
		p.answer(a.Sender, nil, net.HardwareAddr(a.SenderHost[:]).String())
	}
}
