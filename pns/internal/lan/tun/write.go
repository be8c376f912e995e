package tun

import (
	"encoding/binary"
	"sync"

	wgtun "golang.zx2c4.com/wireguard/tun"

	"carrier/pns/internal/lan"
)

// A writer brings packets of all callers to the kernel.
type writer struct {
	mu   sync.Mutex
	dev  wgtun.Device // nil: there is none now
	over bool         // there will be none any more
	join joiner
}

// use takes a device; false: it is too late, and the device closed.
func (w *writer) use(d wgtun.Device) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	file, err := newQuick(d.File())
	if err != nil || w.over {
		d.Close()
		return false
	}
	w.dev = d
	w.join = joiner{buf: make([]byte, virtioLen+maxPacket), write: file.write}
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
	up := 0
	for _, p := range packets {
		total := length(p)
		switch {
		case total == 0:
			l.stats.Malformed.Add(1)
		case w.dev == nil:
			l.stats.Unwritten.Add(1)
		default:
			up++
			l.written(w.join.add(p[:total]))
		}
	}
	if up > 0 {
		l.written(w.join.flush())
		l.stats.Up.Add(uint64(up))
	}
}

func (l *LAN) written(err error) {
	if err != nil {
		l.stats.Unwritten.Add(1)
	}
}

// length is that of the IP packet at the beginning of b, in octets; 0 where
// there is none. The kernel checks the rest.
func length(b []byte) int {
	if len(b) >= lan.Header6Len && b[0]>>4 == 6 {
		if n := lan.Header6Len + int(binary.BigEndian.Uint16(b[4:])); n <= len(b) {
			return n
		}
		return 0
	}
	if len(b) < 20 || b[0]>>4 != 4 || b[0]&0x0F < 5 {
		return 0
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < int(b[0]&0x0F)*4 || n > len(b) {
		return 0
	}
	return n
}
