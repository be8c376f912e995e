package netstack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// anyone is an address that neither stack has.
var anyone = netip.MustParseAddr("192.0.2.7")

func TestForwardTCP(t *testing.T) {
	f := &Forwarder{MaxRequests: 2, UDP: func(Datagram) bool { return false }, Echo: func(Datagram) bool { return false },
		TCP: func(r *Request) {
			switch r.Dst.Port() {
			case 1:
				r.Reset()
			case 2:
				r.Drop()
			case 3, 4:
				c, err := r.Accept(context.Background())
				if err != nil {
					return
				}
				fmt.Fprintf(c, "%v to %v", r.Src.Addr(), r.Dst)
				if r.Dst.Port() == 4 {
					io.ReadFull(c, make([]byte, 1))
					c.Abort()
					return
				}
				c.Close()
			}
		}}
	a, _ := pair(t, 1500, f)
	if _, err := a.DialContext(within(t, 10*time.Second), "tcp", "192.0.2.7:1"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("Reset: %v", err)
	}
	c, err := a.DialContext(within(t, 10*time.Second), "tcp", "192.0.2.7:3")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != "10.0.0.1 to 192.0.2.7:3" {
		t.Errorf("read %q, %v", got, err)
	}
	c, err = a.DialContext(within(t, 10*time.Second), "tcp", "192.0.2.7:4")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte{1})
	if _, err := io.ReadAll(c); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Errorf("Abort: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := a.DialContext(ctx, "tcp", "192.0.2.7:2"); !errors.Is(err, context.Canceled) {
		t.Errorf("Drop: %v", err)
	}
}

// A host that sends a SYN and is gone must not hold the forwarder.
func TestAcceptIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	accepted := make(chan error)
	synAck := make(chan struct{}, 16)
	s, err := New(Options{Addr: right, Forwarder: &Forwarder{MaxRequests: 1, TCP: func(r *Request) {
		if len(r.Packet) != len(syn) {
			t.Errorf("the SYN is given as %d octets", len(r.Packet))
		}
		_, err := r.Accept(ctx)
		accepted <- err
	}}, Output: func([][]byte) { synAck <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Write(syn)
	<-synAck
	cancel()
	if err := <-accepted; err == nil {
		t.Error("accepted a host that never answered")
	}
}

// syn asks for 192.0.2.7:80 from 10.0.0.1:1024.
var syn = []byte{
	0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0xAE, 0xC8, 10, 0, 0, 1, 192, 0, 2, 7,
	4, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xFF, 0xFF, 0xDF, 0x89, 0, 0}

func TestForwardUDPAndEcho(t *testing.T) {
	type seen struct {
		src, dst netip.AddrPort
		payload  []byte
	}
	got := make(chan seen, 4)
	take := func(d Datagram) bool {
		if d.Dst.Addr() != anyone {
			return false
		}
		if whole := int(d.Packet[2])<<8 | int(d.Packet[3]); whole != len(d.Packet) {
			t.Errorf("Packet has %d octets and says %d", len(d.Packet), whole)
		}
		got <- seen{d.Src, d.Dst, bytes.Clone(d.Payload)}
		return true
	}
	a, _ := pair(t, 576, &Forwarder{TCP: func(r *Request) { r.Reset() }, MaxRequests: 1, UDP: take, Echo: take})
	c, err := a.DialContext(t.Context(), "udp", "192.0.2.7:53")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, size := range []int{0, 1, 3000} { // the last in fragments
		sent := noise(size)
		c.Write(sent)
		if d := <-got; !bytes.Equal(d.payload, sent) || d.src.Addr() != left || d.dst != netip.AddrPortFrom(anyone, 53) {
			t.Errorf("datagram of %d octets: %v to %v, %d octets", size, d.src, d.dst, len(d.payload))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if d := <-got; len(d.payload) != 8+20 || d.payload[0] != 8 || d.dst.Addr() != anyone {
			t.Errorf("echo %x to %v", d.payload, d.dst)
		}
		cancel()
	}()
	if _, err := a.Ping(ctx, anyone, 20); !errors.Is(err, context.Canceled) {
		t.Errorf("a ping that was taken: %v", err)
	}
	// What is not taken, the stack answers itself.
	if _, err := a.Ping(within(t, 10*time.Second), right, 20); err != nil {
		t.Errorf("ping of the stack's own address: %v", err)
	}
	refused, err := a.DialContext(t.Context(), "udp", "10.0.0.2:9")
	if err != nil {
		t.Fatal(err)
	}
	defer refused.Close()
	for end := time.Now().Add(10 * time.Second); err == nil && time.Now().Before(end); {
		_, err = refused.Write([]byte("?")) // the error of one shows in a later one
	}
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("UDP to nobody: %v", err)
	}
}
