package testbed

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"sync"
)

// Numbers answers datagrams that carry a number each with one that carries the
// next number of its own, and keeps what it was sent: whether datagrams stay in
// order can be seen at both ends.
type Numbers struct {
	mu  sync.Mutex
	got []int
}

// NewNumbers answers on a host, at UDP port 7 of addr, until the test ends.
func NewNumbers(h *Host, addr string) *Numbers {
	h.t.Helper()
	var c net.PacketConn
	err := h.Do(func() (err error) {
		c, err = net.ListenPacket("udp4", net.JoinHostPort(addr, "7"))
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	n := &Numbers{}
	var serving sync.WaitGroup
	serving.Go(func() { n.serve(c) })
	h.t.Cleanup(func() {
		c.Close()
		serving.Wait()
	})
	return n
}

func (n *Numbers) serve(c net.PacketConn) {
	b := make([]byte, 64)
	for sent := 1; ; sent++ {
		k, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		number, err := strconv.Atoi(string(bytes.TrimSpace(b[:k])))
		if err != nil {
			number = -1 // out of any order
		}
		n.mu.Lock()
		n.got = append(n.got, number)
		n.mu.Unlock()
		c.WriteTo(fmt.Appendln(nil, sent), from)
	}
}

// Got is every number that came, as they came.
func (n *Numbers) Got() []int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]int(nil), n.got...)
}
