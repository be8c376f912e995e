// Command forwarder is a bare forwarder between a TUN and enhanced GRE with a
// PPP header: it negotiates nothing, keeps no window, no order and no call, and
// is the line that a tunnel of calls is compared with. It may move a packet a
// call of the system, or what is the best known: 64 KiB segments through the
// TUN and batches through the socket.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"carrier/deploy/bench/offload"
)

const (
	greHeader = 12
	header    = greHeader + 4 // with FF 03 00 21
	ipHeader  = 20
	room      = offload.Room
)

func main() {
	name := flag.String("tun", "tun0", "name of the TUN to make")
	single := flag.Bool("single", false, "move a packet a call of the system")
	local := flag.String("local", "", "our address")
	peer := flag.String("peer", "", "the other forwarder's address")
	flag.Parse()
	if err := forward(*name, *local, *peer, *single); err != nil {
		fmt.Fprintf(os.Stderr, "forwarder: %v\n", err)
		os.Exit(1)
	}
}

func forward(name, local, peer string, single bool) error {
	sock, err := openSocket(local, peer)
	if err != nil {
		return err
	}
	tun, err := offload.Open(name, !single)
	if err != nil {
		return err
	}
	out, in := outwards, inwards
	if single {
		out, in = singleOut, singleIn
	}
	ended := make(chan error)
	for _, f := range []func(tun, sock int) error{out, in} {
		go func() {
			runtime.LockOSThread()
			ended <- f(tun, sock)
		}()
	}
	fmt.Println("ready")
	return <-ended
}

func openSocket(local, peer string) (int, error) {
	var at [2]unix.SockaddrInet4
	for i, text := range []string{local, peer} {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return 0, err
		}
		at[i].Addr = a.As4()
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_GRE)
	if err != nil {
		return 0, err
	}
	for _, option := range []int{unix.SO_RCVBUFFORCE, unix.SO_SNDBUFFORCE} {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 8<<20); err != nil {
			return 0, err
		}
	}
	if err := unix.Bind(fd, &at[0]); err != nil {
		return 0, err
	}
	return fd, unix.Connect(fd, &at[1])
}

// putHeader writes the headers in front of a packet; b is all of it.
func putHeader(b []byte, seq uint32) {
	copy(b, []byte{0x30, 0x01, 0x88, 0x0B})
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-greHeader))
	binary.BigEndian.PutUint16(b[6:], 7) // the one call
	binary.BigEndian.PutUint32(b[8:], seq)
	copy(b[greHeader:], []byte{0xFF, 0x03, 0x00, 0x21})
}

// singleOut moves packets from the TUN to the socket, one at a time.
func singleOut(tun, sock int) error {
	b := make([]byte, header+room)
	for seq := uint32(0); ; seq++ {
		n, err := unix.Read(tun, b[header:])
		if err != nil {
			return err
		}
		putHeader(b[:header+n], seq)
		unix.Write(sock, b[:header+n]) // what is not taken is lost
	}
}

// singleIn is the other way.
func singleIn(tun, sock int) error {
	b := make([]byte, ipHeader+header+room)
	for {
		n, err := unix.Read(sock, b)
		if err == unix.EBADF {
			return err
		}
		if n > ipHeader+header {
			unix.Write(tun, b[ipHeader+header:n])
		}
	}
}
