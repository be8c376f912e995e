package tun

import (
	"encoding/binary"
	"os"
	"sync"
	"time"

	wgtun "golang.zx2c4.com/wireguard/tun"

	"carrier/pns/internal/lan"
)

// A writer brings packets of all callers to the kernel.
type writer struct {
	mu   sync.Mutex
	dev  wgtun.Device // nil: there is none now
	link int          // its index, whatever its name is by now; 0: there is none
	over bool         // there will be none any more
	join joiner
}

// own is the index of our interface; 0: there is none now.
func (w *writer) own() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.link
}

// use takes a device and its interface; false: it is too late, and the device closed.
func (w *writer) use(d wgtun.Device, link int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	file, err := newQuick(d.File())
	if err != nil || w.over {
		d.Close()
		return false
	}
	w.dev, w.link = d, link
	w.join = joiner{buf: make([]byte, virtioLen+maxPacket), write: file.write}
	return true
}

// drop closes the device, which ends its reader too. With over, another one is
// no longer taken.
func (w *writer) drop(over bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.dev
	w.dev, w.link, w.over = nil, 0, w.over || over
	if d == nil {
		return nil
	}
	return d.Close()
}

// unlessOver does something before there will be no device any more; then it is
// os.ErrClosed.
func (w *writer) unlessOver(do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return os.ErrClosed
	}
	return do()
}

// leave closes the device of an interface that went elsewhere: its reader ends,
// and another one is made.
func (w *writer) leave(link int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dev != nil && w.link == link {
		w.dev.Close()
		w.dev, w.link = nil, 0
	}
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
			if l.relay != nil {
				l.relay.FromCaller(time.Now(), p[:total])
			}
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
