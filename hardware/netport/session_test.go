package netport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"carrier/hardware/netport/telnet"
)

// everything is data in which all occurs that Telnet means something by.
func everything() []byte {
	b := []byte("~")
	for i := range 256 {
		b = append(b, byte(i), 0xFF, byte(i), '\r', byte(i))
	}
	return append(b, 0xFF)
}

func TestTelnetCarriesEveryOctet(t *testing.T) {
	for name, tt := range map[string]struct{ listen, open string }{
		"both":               {"telnet", "telnet"},
		"detected":           {"tcp", "telnet"},
		"detected to be raw": {"tcp", "tcp"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Listen(tt.listen + "://127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ours, err := Open(t.Context(), tt.open+"://"+l.l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer ours.Close()
			theirs, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer theirs.Close()
			theirs.Detect()
			for _, size := range []int{1, 2, 7, 4096} {
				carry(t, ours, theirs, size)
				carry(t, theirs, ours, size)
			}
		})
	}
}

// carry sends everything, which is read with buffers of a size.
func carry(t *testing.T, from, to *Port, size int) {
	t.Helper()
	want := everything()
	from.SetWriteDeadline(time.Now().Add(10 * time.Second))
	to.SetReadDeadline(time.Now().Add(10 * time.Second))
	sent := make(chan error, 1)
	go func() { _, err := from.Write(want); sent <- err }()
	got := make([]byte, 0, len(want))
	for len(got) < len(want) {
		n, err := to.Read(got[len(got):min(len(got)+size, cap(got))])
		if err != nil {
			t.Fatalf("%d octets, %v", len(got), err)
		}
		got = got[:len(got)+n]
	}
	if err := <-sent; err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%v; read by %d: %q", err, size, got)
	}
}

// A Write that its deadline cuts halves no pair.
func TestAWriteCutShortGoesOnWhereItWas(t *testing.T) {
	data := []byte("a\xff\xff\xffb\xff")
	for cut := range 2*len(data) + 1 {
		near, far := net.Pipe()
		codec := telnet.Accepted()
		codec.Replies(nil)
		s := newSession(near, codec)
		var wire []byte
		read := make(chan struct{})
		go func() {
			defer close(read)
			wire = make([]byte, min(cut, 10))
			io.ReadFull(far, wire)
		}()
		s.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		n, err := s.Write(data)
		if cut < 10 && !errors.Is(err, os.ErrDeadlineExceeded) || cut >= 10 && err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		<-read
		s.SetWriteDeadline(time.Time{})
		go func() { s.Write(append(data[n:len(data):len(data)], 'e')); s.Close() }()
		rest, _ := io.ReadAll(far)
		if wire = append(wire, rest...); string(wire) != "a\xff\xff\xff\xff\xff\xffb\xff\xffe" {
			t.Errorf("cut at %d: %d octets were taken, and in all %q came", cut, n, wire)
		}
	}
}

// wires is a session over TCP and the far end of its connection.
func wires(t *testing.T, codec *telnet.Codec) (*session, net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	s := newPort(near, "test").speak(codec)
	t.Cleanup(func() { s.Close(); far.Close() })
	far.SetDeadline(time.Now().Add(20 * time.Second))
	s.SetDeadline(time.Now().Add(20 * time.Second))
	return s, far
}

// Answers leave while nobody writes, and when a writer fills the connection
// they come as soon as it is read.
func TestAnswersLeave(t *testing.T) {
	s, far := wires(t, telnet.Undecided())
	const first, second = "\xff\xfb\x01\xff\xfb\x03\xff\xfd\x03\xff\xfb\x00\xff\xfd\x00\xff\xfc\x18", "\xff\xfc\x19"
	far.Write([]byte("\xff\xfd\x18x"))
	if _, err := s.Read(make([]byte, 9)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len(first))
	if _, err := io.ReadFull(far, b); string(b) != first {
		t.Fatalf("%q, %v", b, err)
	}
	wrote, taken := make(chan struct{}), 0
	s.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	go func() {
		defer close(wrote)
		for err := error(nil); err == nil; {
			var n int
			n, err = s.Write(make([]byte, 1000))
			taken += n
		}
	}()
	far.Write([]byte("\xff\xfd\x19y"))
	if n, err := s.Read(make([]byte, 9)); n != 1 || err != nil {
		t.Fatal("the reader waits for a writer: ", n, err)
	}
	<-wrote
	s.SetWriteDeadline(time.Now().Add(20 * time.Second))
	go func() { s.Write([]byte("end")); s.Close() }()
	all, err := io.ReadAll(far)
	got := bytes.ReplaceAll(all, []byte{0}, nil)
	if string(got) != second+"end" || len(all) != taken+len(got) {
		t.Errorf("%d octets of %d, %q, %v", len(all), taken, got, err)
	}
}

func TestAFloodOfCommandsEnds(t *testing.T) {
	s, far := wires(t, telnet.Accepted())
	go func() {
		for err := error(nil); err == nil; {
			_, err = far.Write(bytes.Repeat([]byte("\xff\xfd\x18"), 1000))
		}
	}()
	if _, err := s.Read(make([]byte, 9999)); !errors.Is(err, errFlood) {
		t.Error(err)
	}
}
