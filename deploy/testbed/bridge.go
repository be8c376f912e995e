package testbed

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Trouble is what a Bridge does to GRE packets; everything else passes.
type Trouble struct {
	Loss      float64 // of all packets, 0 to 1
	Duplicate float64
	Reorder   int  // packets leave in a random order within windows of so many; 0, 1: in order
	Block     bool // nothing passes
}

// Seen is what became of the GRE packets of one direction: all but the lost
// passed or are about to, some twice, some at another place in the order.
type Seen struct{ Passed, Lost, Duplicated, Reordered int }

// A Bridge is a host of two cables that copies Ethernet frames from each to the
// other: the Internet, with its troubles.
type Bridge struct {
	mu      sync.Mutex
	trouble Trouble
	seen    [2]Seen
	held    [2][][]byte
	segment [2][]byte // the last frame with TCP from each side
	ports   [2]int
	random  *rand.Rand
	done    bool
}

// NewBridge makes h, which needs no addresses, copy between two of its
// interfaces until the test ends. Troubles are drawn from seed.
func NewBridge(h *Host, a, b string, seed uint64) *Bridge {
	h.t.Helper()
	br := &Bridge{random: rand.New(rand.NewPCG(seed, seed)), ports: [2]int{h.packetSocket(a), h.packetSocket(b)}}
	var copies sync.WaitGroup
	for side := range br.ports {
		copies.Go(func() { br.copy(side) })
	}
	h.t.Cleanup(func() {
		br.stop()
		copies.Wait()
		for _, fd := range br.ports {
			unix.Close(fd)
		}
	})
	return br
}

// Set changes the troubles from now on.
func (b *Bridge) Set(t Trouble) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble = t
}

// Seen tells what became of the GRE packets: those that came in on the first
// interface, and on the second.
func (b *Bridge) Seen() [2]Seen {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen
}

func (b *Bridge) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = true
}

func (b *Bridge) stopped() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.done
}

// copy reads with a time limit, for nothing wakes the reader of a packet
// socket: then it sees whether it should end, and what is held back goes out.
func (b *Bridge) copy(side int) {
	buf := make([]byte, 65536)
	for !b.stopped() {
		n, sender, err := unix.Recvfrom(b.ports[side], buf, 0)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			b.flush(side)
		case err != nil:
			return
		default:
			if l, ok := sender.(*unix.SockaddrLinklayer); ok && l.Pkttype == unix.PACKET_OUTGOING {
				continue
			}
			b.pass(side, buf[:n])
		}
	}
}

// send sends frames out at a side. What does not fit is lost.
func (b *Bridge) send(side int, frames ...[]byte) {
	for _, f := range frames {
		unix.Write(b.ports[side], f)
	}
}

// pass decides what leaves when a frame arrives.
func (b *Bridge) pass(side int, frame []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch protocol(frame) {
	case unix.IPPROTO_GRE:
		b.gre(side, frame)
		return
	case unix.IPPROTO_TCP:
		b.segment[side] = append(b.segment[side][:0], frame...)
	}
	b.send(1-side, frame)
}

func (b *Bridge) gre(side int, frame []byte) {
	t, seen := b.trouble, &b.seen[side]
	if t.Block || b.random.Float64() < t.Loss {
		seen.Lost++
		return
	}
	seen.Passed++
	b.held[side] = append(b.held[side], append([]byte(nil), frame...))
	if b.random.Float64() < t.Duplicate {
		seen.Duplicated++
		b.held[side] = append(b.held[side], b.held[side][len(b.held[side])-1])
	}
	if len(b.held[side]) >= t.Reorder {
		b.send(1-side, b.release(side, t.Reorder > 1)...)
	}
}

func (b *Bridge) flush(side int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.send(1-side, b.release(side, b.trouble.Reorder > 1)...)
}

func (b *Bridge) release(side int, shuffle bool) [][]byte {
	out := b.held[side]
	b.held[side] = nil
	if !shuffle {
		return out
	}
	shuffled := make([][]byte, len(out))
	for i, place := range b.random.Perm(len(out)) {
		shuffled[place] = out[i]
		if place != i {
			b.seen[side].Reordered++
		}
	}
	return shuffled
}

// protocol is the one inside IPv4; 0 where there is no IPv4.
func protocol(frame []byte) byte {
	const ethernet = 14
	if len(frame) < ethernet+20 || binary.BigEndian.Uint16(frame[12:]) != unix.ETH_P_IP {
		return 0
	}
	return frame[ethernet+9]
}

// Plain has a host make checksums, and packets no larger than the wire's,
// itself. An interface whose cable ends at a Bridge needs it: frames that
// leave a packet socket are complete, or broken.
func (h *Host) Plain(iface string) {
	h.t.Helper()
	if out, err := h.Command("ethtool", "-K", iface, "tx", "off", "gso", "off", "tso", "off", "gro", "off").CombinedOutput(); err != nil {
		h.t.Fatalf("ethtool: %v: %s", err, out)
	}
}

// packetSocket opens a socket for all frames of an interface.
func (h *Host) packetSocket(iface string) int {
	h.t.Helper()
	h.Plain(iface)
	fd := -1
	err := h.Do(func() error {
		i, err := net.InterfaceByName(iface)
		if err != nil {
			return err
		}
		all := int(binary.NativeEndian.Uint16([]byte{unix.ETH_P_ALL >> 8, unix.ETH_P_ALL & 0xFF}))
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all); err != nil {
			return err
		}
		pause := unix.Timeval{Usec: 20_000}
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &pause); err != nil {
			return err
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: uint16(all), Ifindex: i.Index})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return fd
}

// Do runs f on a thread inside the host: sockets that f opens belong there.
func (h *Host) Do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		done <- func() error {
			fd, err := unix.Open("/run/netns/"+h.name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("entering %s: %w", h.name, err)
			}
			return f()
		}()
	}()
	return <-done
}
