package peer

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An mmsgSocket is a raw *blocking* descriptor, outside Go's poller, with
// sendmmsg(2) and recvmmsg(2): nearly twice the packets of net.IPConn.
type mmsgSocket struct {
	fd   int
	raw  bool
	from netip.Addr // it is bound to; invalid: none

	// mu is held for reading by those who are in a call of the system: the
	// descriptor's number may be another file's when it is closed.
	mu     sync.RWMutex
	closed bool
}

func openRaw(source netip.Addr, odd bool) (socket, error) {
	s, err := openSocket(unix.SOCK_RAW, unix.IPPROTO_GRE, netip.AddrPortFrom(source, 0))
	if err != nil {
		return nil, openError(err)
	}
	// Without it all works as well: what is not ours is found later.
	_ = filterCallIDs(s.fd, odd)
	return s, nil
}

func openUDP(at netip.AddrPort) (socket, error) {
	s, err := openSocket(unix.SOCK_DGRAM, unix.IPPROTO_UDP, at)
	if err != nil {
		return nil, fmt.Errorf("GRE over UDP: %w", bindError(at, err))
	}
	return s, nil
}

func openSocket(kind, protocol int, at netip.AddrPort) (*mmsgSocket, error) {
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	s := &mmsgSocket{fd: fd, raw: kind == unix.SOCK_RAW, from: sourceOf(at.Addr())}
	if err := s.prepare(at); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return s, nil
}

func (s *mmsgSocket) prepare(at netip.AddrPort) error {
	// The greater buffers need a privilege; without it the system cuts them.
	for _, b := range [2][2]int{{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF}} {
		if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, b[0], socketBuffer) != nil {
			_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, b[1], socketBuffer)
		}
	}
	for option, d := range map[int]time.Duration{unix.SO_RCVTIMEO: readPatience, unix.SO_SNDTIMEO: sendPatience} {
		tv := unix.NsecToTimeval(int64(d))
		if err := unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, option, &tv); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	sa := unix.SockaddrInet4{Port: int(at.Port())}
	if a := at.Addr().Unmap(); a.Is4() {
		sa.Addr = a.As4()
	}
	return os.NewSyscallError("bind", unix.Bind(s.fd, &sa))
}

func (s *mmsgSocket) addr() netip.AddrPort {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sa, err := unix.Getsockname(s.fd)
	in, ok := sa.(*unix.SockaddrInet4)
	if s.closed || err != nil || !ok {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(in.Port))
}

// close wakes the reader, which shutdown(2) does also without a connection,
// where it returns an error.
func (s *mmsgSocket) close() error {
	_ = unix.Shutdown(s.fd, unix.SHUT_RD)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	return unix.Close(s.fd)
}

// An mmsghdr is struct mmsghdr of recvmmsg(2); Go pads it as C does.
type mmsghdr struct {
	header unix.Msghdr
	n      uint32 // octets of the message
}

// vector is memory of one call of the system. The pointers in it are Go's:
// what they point to stays.
type vector struct {
	headers [batchPackets]mmsghdr
	pieces  [batchPackets]unix.Iovec
}

// join ties message i to its octets.
func (v *vector) join(i int, octets []byte) {
	v.pieces[i].Base = unsafe.SliceData(octets)
	v.pieces[i].SetLen(len(octets))
	h := &v.headers[i].header
	h.Iov = &v.pieces[i]
	h.SetIovlen(1)
}

// call is sendmmsg or recvmmsg with n messages from the first on; it returns
// how many were moved. Go's scheduler does not hear of one that cannot wait: it
// takes whatever lasts 20 microseconds, as a batch does, for something that
// waits, and wakes another thread to go on in its place.
func (v *vector) call(trap uintptr, fd, first, n int, flags uintptr) (int, error) {
	enter := unix.Syscall6
	if flags&unix.MSG_DONTWAIT != 0 {
		enter = unix.RawSyscall6
	}
	for {
		moved, _, errno := enter(trap, uintptr(fd), uintptr(unsafe.Pointer(&v.headers[first])), uintptr(n), flags, 0, 0)
		switch errno {
		case 0:
			return int(moved), nil
		case unix.EINTR: // a signal of the runtime's: with a time-out the kernel does not restart
		default:
			return 0, errno
		}
	}
}

// room is where a batch's packets are.
type room struct {
	vector
	names  [batchPackets]unix.RawSockaddrInet4
	octets []byte
}

// init prepares for a socket of the kind; with raw the packets themselves say
// where they come from.
func (r *room) init(raw bool) {
	r.octets = make([]byte, batchPackets*packetRoom)
	for i := range r.headers {
		r.join(i, r.octets[i*packetRoom:(i+1)*packetRoom])
		if !raw {
			r.headers[i].header.Name = (*byte)(unsafe.Pointer(&r.names[i]))
		}
	}
}

