package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
)

// Listen says why nobody can listen at a TCP address; key is the one in the
// configuration that names it.
func Listen(at netip.AddrPort, key string) error {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return bind("TCP", at, key, err)
	}
	return l.Close()
}

// ListenUDP is Listen for a UDP address.
func ListenUDP(at netip.AddrPort, key string) error {
	l, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return bind("UDP", at, key, err)
	}
	return l.Close()
}

func bind(protocol string, at netip.AddrPort, key string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("another program has %s port %d of %v: end it (`ss -lp` names it), or choose another port with `%s`", protocol, at.Port(), at.Addr(), key)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%v is no address of this host: correct `%s`, or give the address to an interface", at.Addr(), key)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s port %d may not be listened at by this user: run as root, or give the program CAP_NET_BIND_SERVICE", protocol, at.Port())
	}
	return fmt.Errorf("%v cannot be listened at: %w; correct `%s`", at, err, key)
}

// Folder says why files cannot be kept in a folder. One that does not exist is
// made, and taken away again.
func Folder(path, key string) error {
	defer remove(missing(path))
	if err := os.MkdirAll(path, 0o750); err != nil {
		return fmt.Errorf("the folder cannot be made: %w; correct `%s`, or make it for the user who runs the program", err, key)
	}
	f, err := os.CreateTemp(path, ".doctor-*")
	if err != nil {
		return fmt.Errorf("nothing can be written there: %w; give it to the user who runs the program, or correct `%s`", reason(err), key)
	}
	_, err = f.WriteString("doctor\n")
	err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	if errors.Is(err, syscall.ENOSPC) {
		return errors.New("the disk is full: make room")
	}
	return err
}

// missing are the folders that are made with a path, the deepest first.
func missing(path string) (all []string) {
	for p := filepath.Clean(path); ; p = filepath.Dir(p) {
		if _, err := os.Lstat(p); !errors.Is(err, fs.ErrNotExist) {
			return all
		}
		all = append(all, p)
	}
}

// remove takes folders away that are empty.
func remove(folders []string) {
	for _, f := range folders {
		_ = os.Remove(f) // where somebody keeps files now, it stays
	}
}

// reason is an error without the name of a file that nobody knows.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
