package netport

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// What ser2net 4.3.11 said to our first words and to our orders, at a
// pseudo-terminal that has no modem lines.
const (
	ser2netFirst = "fffb03fffd03fffb01fffe01fffd00fffb00fffd2c fffd03fffa2c6b00fff0"
	ser2netAcks  = "fffa2c6b00fff0fffa2c6a00fff0fffa2c7003fff0fffa2c650001c200fff0fffa2c6608fff0fffa2c6701fff0fffa2c6801fff0fffa2c6903fff0"
)

// What we say: the offers, then the orders for 115200 bit/s, 8N1, RTS/CTS.
const (
	ourOffers = "fffb03fffd03fffb00fffd00fffb2c"
	ourOrders = "fffa2c010001c200fff0fffa2c0208fff0fffa2c0301fff0fffa2c0401fff0fffa2c0503fff0" +
		"fffa2c0b88fff0fffa2c0a00fff0fffa2c0508fff0fffa2c0c03fff0"
)

func octets(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A server says its lines, each when it has heard what stands before it.
type step struct{ hears, says string }

// serve plays a server's part once; what it could not hear is an error.
func serve(t *testing.T, steps ...step) (url string, far <-chan net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn, 1)
	go func() {
		defer l.Close()
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.SetDeadline(time.Now().Add(20 * time.Second))
		for _, s := range steps {
			want := octets(t, s.hears)
			got := make([]byte, len(want))
			if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("the server hears %x, %v; want %x", got, err, want)
				break
			}
			c.Write(octets(t, s.says))
		}
		conns <- c
	}()
	t.Cleanup(func() { l.Close() })
	return "rfc2217://" + l.Addr().String(), conns
}

// modemState is a NOTIFY-MODEMSTATE.
func modemState(state string) string { return "fffa2c6b" + state + "fff0" }

func TestComPort(t *testing.T) {
	// Data came early, and more stands behind.
	url, conns := serve(t, step{ourOffers, ser2netFirst}, step{"fffe01" + ourOrders, "41" + ser2netAcks + "42ffff43"})
	opened, err := OpenWith(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, ok := opened.(*ComPort)
	if !ok {
		t.Fatalf("a %T", opened)
	}
	defer p.Close()
	far := <-conns
	defer far.Close()
	reads := func(want string) {
		t.Helper()
		b := make([]byte, len(want))
		if _, err := io.ReadFull(p, b); string(b) != want || err != nil {
			t.Fatalf("%q, %v", b, err)
		}
	}
	carrier := func(want bool) {
		t.Helper()
		if on, err := p.Carrier(); on != want || err != nil {
			t.Fatalf("carrier %v, %v", on, err)
		}
	}
	p.SetReadDeadline(time.Now().Add(10 * time.Second))
	reads("AB\xffC")
	carrier(false)
	far.Write(octets(t, "61"+modemState("88")+"62"))
	reads("ab")
	carrier(true)
	far.Write(octets(t, modemState("08")+"63"))
	reads("c")
	carrier(false)
	p.SetWriteDeadline(time.Unix(1, 0)) // a call has ended: its writer was freed
	p.SetDTR(false)
	p.SetDTR(true)
	b := make([]byte, 14)
	if _, err := io.ReadFull(far, b); !bytes.Equal(b, octets(t, "fffa2c0509fff0fffa2c0508fff0")) {
		t.Errorf("DTR: %x, %v", b, err)
	}
}

func TestAComPortIsHaltedByItsServer(t *testing.T) {
	url, conns := serve(t, step{ourOffers, ser2netFirst}, step{"fffe01" + ourOrders, ser2netAcks + modemState("00")})
	p, err := OpenWith(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	far := <-conns
	defer far.Close()
	read := func() {
		t.Helper()
		if _, err := p.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	far.Write(octets(t, "fffa2c6cfff0 61")) // FLOWCONTROL-SUSPEND as servers number it
	read()
	p.SetWriteDeadline(time.Now().Add(30 * time.Millisecond))
	if n, err := p.Write([]byte("x")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d, %v", n, err)
	}
	p.SetWriteDeadline(time.Time{})
	wrote := make(chan error, 1)
	go func() { _, err := p.Write([]byte("y")); wrote <- err }()
	far.Write(octets(t, "fffa2c09fff0 62")) // RESUME as clients do
	read()
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := io.ReadFull(far, b); string(b) != "y" {
		t.Errorf("%q, %v", b, err)
	}
	far.Write(octets(t, "fffa2c08fff0 63"))
	read()
	go func() { _, err := p.Write([]byte("z")); wrote <- err }()
	p.Close()
	if err := <-wrote; !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestAServerThatIsNoneIsSaidToBe(t *testing.T) {
	orders := "fffe01" + ourOrders
	for _, tt := range []struct {
		name  string
		o     Options
		steps []step
		want  string
	}{
		{"refuses", Options{}, []step{{ourOffers, "fffe2c"}}, "the server refuses RFC 2217; use telnet:// for its port"},
		{"another speed", Options{}, []step{{ourOffers, ser2netFirst}, {orders, "fffa2c6500002580fff0"}},
			"speed: the server has 9600 bit/s where 115200 bit/s was asked for"},
		{"no hardware flow control", Options{}, []step{{ourOffers, ser2netFirst}, {orders, strings.Replace(ser2netAcks, "6903", "6901", 1)}},
			"flow control: the server has none where RTS/CTS was asked for"},
		{"nonsense", Options{}, []step{{ourOffers, ser2netFirst}, {orders, "fffa2c65fff0"}}, "speed: the server has [] where 115200 bit/s was asked for"},
	} {
		url, conns := serve(t, tt.steps...)
		_, err := OpenWith(t.Context(), url, tt.o)
		var e *Error
		if !errors.As(err, &e) || e.URL != url || e.Err.Error() != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
		(<-conns).Close()
	}
	if _, err := Listen("rfc2217://127.0.0.1:0"); err == nil {
		t.Error("a port of somebody else was listened on")
	}
}

func TestAComPortWithoutModemLines(t *testing.T) {
	url, conns := serve(t, step{ourOffers, "fffd2c"}, step{ourOrders, strings.TrimPrefix(ser2netAcks, modemState("00"))})
	p, err := OpenWith(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, has := p.(*ComPort); has {
		t.Error("it has modem lines of which nothing was heard")
	}
	p.Close()
	(<-conns).Close()
}

func TestOpeningAComPortIsGivenUp(t *testing.T) {
	url, conns := serve(t, step{ourOffers, ""})
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("shutdown")
	go func() { c := <-conns; cancel(why); c.Read(make([]byte, 1)); c.Close() }()
	if _, err := OpenWith(ctx, url, Options{}); !errors.Is(err, why) {
		t.Error(err)
	}
}

func FuzzComPort(f *testing.F) {
	f.Add([]byte("\xff\xfd\x2c\xff\xfa\x2c\x65\x00\x01\xc2\x00\xff\xf0"))
	f.Fuzz(func(t *testing.T, in []byte) {
		near, far := net.Pipe()
		go func() { io.Copy(io.Discard, far) }()
		go func() { far.Write(in); far.Close() }()
		p, err := openComPort(t.Context(), &Port{conn: near, name: "fuzz"}, Options{})
		if err == nil {
			io.Copy(io.Discard, p)
			p.Close()
		}
	})
}
