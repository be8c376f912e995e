package netport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// maxUnixPath is what fits in a socket address on Linux (unix(7)), less the
// NUL.
const maxUnixPath = 107

// An Error is a port that cannot be opened or listened on.
type Error struct {
	URL string
	Err error
}

func (e *Error) Error() string { return fmt.Sprintf("port %q: %v", e.URL, e.Err) }

// Unwrap is what is wrong with it.
func (e *Error) Unwrap() error { return e.Err }

// Check says what is wrong with a port's URL, without opening anything.
func Check(url string) error {
	_, err := parse(url)
	return err
}

// CheckOpen is Check for a port that will be opened, not listened at: nobody is
// at port number 0.
func CheckOpen(url string) error {
	at, err := parse(url)
	if err == nil && at.network == "tcp" && strings.HasSuffix(at.address, ":0") {
		err = &Error{URL: url, Err: errors.New("nobody is at port number 0")}
	}
	return err
}

// Key is the same for all URLs of one place, as far as that shows without
// asking for names: spelling does not count, nor does what is spoken there, and
// localhost is 127.0.0.1. What is no URL is its own key.
func Key(url string) string {
	at, err := parse(url)
	switch {
	case err != nil:
		return url
	case at.network != "tcp":
		return "unix://" + path.Clean(at.address)
	}
	host, port, _ := net.SplitHostPort(at.address) // as tcpAddress joined them
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	switch host {
	case "localhost":
		host = "127.0.0.1"
	case "ip6-localhost", "ip6-loopback": // hosts(5) of Debian
		host = "::1"
	}
	if a, err := netip.ParseAddr(host); err == nil {
		host = a.Unmap().String()
	}
	return "tcp://" + net.JoinHostPort(host, port)
}

// Overlap says that nobody can listen at both URLs: they are one place, or one of
// them is all addresses of the other's port number.
func Overlap(a, b string) bool {
	return Key(a) == Key(b) || samePort(a, b) && (everywhere(a) || everywhere(b))
}

// Reaches says that a connection to a URL, made on this host, comes to whoever
// listens at another there, as far as that shows without asking for names.
func Reaches(url, listen string) bool {
	if Key(url) == Key(listen) {
		return true
	}
	here := everywhere(url) || host(url).IsLoopback()
	return samePort(url, listen) && here && (everywhere(listen) || everywhere(url) && host(listen).IsLoopback())
}

func samePort(a, b string) bool {
	a, tcp := strings.CutPrefix(Key(a), "tcp://")
	b, too := strings.CutPrefix(Key(b), "tcp://")
	_, n, err := net.SplitHostPort(a)
	_, m, bad := net.SplitHostPort(b)
	return tcp && too && err == nil && bad == nil && n == m && n != "0"
}

func everywhere(url string) bool { return host(url).IsUnspecified() }

// host is the address in a URL; invalid: it has a name, or none.
func host(url string) netip.Addr {
	at, err := netip.ParseAddrPort(strings.TrimPrefix(Key(url), "tcp://"))
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr()
}

// What stands before :// in the URL of a port.
const (
	schemeTCP     = "tcp"
	schemeUnix    = "unix"
	schemeTelnet  = "telnet"
	schemeComPort = "rfc2217"
)

// kinds are the URLs that there are, for whoever wrote another.
const kinds = "tcp://host:port, telnet://host:port, rfc2217://host:port or unix:///path"

// A place is a URL as package net wants it.
type place struct{ scheme, network, address string }

// parse takes a URL to pieces.
func parse(raw string) (place, error) {
	if !strings.Contains(raw, "://") {
		return place{}, &Error{URL: raw, Err: errors.New("it has no scheme; use " + kinds)}
	}
	u, err := url.Parse(raw)
	if err != nil {
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return place{}, &Error{URL: raw, Err: err}
	}
	at := place{scheme: u.Scheme, network: "tcp"}
	switch u.Scheme {
	case schemeTCP, schemeTelnet, schemeComPort:
		at.address, err = tcpAddress(u)
	case schemeUnix:
		at.network = "unix"
		at.address, err = unixPath(u)
	default:
		err = fmt.Errorf("%q is not a kind of port; use %s", u.Scheme, kinds)
	}
	if err == nil && (u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		err = errors.New("user, query and fragment mean nothing here")
	}
	if err != nil {
		return place{}, &Error{URL: raw, Err: err}
	}
	return at, nil
}

func tcpAddress(u *url.URL) (string, error) {
	switch port, err := strconv.ParseUint(u.Port(), 10, 16); {
	case u.Path != "" && u.Path != "/":
		return "", fmt.Errorf("a TCP port has no path %q", u.Path)
	case u.Hostname() == "":
		return "", errors.New("the host is missing; use " + u.Scheme + "://host:port")
	case u.Port() == "":
		return "", errors.New("the port number is missing; use " + u.Scheme + "://host:port")
	case err != nil:
		return "", fmt.Errorf("port number %s is above 65535", u.Port())
	default:
		return net.JoinHostPort(u.Hostname(), strconv.FormatUint(port, 10)), nil
	}
}

func unixPath(u *url.URL) (string, error) {
	switch {
	case u.Host != "":
		return "", fmt.Errorf("a path is absolute, with three slashes: unix:///%s", path.Join(u.Host, u.Path))
	case u.Path == "" || path.Clean(u.Path) == "/":
		return "", errors.New("the path is missing; use unix:///path")
	case strings.HasSuffix(u.Path, "/"):
		return "", errors.New("a path that ends with / is that of a folder; use unix:///path")
	case len(u.Path) > maxUnixPath:
		return "", fmt.Errorf("the path has %d octets, a socket's name at most %d", len(u.Path), maxUnixPath)
	default:
		return u.Path, nil
	}
}
