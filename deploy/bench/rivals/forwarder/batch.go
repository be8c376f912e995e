package main

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"carrier/deploy/bench/offload"
)

// batchPackets is how many packets one call of the system moves.
const batchPackets = 128

// mmsghdr is struct mmsghdr of sendmmsg(2).
type mmsghdr struct {
	header unix.Msghdr
	n      uint32
}

// A batch is memory for one call of the system.
type batch struct {
	headers [batchPackets]mmsghdr
	pieces  [batchPackets]unix.Iovec
	packets [batchPackets][room]byte
}

func newBatch() *batch {
	b := new(batch)
	for i := range b.headers {
		b.pieces[i].Base = &b.packets[i][0]
		b.pieces[i].SetLen(room)
		b.headers[i].header.Iov = &b.pieces[i]
		b.headers[i].header.SetIovlen(1)
	}
	return b
}

// send sends the first n packets; what is not taken is lost.
func (b *batch) send(sock, n int) {
	for i := 0; i < n; {
		sent, _, e := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(sock), uintptr(unsafe.Pointer(&b.headers[i])), uintptr(n-i), 0, 0, 0)
		if e != 0 {
			sent = 1
		}
		i += int(sent)
	}
}

// receive returns none when an ICMP error came: the other end may not be there
// yet.
func (b *batch) receive(sock int) (int, error) {
	n, _, e := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(sock), uintptr(unsafe.Pointer(&b.headers[0])), batchPackets, unix.MSG_WAITFORONE, 0, 0)
	if e == unix.EBADF {
		return 0, e
	}
	if e != 0 {
		return 0, nil
	}
	return int(n), nil
}

// outwards moves segments from the TUN to the socket, cut into packets.
func outwards(tun, sock int) error {
	in := make([]byte, offload.MaxRead)
	out := newBatch()
	var seq uint32
	for {
		n, err := unix.Read(tun, in)
		if err != nil {
			return err
		}
		filled := 0
		offload.Split(in[:n], func() []byte {
			if filled == batchPackets {
				out.send(sock, filled)
				filled = 0
			}
			return out.packets[filled][header:]
		}, func(size int) {
			putHeader(out.packets[filled][:header+size], seq)
			out.pieces[filled].SetLen(header + size)
			seq++
			filled++
		})
		out.send(sock, filled)
	}
}

// inwards moves packets from the socket to the TUN, joined to segments.
func inwards(tun, sock int) error {
	in := newBatch()
	j := offload.NewJoiner(tun)
	for {
		n, err := in.receive(sock)
		if err != nil {
			return err
		}
		for i := range n {
			if size := int(in.headers[i].n); size > ipHeader+header {
				j.Add(in.packets[i][ipHeader+header : size])
			}
		}
		j.Flush()
	}
}
