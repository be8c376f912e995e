// Package offload is a TUN that moves 64 KiB of TCP at once, for the programs of the
// bench: what is compared with ours is what lies between such TUNs.
package offload

import (
	"encoding/binary"
	"math/bits"

	"golang.org/x/sys/unix"
)

// Room is for one packet, in octets, and MaxRead for what one read of the TUN brings.
const (
	Room    = 2048
	MaxRead = virtioHeader + 65536
)

// What the TUN puts before a packet (struct virtio_net_hdr): flags, the kind of
// segment, the length of its headers, the size of its parts, and where a
// checksum is to be begun and put.
const (
	virtioHeader  = 10
	needsChecksum = 1
	segmentTCP4   = 1
	ipHeader      = 20
)

// Open makes a TUN of that name. Without offload it moves a packet at a time, and
// nothing is before it.
func Open(name string, offload bool) (fd int, err error) {
	fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	r, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	flags := uint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if offload {
		flags |= unix.IFF_VNET_HDR
	}
	r.SetUint16(flags)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, r); err != nil {
		return 0, err
	}
	if offload {
		err = unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, unix.TUN_F_CSUM|unix.TUN_F_TSO4)
	}
	return fd, err
}

// sum adds octets to a checksum (RFC 1071), 32 bits at a time.
func sum(b []byte, s uint64) uint64 {
	var c uint64
	for ; len(b) >= 32; b = b[32:] {
		s, c = bits.Add64(s, binary.BigEndian.Uint64(b), 0)
		s, c = bits.Add64(s, binary.BigEndian.Uint64(b[8:]), c)
		s, c = bits.Add64(s, binary.BigEndian.Uint64(b[16:]), c)
		s, c = bits.Add64(s, binary.BigEndian.Uint64(b[24:]), c)
		s, _ = bits.Add64(s, 0, c)
	}
	for ; len(b) >= 4; b = b[4:] {
		s, c = bits.Add64(s, uint64(binary.BigEndian.Uint32(b)), 0)
		s += c
	}
	for i, shift := 0, 24; i < len(b); i, shift = i+1, shift-8 {
		s, c = bits.Add64(s, uint64(b[i])<<shift, 0)
		s += c
	}
	return s
}

func fold(s uint64) uint16 {
	s = s>>32 + s&0xFFFFFFFF
	s = s>>32 + s&0xFFFFFFFF
	s = s>>16 + s&0xFFFF
	s = s>>16 + s&0xFFFF
	return uint16(s)
}

func pseudo(ip []byte, size int) uint64 { return sum(ip[12:20], unix.IPPROTO_TCP+uint64(size)) }

// Split cuts one read of the TUN into packets. room gives the place of the
// next, sized says how long it became.
func Split(b []byte, room func() []byte, sized func(int)) {
	kind, size := b[1], int(binary.NativeEndian.Uint16(b[4:]))
	p := b[virtioHeader:]
	if kind != segmentTCP4 || size == 0 {
		if b[0]&needsChecksum != 0 {
			start, at := int(binary.NativeEndian.Uint16(b[6:])), int(binary.NativeEndian.Uint16(b[8:]))
			binary.BigEndian.PutUint16(p[start+at:], ^fold(sum(p[start:], 0)))
		}
		sized(copy(room(), p))
		return
	}
	ip := int(p[0]&15) * 4
	headers := ip + int(p[ip+12]>>4)*4
	seq, id, flags := binary.BigEndian.Uint32(p[ip+4:]), binary.BigEndian.Uint16(p[4:]), p[ip+13]
	for body := p[headers:]; len(body) > 0; id++ {
		n := min(size, len(body))
		d := room()[:headers+n]
		copy(d, p[:headers])
		copy(d[headers:], body[:n])
		body = body[n:]
		binary.BigEndian.PutUint16(d[2:], uint16(len(d)))
		binary.BigEndian.PutUint16(d[4:], id)
		binary.BigEndian.PutUint16(d[10:], 0)
		binary.BigEndian.PutUint16(d[10:], ^fold(sum(d[:ip], 0)))
		binary.BigEndian.PutUint32(d[ip+4:], seq)
		if len(body) > 0 {
			d[ip+13] = flags &^ (flagFIN | flagPSH)
		}
		binary.BigEndian.PutUint16(d[ip+16:], 0)
		binary.BigEndian.PutUint16(d[ip+16:], ^fold(sum(d[ip:], pseudo(d, len(d)-ip))))
		sized(len(d))
		seq += uint32(n)
	}
}

