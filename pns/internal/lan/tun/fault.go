package tun

import (
	"fmt"
	"sync"
)

// A fault is what keeps all callers from the kernel.
type fault struct {
	mu   sync.Mutex
	lost error // why the interface, which has gone, cannot be made; nil: it is there
	down int   // the index of one that was put down; 0: none
}

// lose notes why there is no interface, or that there is one. The caller learns
// whether that is new.
func (f *fault) lose(err error) (news bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	news = err != nil && (f.lost == nil || f.lost.Error() != err.Error())
	f.lost = err
	return news
}

// put notes that an interface is down, or that none is, and returns which was.
func (f *fault) put(down int) (before int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, f.down = f.down, down
	return before
}

// Fault says why callers reach nothing, and what to do; nil: as far as this host
// tells they reach the LAN. Any goroutine may ask.
func (l *LAN) Fault() error {
	own := l.out.own()
	l.fault.mu.Lock()
	defer l.fault.mu.Unlock()
	switch {
	case l.fault.lost != nil:
		return fmt.Errorf("the interface %s is gone and cannot be made, so callers reach nothing: %w", l.o.Name, l.fault.lost)
	case own != 0 && l.fault.down == own:
		return fmt.Errorf("interface %s is down, so callers reach nothing: run ip link set %[1]s up", l.o.Name)
	}
	return nil
}
