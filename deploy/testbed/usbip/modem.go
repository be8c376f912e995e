package usbip

import (
	"io"
	"net"
	"slices"
	"sync"
)

// A Modem is a USB device of the class CDC ACM, which the kernel calls
// /dev/ttyACM0. It is a port of an exchange's line with all wires. The kernel
// feels how fast what it writes is read.
type Modem struct {
	host   io.Writer
	gone   chan struct{}
	ready  chan bool
	dtr    bool // as the kernel set it last; Serve's
	coding []byte

	mu      sync.Mutex
	changed sync.Cond // one of what follows
	closed  bool
	in, out []request // bulk: asked for data, and with data that nobody has read
	notices []request // asked for notifications
	state   byte      // of the lines
	told    byte      // as the kernel knows it
}

// Bits of SERIAL_STATE (CDC PSTN 1.2 §6.5.4).
const (
	carrierBit = 1 << 0
	readyBit   = 1 << 1 // Data Set Ready: the modem is on
)

// NewModem makes a modem for the kernel at the other end of host. Serve plugs
// it in.
func NewModem(host io.Writer) *Modem {
	m := &Modem{host: host, gone: make(chan struct{}), ready: make(chan bool), coding: make([]byte, 7), state: readyBit}
	m.changed.L = &m.mu
	return m
}

// Serve does what the kernel asks on r until that ends.
func (m *Modem) Serve(r io.Reader) error {
	defer m.Close()
	for {
		q, err := next(r)
		if err != nil {
			return err
		}
		if err := m.do(q); err != nil {
			return err
		}
	}
}

func (m *Modem) do(q request) error {
	if q.Command == cmdSubmit && q.Endpoint == 0 {
		return m.control(q)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.changed.Broadcast()
	switch {
	case q.Command == cmdUnlink:
		return m.unlink(q)
	case q.Endpoint == bulkIn:
		m.in = append(m.in, q)
	case q.Endpoint == bulkOut:
		m.out = append(m.out, q)
	default:
		m.notices = append(m.notices, q)
		return m.tell()
	}
	return nil
}

// unlink takes a request back, if it has not been answered.
func (m *Modem) unlink(q request) error {
	status := int32(0)
	for _, all := range []*[]request{&m.in, &m.out, &m.notices} {
		if i := slices.IndexFunc(*all, func(old request) bool { return old.Seq == q.Flags }); i >= 0 {
			*all = slices.Delete(*all, i, i+1)
			status = unlinked
		}
	}
	return answer(m.host, q, status, 0, nil)
}

// tell notifies the kernel of the lines when they changed and it has asked.
func (m *Modem) tell() error {
	if m.state == m.told || len(m.notices) == 0 {
		return nil
	}
	q := m.notices[0]
	m.notices, m.told = m.notices[1:], m.state
	notice := []byte{0xA1, 0x20, 0, 0, 0, 0, 2, 0, m.state, 0}
	return answer(m.host, q, 0, len(notice), notice)
}

// Carrier sets Data Carrier Detect.
func (m *Modem) Carrier(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state &^= carrierBit
	if on {
		m.state |= carrierBit
	}
	_ = m.tell() // Serve sees that the kernel is gone
}

// Ready gives Data Terminal Ready each time the kernel changes it.
func (m *Modem) Ready() <-chan bool { return m.ready }

// Read waits for what the kernel writes.
func (m *Modem) Read(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.out) == 0 && !m.closed {
		m.changed.Wait()
	}
	if m.closed {
		return 0, net.ErrClosed
	}
	q := &m.out[0]
	n := copy(b, q.data)
	if q.data = q.data[n:]; len(q.data) > 0 {
		return n, nil
	}
	done := *q
	m.out = m.out[1:]
	return n, answer(m.host, done, 0, int(done.Length), nil)
}

// Write returns when the kernel has taken all of b.
func (m *Modem) Write(b []byte) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n < len(b) {
		for len(m.in) == 0 && !m.closed {
			m.changed.Wait()
		}
		if m.closed {
			return n, net.ErrClosed
		}
		q := m.in[0]
		m.in = m.in[1:]
		k := min(len(b)-n, int(q.Length))
		if err := answer(m.host, q, 0, k, b[n:n+k]); err != nil {
			return n, err
		}
		n += k
	}
	return n, nil
}

// Close frees who reads and writes. The device stays plugged in, dead, while
// the connection to the kernel stays.
func (m *Modem) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		close(m.gone)
		m.changed.Broadcast()
	}
	return nil
}