const (
	flagFIN = 0x01
	flagPSH = 0x08
	flagACK = 0x10
)

// A Joiner puts segments of one TCP flow that follow each other together, and
// writes them to the TUN as one.
type Joiner struct {
	tun     int
	buf     []byte // of virtio header and packet
	n       int    // octets of the packet
	parts   int
	headers int
	size    int // of a part
	next    uint32
	closed  bool
}

// NewJoiner is one for a TUN.
func NewJoiner(tun int) *Joiner { return &Joiner{tun: tun, buf: make([]byte, MaxRead+Room)} }

// Add takes a packet, which it does not keep. What cannot be joined is written at once.
func (j *Joiner) Add(p []byte) {
	if !j.joinable(p) {
		j.Flush()
		clear(j.buf[:virtioHeader])
		unix.Write(j.tun, j.buf[:virtioHeader+copy(j.buf[virtioHeader:], p)])
		return
	}
	headers := ipHeader + int(p[32]>>4)*4
	p = p[:binary.BigEndian.Uint16(p[2:])]
	seq, n := binary.BigEndian.Uint32(p[24:]), len(p)-headers
	h := j.buf[virtioHeader:]
	if j.parts > 0 && !j.closed && headers == j.headers && seq == j.next && n <= j.size && j.n+n <= 65535 &&
		string(h[12:24]) == string(p[12:24]) && string(h[28:32]) == string(p[28:32]) && string(h[40:headers]) == string(p[40:headers]) {
		copy(h[j.n:], p[headers:])
		h[33] |= p[33]
		j.n, j.parts, j.next = j.n+n, j.parts+1, j.next+uint32(n)
		j.closed = n < j.size || p[33]&flagPSH != 0
		return
	}
	j.Flush()
	copy(h, p)
	j.n, j.parts, j.headers, j.size, j.next, j.closed = len(p), 1, headers, n, seq+uint32(n), p[33]&flagPSH != 0
}

// joinable tells whether p is a whole TCP segment with data, and nothing
// special about it.
func (j *Joiner) joinable(p []byte) bool {
	if len(p) < 40 || p[0] != 0x45 || p[9] != unix.IPPROTO_TCP || p[6]&0x3F != 0 || p[7] != 0 || p[33]&^flagPSH != flagACK {
		return false
	}
	headers, total := ipHeader+int(p[32]>>4)*4, int(binary.BigEndian.Uint16(p[2:]))
	return total <= len(p) && total > headers && fold(sum(p[20:total], pseudo(p, total-20))) == 0xFFFF
}

// Flush writes what has been joined.
func (j *Joiner) Flush() {
	if j.parts == 0 {
		return
	}
	v, h := j.buf[:virtioHeader], j.buf[virtioHeader:]
	clear(v)
	if j.parts > 1 {
		binary.BigEndian.PutUint16(h[2:], uint16(j.n))
		binary.BigEndian.PutUint16(h[10:], 0)
		binary.BigEndian.PutUint16(h[10:], ^fold(sum(h[:ipHeader], 0)))
		binary.BigEndian.PutUint16(h[36:], fold(pseudo(h, j.n-ipHeader)))
		v[0], v[1] = needsChecksum, segmentTCP4
		for i, x := range []int{j.headers, j.size, ipHeader, 16} {
			binary.NativeEndian.PutUint16(v[2+2*i:], uint16(x))
		}
	}
	unix.Write(j.tun, j.buf[:virtioHeader+j.n])
	j.parts = 0
}
