// Package usbip plays a USB modem to a kernel's vhci_hcd, which speaks USB/IP
// (Linux's Documentation/usb/usbip_protocol.rst): the kernel's own driver,
// cdc_acm, makes a tty of it that has all of a modem's control lines.
package usbip

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Commands, and what a reply's status says besides 0.
const (
	cmdSubmit = 1
	cmdUnlink = 2
	retSubmit = 3
	retUnlink = 4

	stalled  = -32  // EPIPE: the device does not do that
	unlinked = -104 // ECONNRESET: the request was taken back in time
)

// maxTransfer bounds what one request carries, in octets.
const maxTransfer = 64 << 10

// A request is what the kernel asks, in the protocol's order. Data follow one
// that is not in.
type request struct {
	Command, Seq, Device uint32
	In                   uint32 // 1: from the device
	Endpoint             uint32
	Flags                uint32 // of cmdUnlink: the Seq of the request that is taken back
	Length               uint32 // of the data
	Frame, Packets       uint32
	Interval             uint32
	Setup                [8]byte // of endpoint 0
	data                 []byte
}

// A reply is the answer; data follow that of a request that is in.
type reply struct {
	Command, Seq, Device, In, Endpoint uint32
	Status                             int32
	Length                             uint32
	Frame, Packets, Errors             uint32
	_                                  [8]byte
}

// next reads one request with its data.
func next(r io.Reader) (q request, err error) {
	var head [48]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return q, err
	}
	fields := []any{&q.Command, &q.Seq, &q.Device, &q.In, &q.Endpoint, &q.Flags, &q.Length, &q.Frame, &q.Packets, &q.Interval, &q.Setup}
	b := bytes.NewReader(head[:])
	for _, f := range fields {
		if err := binary.Read(b, binary.BigEndian, f); err != nil {
			return q, err
		}
	}
	switch {
	case q.Command == cmdUnlink:
		return q, nil
	case q.Command != cmdSubmit || q.Length > maxTransfer:
		return q, fmt.Errorf("USB/IP: command %d with %d octets", q.Command, q.Length)
	case q.In == 1:
		return q, nil
	}
	q.data = make([]byte, q.Length)
	_, err = io.ReadFull(r, q.data)
	return q, err
}

// answer writes the reply to a request: n octets were transferred, data are
// those that go to the kernel.
func answer(w io.Writer, q request, status int32, n int, data []byte) error {
	r := reply{Command: retSubmit, Seq: q.Seq, Status: status, Length: uint32(n)}
	if q.Command == cmdUnlink {
		r.Command = retUnlink
	}
	b, err := binary.Append(nil, binary.BigEndian, r)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, data...))
	return err
}
