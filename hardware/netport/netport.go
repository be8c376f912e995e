// Package netport makes ports out of network connections: a TCP connection
// (a terminal server's port, raw or Telnet, an emulator) or a Unix socket (a
// virtual machine's serial line). A port is octets with deadlines. Modem
// signals it has where the server speaks RFC 2217 and its port has them.
package netport

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	"carrier/hardware/netport/telnet"
)

// sendBuffer is asked of the kernel for what we write, octets. A modem line
// is slow: at 28,800 bit/s these are more than a second, and whatever lies
// here can no longer be overtaken or dropped.
const sendBuffer = 4 << 10

// dialTime bounds Open where the far end does not answer at all.
const dialTime = 10 * time.Second

// keepAlive finds a terminal server that vanished without closing within a
// minute and a half.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 45 * time.Second, Interval: 15 * time.Second, Count: 3}

// A Port is one open connection. Read and Write may be called at the same
// time by one goroutine each, the rest from anywhere. A deadline that has
// passed gives an error that matches os.ErrDeadlineExceeded.
type Port struct {
	conn net.Conn
	name string
}

// A Kernel opens ports, and listens, with settings of the kernel's part in
// them. The zero value has the usual ones, as the functions Open and Listen.
type Kernel struct {
	// ReadBuffer is about how many octets the kernel holds for us to read; 0
	// means its own choice. With few, a slow reader soon slows its sender down.
	ReadBuffer int
}

// Open connects to a port by its URL: tcp://host:port for octets as they are,
// telnet://host:port, or unix:///path. An rfc2217:// port is opened too, at
// its server's usual settings for us (see OpenWith). It gives up when ctx ends.
// Errors name the URL.
func Open(ctx context.Context, url string) (*Port, error) { return Kernel{}.Open(ctx, url) }

// Open is the function Open with these settings.
func (k Kernel) Open(ctx context.Context, url string) (*Port, error) {
	at, err := parse(url)
	if err != nil {
		return nil, err
	}
	p, err := k.dial(ctx, at, url)
	if err != nil {
		return nil, err
	}
	switch at.scheme {
	case schemeTelnet:
		s := p.speak(telnet.Dialled(false))
		s.flush()
	case schemeComPort:
		if _, err := openComPort(ctx, p, Options{}); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (k Kernel) dial(ctx context.Context, at place, url string) (*Port, error) {
	d := net.Dialer{Timeout: dialTime, KeepAliveConfig: keepAlive}
	c, err := d.DialContext(ctx, at.network, at.address)
	if err != nil {
		return nil, &Error{URL: url, Err: err}
	}
	return newPort(c, url), nil
}

// A Flow is how a port and a modem stop each other.
type Flow uint8

// The ways of flow control. Behind a network port only RFC 2217 sets them.
const (
	RTSCTS Flow = iota
	NoFlow
	XONXOFF
)

// Options are the settings of the serial port behind a network port. Those of
// tcp://, telnet:// and unix:// are the server's own.
type Options struct {
	Speed int // bit/s between server and modem; 0 means 115200
	Flow  Flow
	Log   *slog.Logger // nil means silence
}

// An Opened is a port, octets with deadlines: a *Port, or a *ComPort where modem
// signals reach us.
type Opened interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	Unsent() (octets int, known bool)
	String() string
}

// OpenWith opens any port as Open does. One of rfc2217:// is set up as o says; a
// server that does otherwise is an error.
func OpenWith(ctx context.Context, url string, o Options) (Opened, error) {
	at, err := parse(url)
	if err != nil {
		return nil, err
	}
	if at.scheme != schemeComPort {
		p, err := Open(ctx, url)
		if err != nil {
			return nil, err
		}
		return p, nil
	}
	p, err := Kernel{}.dial(ctx, at, url)
	if err != nil {
		return nil, err
	}
	return openComPort(ctx, p, o)
}

func newPort(c net.Conn, name string) *Port {
	// Neither setting decides whether the port works, so their errors count
	// for nothing. TCP_NODELAY is Go's default.
	if b, ok := c.(interface{ SetWriteBuffer(int) error }); ok {
		_ = b.SetWriteBuffer(sendBuffer)
	}
	return &Port{conn: c, name: name}
}

// speak makes a port of octets one of Telnet, before its first Read and Write.
func (p *Port) speak(c *telnet.Codec) *session {
	s := newSession(p.conn, c)
	p.conn = s
	return s
}

// Detect lets the far end of an accepted connection speak Telnet or not, as its
// first octets show: WILL, WONT, DO, DONT or SB mean Telnet. From the first
// flag of PPP on, 7E, octets are data for ever. It must come before the first
// Read and Write, and does nothing to a Listener's telnet:// port.
func (p *Port) Detect() {
	if _, speaks := p.conn.(*session); !speaks {
		p.speak(telnet.Undecided())
	}
}

// Read waits for at least one octet. After the far end has closed it returns
// io.EOF.
func (p *Port) Read(b []byte) (int, error) { return p.conn.Read(b) }

// Write returns when the kernel has taken all of b, or how much of it at the
// deadline.
func (p *Port) Write(b []byte) (int, error) { return p.conn.Write(b) }

// SetReadDeadline frees a Read that is under way at t, and each later one at
// once; the zero time means never.
func (p *Port) SetReadDeadline(t time.Time) error { return p.conn.SetReadDeadline(t) }

// SetWriteDeadline does for Write what SetReadDeadline does for Read.
func (p *Port) SetWriteDeadline(t time.Time) error { return p.conn.SetWriteDeadline(t) }

// Unsent is how many octets Write has taken and the far end has not
// acknowledged; false where the kernel cannot tell.
func (p *Port) Unsent() (octets int, known bool) { return unsent(p.conn) }

// Queued is how many octets Write has taken that wait for the far end to have
// room; false where the kernel cannot tell.
func (p *Port) Queued() (octets int, known bool) { return queued(p.conn) }

// Gone tells that the far end has closed the connection, or broken it, and left
// nothing to read; false where the kernel cannot tell. It takes nothing.
func (p *Port) Gone() bool { return gone(p.conn) }

// Close gives the connection back and frees whoever waits in Read or Write.
func (p *Port) Close() error { return p.conn.Close() }

// String is the URL that was opened; for an accepted connection it is where
// it came from.
func (p *Port) String() string { return p.name }
