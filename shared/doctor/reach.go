package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// ConnectTime is how long TCP may take to open.
const ConnectTime = 5 * time.Second

// Reachable opens TCP to an address and closes it, or says why that cannot be. who is
// what should listen there: "the PNS".
func Reachable(ctx context.Context, to netip.AddrPort, who string) error {
	d := net.Dialer{Timeout: ConnectTime}
	c, err := d.DialContext(ctx, "tcp4", to.String())
	var timeout net.Error
	switch {
	case err == nil:
		return c.Close()
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("TCP port %d is closed there: start %s, or correct its address", to.Port(), who)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return fmt.Errorf("there is no way to %v (%w): correct the address, or the routes of this host", to.Addr(), Cause(err))
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("nothing answers at TCP port %d within %v: let a firewall on the way pass it, or correct the address", to.Port(), ConnectTime)
	}
	return fmt.Errorf("TCP port %d cannot be reached: %w", to.Port(), Cause(err))
}

// Cause is the system's word, where it has one.
func Cause(err error) error {
	var code syscall.Errno
	if errors.As(err, &code) {
		return code
	}
	return err
}
