package netstack

import (
	"bytes"
	"io"
	"testing"
	"time"
)

// A slow link with a short queue in front of it, as a modem has: TCP must fill
// most of it although the queue overflows.
func TestSlowLink(t *testing.T) {
	const rate, size = 250_000, 500_000 // octets a second, octets
	queue := make(chan []byte, 32)
	var client *Stack
	server, err := New(Options{Addr: right, Output: func(packets [][]byte) {
		for _, p := range packets {
			select {
			case queue <- bytes.Clone(p):
			default: // lost
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	client, err = New(Options{Addr: left, Output: func(packets [][]byte) {
		for _, p := range packets {
			server.Write(p)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // the link
		defer close(ended)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		began, sent := time.Now(), 0
		for p := range queue {
			for sent += len(p); time.Since(began) < time.Duration(sent)*time.Second/rate; {
				<-tick.C
			}
			client.Write(p)
		}
	}()
	defer func() {
		client.Close()
		server.Close()
		close(queue)
		<-ended
	}()
	l, err := server.ListenTCP(80)
	if err != nil {
		t.Fatal(err)
	}
	page := noise(size)
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Write(page)
			c.Close()
		}
	}()
	c, err := client.DialContext(within(t, time.Minute), "tcp", "10.0.0.2:80")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := time.Now()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, page) {
		t.Errorf("%d octets, %v", len(got), err)
	}
	t.Logf("%d octets in %v; the link needs %v", size, time.Since(began), size*time.Second/rate)
	if n := server.s.Stats().TCP.Timeouts.Value(); n > 3 { // each stops the link for a while
		t.Errorf("%d retransmission time-outs", n)
	}
}
