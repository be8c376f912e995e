package exchange

import (
	"sync"
	"time"
)

// chunk is how much a port is asked for or given at once, in octets.
const chunk = 4096

// A transfer reads and writes a port for a goroutine that waits for other
// things too: one read and one write at a time, answered on channels.
type transfer struct {
	port    Port
	wants   chan int    // how much to read
	outs    chan []byte // what to write
	got     chan []byte // what was read, good until the next want
	wrote   chan int
	failed  chan error // the first error of either direction
	reading bool       // a read was asked for
	writing bool       // a write was asked for
	since   time.Time  // when writing began
	wg      sync.WaitGroup
}

func startTransfer(p Port) *transfer {
	t := &transfer{port: p, wants: make(chan int, 1), outs: make(chan []byte, 1),
		got: make(chan []byte, 1), wrote: make(chan int, 1), failed: make(chan error, 2)}
	t.wg.Go(t.readAll)
	t.wg.Go(t.writeAll)
	return t
}

func (t *transfer) readAll() {
	buf := make([]byte, chunk)
	for n := range t.wants {
		n, err := t.port.Read(buf[:min(n, chunk)])
		if n > 0 || err == nil {
			t.got <- buf[:n]
		}
		if err != nil {
			t.failed <- err
			return
		}
	}
}

func (t *transfer) writeAll() {
	for b := range t.outs {
		n, err := t.port.Write(b)
		t.wrote <- n
		if err != nil {
			t.failed <- err
			return
		}
	}
}

// read asks for up to n octets.
func (t *transfer) read(n int) {
	t.reading = true
	t.wants <- n
}

// write lends b until wrote answers.
func (t *transfer) write(now time.Time, b []byte) {
	t.writing, t.since = true, now
	t.outs <- b
}

// stop closes the port and waits for both goroutines.
func (t *transfer) stop() error {
	err := t.port.Close()
	close(t.wants)
	close(t.outs)
	t.wg.Wait()
	return err
}
