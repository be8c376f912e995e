// Uart tries hardware/serial on the kernel's driver of a real 16550, with its
// modem lines tied to each other (TIOCM_LOOP): DTR to DSR, RTS to CTS, OUT2 to
// DCD, and what is sent comes back. It needs a port that nobody uses.
//
//	uart /dev/ttyS5
//	uart server /dev/ttyS5    hardware/netport, on the port behind ser2net
//
// It prints how many UARTs there are and each thing that it found to be right,
// and ends with status 1 at the first that is not.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"carrier/hardware/serial"
)

// Lines that x/sys does not name.
const (
	out2 = 0x4000
	loop = 0x8000
)

func main() {
	log.SetFlags(0)
	err := errors.New("usage: uart [server] /dev/ttySn")
	switch {
	case len(os.Args) == 2:
		err = run(os.Args[1])
	case len(os.Args) == 3 && os.Args[1] == "server":
		err = behind(os.Args[2])
	}
	if err != nil {
		log.Fatal("uart: ", err)
	}
}

// A bench is a port with its lines tied.
type bench struct {
	serial.Wired
	fd int // another descriptor of the same device
}

func run(path string) error {
	all, err := serial.Expand("/dev/ttyS*")
	if err != nil {
		return err
	}
	fmt.Println(len(all), "devices")
	if err := speeds(path); err != nil {
		return err
	}
	p, err := serial.Open(context.Background(), path, serial.Options{})
	if err != nil {
		return err
	}
	defer p.Close()
	w, ok := p.Wired()
	if !ok {
		return errors.New("it says that it has no modem lines")
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	b := bench{w, fd}
	if err := b.set(loop, true); err != nil {
		return err
	}
	defer b.set(loop, false)
	for _, step := range []func() error{b.carrier, b.dtr, b.octets, b.flow} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// speeds opens the port at usual, odd and impossible speeds.
func speeds(path string) error {
	for _, speed := range []int{115200, 57600, 28800, 1200} {
		p, err := serial.Open(context.Background(), path, serial.Options{Speed: speed})
		if err != nil {
			return err
		}
		if err := p.Close(); err != nil {
			return err
		}
	}
	_, err := serial.Open(context.Background(), path, serial.Options{Speed: 4_000_000})
	if want := fmt.Sprintf("port %q: it cannot do 4000000 bit/s; it took 115200", path); err == nil || err.Error() != want {
		return fmt.Errorf("at 4,000,000 bit/s: %v", err)
	}
	fmt.Println("speeds")
	return nil
}

func (b bench) set(line int, on bool) error {
	request := uint(unix.TIOCMBIC)
	if on {
		request = unix.TIOCMBIS
	}
	return unix.IoctlSetPointerInt(b.fd, request, line)
}

func (b bench) carrier() error {
	for _, on := range []bool{false, true, false, true} {
		if err := b.set(out2, on); err != nil {
			return err
		}
		if got, err := b.Carrier(); err != nil || got != on {
			return fmt.Errorf("carrier is %v, %v, when DCD is %v", got, err, on)
		}
	}
	fmt.Println("carrier")
	return nil
}

func (b bench) dtr() error {
	for _, on := range []bool{false, true} {
		if err := b.SetDTR(on); err != nil {
			return err
		}
		lines, err := unix.IoctlGetInt(b.fd, unix.TIOCMGET)
		if err != nil || lines&unix.TIOCM_DSR != 0 != on {
			return fmt.Errorf("lines are %#x, %v, when DTR is %v", lines, err, on)
		}
	}
	fmt.Println("dtr")
	return nil
}

// octets sends every octet there is.
func (b bench) octets() error {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	if _, err := b.Write(all); err != nil {
		return err
	}
	if err := b.comes(all); err != nil {
		return err
	}
	fmt.Println("octets")
	return nil
}

// flow stops the port by CTS, and lets it go on.
func (b bench) flow() error {
	if err := errors.Join(b.set(unix.TIOCM_RTS, false), b.nudge()); err != nil {
		return err
	}
	text := bytes.Repeat([]byte("stop"), 25)
	if _, err := b.Write(text); err != nil {
		return err
	}
	if err := b.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		return err
	}
	if n, err := b.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%d octets came while CTS stopped them, %v", n, err)
	}
	if n, known := b.Unsent(); !known || n != len(text) {
		return fmt.Errorf("%d octets of %d are said to be unsent, known is %v", n, len(text), known)
	}
	fmt.Println("stopped by CTS")
	if err := errors.Join(b.set(unix.TIOCM_RTS, true), b.nudge()); err != nil {
		return err
	}
	if err := b.comes(text); err != nil {
		return err
	}
	if n, known := b.Unsent(); !known || n != 0 {
		return fmt.Errorf("%d octets are said to be unsent when all have come back, known is %v", n, known)
	}
	fmt.Println("let go by CTS")
	return nil
}

// nudge has the driver look at CTS: tied lines cause no interrupt.
func (b bench) nudge() error {
	t, err := unix.IoctlGetTermios(b.fd, unix.TCGETS2)
	if err != nil {
		return err
	}
	t.Cflag ^= unix.HUPCL
	return unix.IoctlSetTermios(b.fd, unix.TCSETS2, t)
}

func (b bench) comes(want []byte) error {
	if err := b.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	got := make([]byte, len(want))
	if n, err := io.ReadFull(b, got); !bytes.Equal(got, want) {
		return fmt.Errorf("sent %q, %q came back, %v", want, got[:n], err)
	}
	return nil
}
