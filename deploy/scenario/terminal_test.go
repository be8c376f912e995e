package scenario

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"carrier/deploy/testbed"
	"carrier/hardware/modem"
)

// A terminal is a caller who types and reads.
type terminal struct {
	w     *world
	modem *modem.Modem
	seen  []byte // and not expected yet
}

// terminal dials the POP from a telephone.
func (w *world) terminal(phone int) *terminal {
	w.t.Helper()
	ports := make(chan net.Conn, 1)
	ports <- w.plug(phone)
	m := modem.New(modem.Options{Name: "terminal", Log: logger(w.t), Open: func(context.Context) (modem.Port, error) {
		select {
		case p := <-ports:
			return p, nil
		default:
			return nil, errors.New("unplugged")
		}
	}})
	w.t.Cleanup(func() { m.Close() })
	if _, err := m.Dial(within(w.t), testbed.Number); err != nil {
		w.t.Fatal(err)
	}
	if end, ok := within(w.t).Deadline(); ok {
		m.SetReadDeadline(end)
	}
	return &terminal{w: w, modem: m}
}

func (c *terminal) types(text string) {
	c.w.t.Helper()
	if _, err := c.modem.Write([]byte(text)); err != nil {
		c.w.t.Errorf("typing %q: %v", text, err)
	}
}

// expects reads until a text has come.
func (c *terminal) expects(text string) {
	c.w.t.Helper()
	for b := make([]byte, 256); ; {
		if at := strings.Index(string(c.seen), text); at >= 0 {
			c.seen = c.seen[at+len(text):]
			return
		}
		n, err := c.modem.Read(b)
		c.seen = append(c.seen, b[:n]...)
		if err != nil {
			c.w.t.Fatalf("waiting for %q, the terminal shows %q: %v", text, c.seen, err)
		}
	}
}

// rest is what comes until the carrier is lost, but for what the modems say to
// each other and to her about that.
func (c *terminal) rest() string {
	c.w.t.Helper()
	all, err := io.ReadAll(c.modem)
	if err != nil {
		c.w.t.Error(err)
	}
	c.modem.Close()
	text, _, _ := strings.Cut(string(c.seen)+string(all), "+++")
	return text
}

// A bbs is a host that says hello, and after "bye" shows a last screen.
type bbs struct {
	url    string
	closed chan struct{} // something at each connection that ended
}

// lastScreen takes a slow line a while.
var lastScreen = strings.Repeat("Thank you for calling the museum. ~\xff\x00}\r\n", 50)

func newBBS(t *testing.T) *bbs {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bbs{url: "tcp://" + l.Addr().String(), closed: make(chan struct{}, 16)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.serve(c)
		}
	}()
	return b
}

func (b *bbs) serve(c net.Conn) {
	defer func() {
		c.Close()
		b.closed <- struct{}{}
	}()
	fmt.Fprint(c, "This is the BBS.\r\nYou are? ")
	for in := bufio.NewReader(c); ; {
		line, err := in.ReadString('\r')
		switch {
		case err != nil:
			return
		case line == "bye\r":
			io.WriteString(c, lastScreen)
			return
		}
		fmt.Fprintf(c, "Hello %q\r\n", line)
	}
}

// nobody is the URL of a host that does not answer: the port is taken, so that
// no other test gets it, and nobody listens.
func nobody(t *testing.T) string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("tcp://127.0.0.1:%d", at.(*unix.SockaddrInet4).Port)
}
