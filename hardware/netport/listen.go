package netport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"carrier/hardware/netport/telnet"
)

// A Listener accepts connections; each is a port. Its methods may be called
// from any goroutine.
type Listener struct {
	l      net.Listener
	url    string
	scheme string
}

// Listen binds the address of a URL as Open takes it; with TCP port 0 the
// kernel chooses one (see URL). The file of a Unix socket that nobody listens
// on any more is replaced; Close removes it.
func Listen(url string) (*Listener, error) { return Kernel{}.Listen(url) }

// Listen is the function Listen with these settings.
func (k Kernel) Listen(url string) (*Listener, error) {
	at, err := parse(url)
	if err != nil {
		return nil, err
	}
	if at.scheme == schemeComPort {
		return nil, &Error{URL: url, Err: errors.New("ports of others cannot be had by listening; use tcp:// or telnet://")}
	}
	network, address := at.network, at.address
	c := net.ListenConfig{KeepAliveConfig: keepAlive, Control: k.control}
	l, err := c.Listen(context.Background(), network, address)
	if network == "unix" && errors.Is(err, syscall.EADDRINUSE) && abandoned(address) {
		if err = os.Remove(address); err == nil {
			l, err = c.Listen(context.Background(), network, address)
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("in use by another program: %w", err)
	}
	if err != nil {
		return nil, &Error{URL: url, Err: err}
	}
	if network == "tcp" {
		url = at.scheme + "://" + l.Addr().String()
	}
	return &Listener{l: l, url: url, scheme: at.scheme}, nil
}

// abandoned says whether path is a socket whose listener has gone. The kernel
// refuses connections to those, and to files of other kinds too.
func abandoned(path string) bool {
	if i, err := os.Lstat(path); err != nil || i.Mode().Type() != os.ModeSocket {
		return false
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// Accept waits for the next connection; Close frees it with an error that
// matches net.ErrClosed.
func (l *Listener) Accept() (*Port, error) {
	c, err := l.l.Accept()
	if err != nil {
		return nil, err
	}
	name := l.url // a Unix socket's clients have no names
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		name = "tcp://" + a.String()
	}
	p := newPort(c, name)
	if l.scheme == schemeTelnet {
		p.speak(telnet.Accepted()).flush()
	}
	return p, nil
}

// URL is what a client opens to reach this listener, with the port number
// that is really bound.
func (l *Listener) URL() string { return l.url }

// Close stops listening. Accepted ports stay open.
func (l *Listener) Close() error { return l.l.Close() }
