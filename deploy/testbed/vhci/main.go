// Vhci plugs a USB device into this kernel. Who plays the device speaks USB/IP
// at the other end of a virtio port.
//
//	vhci /dev/vport0p1
//
// It ends when the port is closed at the other end, and the device is unplugged
// then. The kernel needs its module vhci_hcd.
package main

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	attach = "/sys/devices/platform/vhci_hcd.0/attach"
	id     = 1<<16 | 2 // bus 1, device 2: any will do
	high   = 3         // the kernel's USB_SPEED_HIGH
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: vhci /dev/vportNpM")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal("vhci: ", err)
	}
}

func run(path string) error {
	port, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer port.Close()
	if err := wait(port); err != nil {
		return err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := os.WriteFile(attach, fmt.Appendf(nil, "0 %d %d %d", pair[1], id, high), 0); err != nil {
		return err
	}
	if err := errors.Join(unix.Close(pair[1]), unix.SetNonblock(pair[0], true)); err != nil {
		return err
	}
	kernel := os.NewFile(uintptr(pair[0]), "vhci_hcd")
	defer kernel.Close()
	ended := make(chan error, 2)
	go func() { _, err := io.Copy(port, kernel); ended <- err }()
	go func() { _, err := io.Copy(kernel, port); ended <- err }()
	return <-ended
}

// wait takes the octet that says that the other end is there: until it is, the
// port has an end of file.
func wait(port *os.File) error {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, err := port.Read(make([]byte, 1))
		if !errors.Is(err, io.EOF) || time.Now().After(end) {
			return err
		}
	}
}
