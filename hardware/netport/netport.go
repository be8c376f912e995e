// Package netport makes ports out of network connections: a TCP connection
// (a terminal server's raw port, an emulator) or a Unix socket (a virtual
// machine's serial line). A port is octets with deadlines; such ports have no
// modem signals.
package netport

import (
	"context"
	"net"
	"time"
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

// Open connects to a port by its URL: tcp://host:port or unix:///path. It
// gives up when ctx ends. Errors name the URL.
func Open(ctx context.Context, url string) (*Port, error) { return Kernel{}.Open(ctx, url) }

// Open is the function Open with these settings.
func (k Kernel) Open(ctx context.Context, url string) (*Port, error) {
	network, address, err := parse(url)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: dialTime, KeepAliveConfig: keepAlive}
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, &Error{URL: url, Err: err}
	}
	return newPort(c, url), nil
}

func newPort(c net.Conn, name string) *Port {
	// Neither setting decides whether the port works, so their errors count
	// for nothing. TCP_NODELAY is Go's default.
	if b, ok := c.(interface{ SetWriteBuffer(int) error }); ok {
		_ = b.SetWriteBuffer(sendBuffer)
	}
	return &Port{conn: c, name: name}
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

// Close gives the connection back and frees whoever waits in Read or Write.
func (p *Port) Close() error { return p.conn.Close() }

// String is the URL that was opened; for an accepted connection it is where
// it came from.
func (p *Port) String() string { return p.name }
