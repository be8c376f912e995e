package tun

import (
	"encoding/binary"
	"sync"

	wgtun "golang.zx2c4.com/wireguard/tun"
)

const (
	batch     = 128 // packets that are joined at once; the library's tables hold as many flows
	virtioLen = 10  // octets of the header in front of each packet, include/uapi/linux/virtio_net.h
	maxPacket = 65535
)

// A writer brings packets of all callers to the kernel.
type writer struct {
	mu   sync.Mutex
	dev  wgtun.Device // nil: there is none now
	over bool         // there will be none any more
	bufs [][]byte     // room for a header and a packet each, grown by joining: so they have room for the largest
	used [][]byte
}

// use takes a device; false: it is too late, and the device closed.
func (w *writer) use(d wgtun.Device) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		d.Close()
		return false
	}
	w.dev = d
	if w.bufs == nil {
		w.bufs, w.used = make([][]byte, batch), make([][]byte, 0, batch)
		for i := range w.bufs { // memory that is not touched costs nothing
			w.bufs[i] = make([]byte, 2*virtioLen+maxPacket)
		}
	}
	return true
}

// drop closes the device, which ends its reader too. With over, another one is
// no longer taken.
func (w *writer) drop(over bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.dev
	w.dev, w.over = nil, w.over || over
	if d == nil {
		return nil
	}
	return d.Close()
}

// Write is that of lan.Network.
func (l *LAN) Write(packets ...[]byte) {
	w := &l.out
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range packets {
		total := length(p)
		if total == 0 {
			l.stats.Malformed.Add(1)
			continue
		}
		b := w.bufs[len(w.used)]
		w.used = append(w.used, b[:virtioLen+copy(b[virtioLen:], p[:total])])
		if len(w.used) == batch {
			l.flush()
		}
	}
	l.flush()
}

// flush writes what has been put into the batch.
func (l *LAN) flush() {
	w := &l.out
	if len(w.used) == 0 {
		return
	}
	if w.dev == nil {
		l.stats.Unwritten.Add(1)
	} else if _, err := w.dev.Write(w.used, virtioLen); err != nil {
		l.stats.Unwritten.Add(1)
	}
	l.stats.Up.Add(uint64(len(w.used)))
	w.used = w.used[:0]
}

// length is that of the IPv4 packet at the beginning of b, in octets; 0 where
// there is none. The kernel checks the rest.
func length(b []byte) int {
	if len(b) < 20 || b[0]>>4 != 4 || b[0]&0x0F < 5 {
		return 0
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < int(b[0]&0x0F)*4 || n > len(b) {
		return 0
	}
	return n
}