func (s *mmsgSocket) read(b *batch) error {
	many := len(b.packets) >= busy
	b.clear()
	r := &b.room
	if r.octets == nil {
		r.init(s.raw)
	}
	for i := range r.headers {
		r.headers[i].header.Namelen = unix.SizeofSockaddrInet4 // the system puts what it filled
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return net.ErrClosed
	}
	n, err := r.receive(s.fd, many)
	if errors.Is(err, unix.EAGAIN) {
		return nil
	}
	for i := range n {
		octets := r.octets[i*packetRoom:][:r.headers[i].n]
		if !s.raw {
			b.add(octets, fromName(&r.names[i]))
		} else if packet, from, ok := cutHeader(octets); ok {
			b.add(packet, from)
		}
	}
	return os.NewSyscallError("recvmmsg", err)
}

// busy is how many packets in a batch let more be expected at once.
const busy = 4

// receive takes packets that have come, and waits for some when there are none.
// With soon it looks first whether it has to wait.
func (r *room) receive(fd int, soon bool) (n int, err error) {
	if soon {
		n, err = r.call(unix.SYS_RECVMMSG, fd, 0, batchPackets, unix.MSG_DONTWAIT)
		if !errors.Is(err, unix.EAGAIN) {
			return n, err
		}
	}
	return r.call(unix.SYS_RECVMMSG, fd, 0, batchPackets, unix.MSG_WAITFORONE)
}

// fromName reads an address in the system's form, whose port is in the
// network's order of octets.
func fromName(name *unix.RawSockaddrInet4) netip.AddrPort {
	port := (*[2]byte)(unsafe.Pointer(&name.Port))
	return netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(port[0])<<8|uint16(port[1]))
}

// A route is a target's addresses as sendmmsg takes them.
type route struct {
	name   unix.RawSockaddrInet4
	from   netip.Addr // ours; invalid: the system chooses
	choose []byte     // the control message that chooses it
}

// sourceOf is an address that packets can be sent from, or an invalid one.
func sourceOf(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is4() && !a.IsUnspecified() {
		return a
	}
	return netip.Addr{}
}

func newRoute(local netip.Addr, to netip.AddrPort) route {
	r := route{name: unix.RawSockaddrInet4{Family: unix.AF_INET}, from: sourceOf(local)}
	if a := to.Addr().Unmap(); a.Is4() {
		r.name.Addr = a.As4()
	}
	port := (*[2]byte)(unsafe.Pointer(&r.name.Port))
	port[0], port[1] = byte(to.Port()>>8), byte(to.Port())
	if r.from.IsValid() {
		r.choose = unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: r.from.As4()})
	}
	return r
}

// vectors are those of senders.
var vectors = sync.Pool{New: func() any { return new(vector) }}

func (s *mmsgSocket) write(packets [][]byte, to *target) (sent int, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	choose := to.route.choose
	if to.route.from == s.from { // it sends from there anyway
		choose = nil
	}
	v := vectors.Get().(*vector)
	defer vectors.Put(v)
	for len(packets) > 0 {
		n := min(len(packets), batchPackets)
		for i, p := range packets[:n] {
			v.aim(i, p, &to.route, choose)
		}
		went, failed := v.send(s.fd, n)
		sent += went
		if err == nil {
			err = failed
		}
		packets = packets[n:]
	}
	return sent, err
}

// aim ties message i to a packet and where it goes, and perhaps to the control
// message that chooses our address.
func (v *vector) aim(i int, packet []byte, to *route, choose []byte) {
	v.join(i, packet)
	h := &v.headers[i].header
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&to.name)), unix.SizeofSockaddrInet4
	h.Control = unsafe.SliceData(choose)
	h.SetControllen(len(choose))
}

// send sends n messages. One that the system refuses is left out; when the
// socket stays full the rest is.
func (v *vector) send(fd, n int) (sent int, err error) {
	for i := 0; i < n; {
		went, failed := v.call(unix.SYS_SENDMMSG, fd, i, n-i, unix.MSG_DONTWAIT)
		if errors.Is(failed, unix.EAGAIN) { // the socket is full
			went, failed = v.call(unix.SYS_SENDMMSG, fd, i, n-i, 0)
		}
		sent, i = sent+went, i+went
		if failed == nil {
			continue
		}
		if err == nil {
			err = os.NewSyscallError("sendmmsg", failed)
		}
		if errors.Is(failed, unix.EAGAIN) {
			return sent, err
		}
		i++
	}
	return sent, err
}
