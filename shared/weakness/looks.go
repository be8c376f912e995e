package weakness

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
)

// The rights of others (path_resolution(7)): to read, and to write.
const (
	othersRead  = 0o004
	othersWrite = 0o002
)

// Daemon looks at what every daemon of ours has: who reads or writes its file,
// which may be "", who reaches the panel and who may take the socket's place.
// secrets says that the file has passwords in it, an invalid panel that there is none.
func (r *Report) Daemon(file string, secrets bool, panel netip.AddrPort, socket string) {
	if secrets {
		r.Secret("", file, "passwords")
	} else if mode, ok := mode(file); ok && mode&othersWrite != 0 {
		r.Find(Secrets, "", fmt.Sprintf("%s has mode %04o, so every user of this host may change it: `chmod o-w %s`", file, mode, file))
	}
	if a := panel; a.IsValid() && !a.Addr().Unmap().IsLoopback() {
		r.Find(OpenPanel, "", fmt.Sprintf("the panel at %v tells everybody who reaches it, without a password, who has how many calls and with whom: panel = \"127.0.0.1:%d\", or a firewall that lets only Prometheus in", a, a.Port()))
	}
	dir := filepath.Dir(socket)
	if mode, ok := mode(dir); ok && mode&othersWrite != 0 {
		r.Find(OpenSocket, "", fmt.Sprintf("every user of this host may write to %s, and so put a socket of theirs where commands look for %s: a folder that only the daemon may write to", dir, socket))
	}
}

// Secret looks at a file that has what nobody else may read in it: passwords, a
// key. name is the configuration's for it.
func (r *Report) Secret(name, file, what string) {
	if mode, ok := mode(file); ok && mode&(othersRead|othersWrite) != 0 {
		r.Find(Secrets, name, fmt.Sprintf("%s has %s in it and mode %04o, so every user of this host may read or change it: `chmod o= %s`", file, what, mode, file))
	}
}

// State looks at the folder of what outlasts a restart, which may be "". power is
// what somebody can do who writes there.
func (r *Report) State(dir, power string) {
	if mode, ok := mode(dir); ok && mode&othersWrite != 0 {
		r.Find(Secrets, "state", fmt.Sprintf("%s has mode %04o, so every user of this host may write there, and %s: `chmod o-w %s`", dir, mode, power, dir))
	}
}

func mode(path string) (os.FileMode, bool) {
	if path == "" {
		return 0, false
	}
	i, err := os.Stat(path)
	if err != nil {
		return 0, false
	}
	return i.Mode().Perm(), true
}

// inner are the networks that no address of the Internet is in (RFC 1918, RFC
// 3927, RFC 1122 §3.2.1.3).
var inner = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("127.0.0.0/8"),
}

// Private tells whether all addresses of p, an IPv4 network, are of this host,
// this link or a private network, where no stranger should stand between.
func Private(p netip.Prefix) bool {
	return slices.ContainsFunc(inner, func(n netip.Prefix) bool { return n.Bits() <= p.Bits() && n.Contains(p.Addr()) })
}

// PrivateHost is Private for a host as configurations name it. A name that is
// not this host's own may lead anywhere.
func PrivateHost(host string) bool {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return host == "localhost"
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
	}
	return Private(netip.PrefixFrom(a, a.BitLen()))
}
