package tun

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
	wgtun "golang.zx2c4.com/wireguard/tun"
)

const clone = "/dev/net/tun"

// create makes a TUN interface that goes when the device is closed, be it by
// the end of the process. The error says what to do.
func create(name string) (wgtun.Device, error) {
	r, err := unix.NewIfreq(name)
	if err != nil {
		return nil, fmt.Errorf("interface %q: a name has 1 to 15 octets", name)
	}
	fd, err := unix.Open(clone, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("interface %s: %w", name, opening(err))
	}
	// EXCL: an interface that somebody made already is not ours to take.
	r.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_VNET_HDR | unix.IFF_TUN_EXCL)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, r); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("interface %s: %w", name, taking(err))
	}
	d, _, err := wgtun.CreateUnmonitoredTUNFromFD(fd)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("interface %s: %w", name, err)
	}
	return d, nil
}

func opening(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV):
		return fmt.Errorf("there is no %s: load the module (modprobe tun), or give the container this device: %w", clone, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s may not be opened: the program needs CAP_NET_ADMIN and access to this device: %w", clone, err)
	}
	return fmt.Errorf("%s: %w", clone, err)
}

func taking(err error) error {
	switch {
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EINVAL):
		return fmt.Errorf("an interface of this name exists already: remove it, or set another name as lan.tun.name: %w", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("a TUN may not be made: the program needs CAP_NET_ADMIN: %w", err)
	}
	return err
}
