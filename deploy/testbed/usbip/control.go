package usbip

import "encoding/binary"

// The endpoints besides 0.
const (
	bulkIn    = 1
	bulkOut   = 2
	interrupt = 3
)

// device is the device descriptor (USB 2.0 §9.6.1), with a number of pid.codes
// that is for tests.
var device = []byte{18, 1, 0x00, 0x02, 2, 0, 0, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, 0, 0, 0, 1}

// configuration is the configuration descriptor and all that belongs to it:
// two interfaces, the modem's control and its data (CDC 1.2 §5, PSTN 1.2 §5.3).
var configuration = []byte{
	9, 2, 67, 0, 2, 1, 0, 0x80, 50,
	9, 4, 0, 0, 1, 2, 2, 1, 0, // communications, abstract control, V.250
	5, 0x24, 0, 0x10, 0x01, // header: CDC 1.10
	5, 0x24, 1, 0, 1, // call management: none by USB; data on interface 1
	4, 0x24, 2, 2, // abstract control: lines and their state
	5, 0x24, 6, 0, 1, // union of 0 and 1
	7, 5, 0x80 | interrupt, 3, 16, 0, 4,
	9, 4, 1, 0, 2, 10, 0, 0, 0, // data
	7, 5, 0x80 | bulkIn, 2, 0x00, 0x02, 0,
	7, 5, bulkOut, 2, 0x00, 0x02, 0,
}

// Requests to the device and to its modem: bmRequestType and bRequest.
const (
	getStatus        = 0x8000
	getDescriptor    = 0x8006
	setConfiguration = 0x0009
	setInterface     = 0x010B
	clearHalt        = 0x0201
	setLineCoding    = 0x2120
	setControlLines  = 0x2122
	sendBreak        = 0x2123
	getLineCoding    = 0xA121
)

// control does a request to endpoint 0.
func (m *Modem) control(q request) error {
	var data []byte
	switch binary.BigEndian.Uint16(q.Setup[:]) {
	case getStatus:
		data = []byte{0, 0}
	case getDescriptor:
		data = map[byte][]byte{1: device, 2: configuration}[q.Setup[3]]
		if data == nil {
			return m.reply(q, stalled, nil)
		}
	case getLineCoding:
		data = m.coding
	case setLineCoding:
		m.coding = q.data
	case setControlLines:
		m.lines(q.Setup[2])
	case setConfiguration, setInterface, clearHalt, sendBreak:
	default:
		return m.reply(q, stalled, nil)
	}
	if q.In == 0 {
		return m.reply(q, 0, nil)
	}
	return m.reply(q, 0, data[:min(len(data), int(q.Length))])
}

func (m *Modem) reply(q request, status int32, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(data)
	if q.In == 0 {
		n = len(q.data)
	}
	return answer(m.host, q, status, n, data)
}

// lines passes Data Terminal Ready on, and waits until the modem has seen it.
func (m *Modem) lines(bits byte) {
	dtr := bits&1 != 0
	if dtr == m.dtr {
		return
	}
	m.dtr = dtr
	select {
	case m.ready <- dtr:
	case <-m.gone:
	}
}
