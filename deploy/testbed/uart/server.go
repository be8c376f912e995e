package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"

	"carrier/hardware/netport"
)

// ser2net serves a device with its modem lines.
const ser2net = `connection: &uart
  accepter: telnet(rfc2217),tcp,127.0.0.1,2217
  connector: serialdev,%s,115200n81,local
`

// behind tries hardware/netport on the same port behind a server of RFC 2217.
func behind(path string) error {
	file, err := os.CreateTemp("", "ser2net*.yaml")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(file, ser2net, path); err != nil {
		return err
	}
	server := exec.Command("ser2net", "-n", "-d", "-c", file.Name(), "-P", file.Name()+".pid")
	if err := server.Start(); err != nil {
		return err
	}
	defer func() { _, _ = server.Process.Kill(), server.Wait() }()
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	p, err := serve()
	if err != nil {
		return err
	}
	defer p.Close()
	b := bench{fd: fd}
	if err := b.set(loop, true); err != nil {
		return err
	}
	defer b.set(loop, false)
	return errors.Join(b.notified(p), b.ordered(p))
}

// serve opens the port as soon as the server is there.
func serve() (*netport.ComPort, error) {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		p, err := netport.OpenWith(context.Background(), "rfc2217://127.0.0.1:2217", netport.Options{Flow: netport.NoFlow})
		if err != nil && time.Now().Before(end) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if c, ok := p.(*netport.ComPort); ok {
			return c, nil
		}
		return nil, errors.New("the server tells no modem lines")
	}
}

// notified has DCD change, which the server must report.
func (b bench) notified(p *netport.ComPort) error {
	for _, on := range []bool{true, false, true} {
		if err := b.set(out2, on); err != nil {
			return err
		}
		got := !on
		for end := time.Now().Add(5 * time.Second); got != on && time.Now().Before(end); {
			// Reports come between data, to whoever reads.
			if err := p.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
				return err
			}
			if _, err := p.Read(make([]byte, 10)); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				return err
			}
			var err error
			if got, err = p.Carrier(); err != nil {
				return err
			}
		}
		if got != on {
			return fmt.Errorf("the carrier is said to be %v when DCD is %v", got, on)
		}
	}
	fmt.Println("carrier")
	return nil
}

// ordered has the server set DTR, which comes back as DSR.
func (b bench) ordered(p *netport.ComPort) error {
	for _, on := range []bool{false, true} {
		if err := p.SetDTR(on); err != nil {
			return err
		}
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			lines, err := unix.IoctlGetInt(b.fd, unix.TIOCMGET)
			if err == nil && lines&unix.TIOCM_DSR != 0 == on {
				break
			}
			if err != nil || time.Now().After(end) {
				return fmt.Errorf("lines are %#x, %v, when DTR is ordered to be %v", lines, err, on)
			}
		}
	}
	fmt.Println("dtr")
	return nil
}
