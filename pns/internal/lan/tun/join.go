package tun

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"

	"carrier/pns/internal/lan"
)

const (
	virtioLen = 10 // octets of the header in front of each packet, include/uapi/linux/virtio_net.h
	maxPacket = 65535

	ipLen     = 20 // of the headers that are joined: without options
	tcpSum    = 16 // where the checksum is in a TCP header
	ack, push = 0x10, 0x08
)

// A joiner puts successive segments of one TCP connection together to one
// packet, which the kernel takes for a few of them (TSO). Only what is certain
// to be split into the same segments again is joined; everything else is passed
// on as it is, in its order.
type joiner struct {
	write func([]byte) error // takes a packet behind a virtio header; nil: there is no device
	buf   []byte             // the header, and the packet so far

	length   int // of the packet so far, in octets; 0: none
	segments int
	headers  int    // octets of IP and TCP
	size     int    // octets of data in each segment but the last
	next     uint32 // the Sequence Number that follows
	ended    bool   // nothing may be joined to it any more
}

// add takes a packet, which length found to be IP. Those of IPv6 are not joined.
func (j *joiner) add(packet []byte) error {
	s, ok := parseSegment(packet)
	if ok && j.fits(packet, s) {
		j.length += copy(j.buf[virtioLen+j.length:], packet[s.headers:])
		j.segments++
		j.next += uint32(s.data)
		head := j.buf[virtioLen:]
		head[ipLen+13] |= packet[ipLen+13] // PSH
		j.ended = s.data < j.size || s.push
		return nil
	}
	err := j.flush()
	j.length = copy(j.buf[virtioLen:], packet)
	j.segments, j.headers, j.size, j.next, j.ended = 1, s.headers, s.data, s.sequence+uint32(s.data), !ok || s.push
	return err
}

// fits tells whether a segment continues the packet.
func (j *joiner) fits(packet []byte, s segment) bool {
	head := j.buf[virtioLen:]
	return j.length > 0 && !j.ended && s.headers == j.headers && s.sequence == j.next && s.data <= j.size &&
		j.length+s.data <= maxPacket &&
		head[1] == packet[1] && head[6] == packet[6] && head[8] == packet[8] && // Type of Service, DF, Time to Live
		bytes.Equal(head[12:ipLen+4], packet[12:ipLen+4]) && // addresses and ports
		bytes.Equal(head[ipLen+8:ipLen+12], packet[ipLen+8:ipLen+12]) && // Acknowledgment Number
		bytes.Equal(head[ipLen+20:s.headers], packet[ipLen+20:s.headers]) // options
}

// flush writes the packet so far.
func (j *joiner) flush() error {
	if j.length == 0 {
		return nil
	}
	clear(j.buf[:virtioLen])
	if j.segments > 1 {
		j.finish()
	}
	n := virtioLen + j.length
	j.length = 0
	return j.write(j.buf[:n])
}

// finish makes the headers those of the whole packet, and tells the kernel how
// to split it: the checksum is left to be completed.
func (j *joiner) finish() {
	p := j.buf[virtioLen : virtioLen+j.length]
	binary.BigEndian.PutUint16(p[2:], uint16(j.length))
	lan.SetChecksum(p[:ipLen])
	binary.BigEndian.PutUint16(p[ipLen+tcpSum:], lan.FoldSum(pseudo(p)))
	h := j.buf[:virtioLen]
	h[0], h[1] = unix.VIRTIO_NET_HDR_F_NEEDS_CSUM, unix.VIRTIO_NET_HDR_GSO_TCPV4
	binary.NativeEndian.PutUint16(h[2:], uint16(j.headers))
	binary.NativeEndian.PutUint16(h[4:], uint16(j.size))
	binary.NativeEndian.PutUint16(h[6:], ipLen)
	binary.NativeEndian.PutUint16(h[8:], tcpSum)
}

// A segment is what matters of one that may be joined.
type segment struct {
	headers, data int // octets
	sequence      uint32
	push          bool
}

// parseSegment tells whether a packet is a TCP segment with nothing but data:
// whole, with no other flag than ACK and PSH, and with the right checksum, for
// the kernel makes a new one.
func parseSegment(p []byte) (s segment, ok bool) {
	if len(p) < ipLen+20 || p[0] != 0x45 || p[9] != unix.IPPROTO_TCP || p[6]&^0x40 != 0 || p[7] != 0 {
		return segment{}, false
	}
	s.headers = ipLen + int(p[ipLen+12]>>4)*4
	s.data = len(p) - s.headers
	if s.headers < ipLen+20 || s.data <= 0 || p[ipLen+13]&^push != ack {
		return segment{}, false
	}
	if ^lan.FoldSum(lan.Sum(p[ipLen:], pseudo(p))) != 0 || lan.Checksum(p[:ipLen]) != 0 {
		return segment{}, false
	}
	s.sequence, s.push = binary.BigEndian.Uint32(p[ipLen+4:]), p[ipLen+13]&push != 0
	return s, true
}

// pseudo is the sum of the pseudo header of a TCP packet (RFC 9293 §3.1).
func pseudo(p []byte) uint64 {
	return lan.Sum(p[12:20], unix.IPPROTO_TCP+uint64(len(p)-ipLen))
}
