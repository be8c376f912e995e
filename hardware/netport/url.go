package netport

import (
	"errors"
	"fmt"
	"net"
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
	_, _, err := parse(url)
	return err
}

// parse takes a URL to pieces as package net wants them.
func parse(raw string) (network, address string, err error) {
	if !strings.Contains(raw, "://") {
		return "", "", &Error{URL: raw, Err: errors.New("it has no scheme; use tcp://host:port or unix:///path")}
	}
	u, err := url.Parse(raw)
	if err != nil {
		var cause *url.Error
		if errors.As(err, &cause) {
			err = cause.Err
		}
		return "", "", &Error{URL: raw, Err: err}
	}
	switch u.Scheme {
	case "tcp":
		address, err = tcpAddress(u)
	case "unix":
		address, err = unixPath(u)
	default:
		err = fmt.Errorf("%q is not a kind of port; use tcp://host:port or unix:///path", u.Scheme)
	}
	if err == nil && (u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		err = errors.New("user, query and fragment mean nothing here")
	}
	if err != nil {
		return "", "", &Error{URL: raw, Err: err}
	}
	return u.Scheme, address, nil
}

func tcpAddress(u *url.URL) (string, error) {
	switch port, err := strconv.ParseUint(u.Port(), 10, 16); {
	case u.Path != "" && u.Path != "/":
		return "", fmt.Errorf("a TCP port has no path %q", u.Path)
	case u.Hostname() == "":
		return "", errors.New("the host is missing; use tcp://host:port")
	case u.Port() == "":
		return "", errors.New("the port number is missing; use tcp://host:port")
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
	case u.Path == "" || u.Path == "/":
		return "", errors.New("the path is missing; use unix:///path")
	case len(u.Path) > maxUnixPath:
		return "", fmt.Errorf("the path has %d octets, a socket's name at most %d", len(u.Path), maxUnixPath)
	default:
		return u.Path, nil
	}
}
