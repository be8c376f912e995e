package tun

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Check says everything that would keep New from making the network, and
// changes nothing. Where it runs already, in another process, its interface is
// let be.
func Check(o Options, runs bool) error {
	o.defaults()
	l := &LAN{o: o, stats: o.Stats}
	var err error
	if l.netlink, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
		return fmt.Errorf("netlink: %w", err)
	}
	defer l.netlink.Close()
	wrong := []error{l.check()}
	if !runs {
		d, err := create(o.Name)
		if err != nil {
			return errors.Join(append(wrong, err)...)
		}
		defer d.Close()
	}
	if !o.Forward { // else New sets it
		wrong = append(wrong, l.forwarding())
	}
	return errors.Join(wrong...)
}
