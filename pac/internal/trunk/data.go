package trunk

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"sync"
	"time"

	"carrier/hardware/line"
	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/peer"
	"carrier/shared/quirk"
)

// What may wait: octets of the caller's until they are read, and frames for her
// until the PAC's window lets them go. More of hers is lost, as on a line that nobody
// reads; more for her waits where it is written.
const (
	maxIn  = 64 << 10
	maxOut = 4
)

// A tunnel takes GRE packets to the PAC; *peer.Call is one.
type tunnel interface {
	Send(packets ...[]byte) error
	WakeAt(time.Time)
}

// data is the data half of a call: a peer.Receiver on one side, octets with
// deadlines on the other. What it sends goes out under its lock.
type data struct {
	call  tunnel
	strip bool // leave out Address and Control of what we send

	mu      sync.Mutex
	gre     gre.Session
	batch   gre.Batch
	decoder hdlc.Decoder
	in      []byte
	out     [][]byte
	over    bool
	readBy  time.Time
	writeBy time.Time
	changed chan struct{} // closed when anything is; nil: nobody waits
}

func newData(c *peer.Call) *data {
	to := c.Conn().Settings()
	windowing, window := cmp.Or(to.Window, quirk.Full).Use(c.PeerWindow())
	return makeData(c, to.Strip.Or(false), gre.Options{PeerCallID: c.PeerID(), Windowing: windowing, SendWindow: window,
		PeerDelay: c.PeerDelay(), RecvWindow: recvWindow})
}

func makeData(to tunnel, strip bool, o gre.Options) *data {
	return &data{call: to, strip: strip, gre: gre.NewSession(o, time.Now())}
}

// Receive takes the caller's frames from the socket's reader.
func (d *data) Receive(packets [][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.gre.ReceiveBatch(now, packets, d.deliver)
	d.settle(now)
}

// Wake does what the session's deadline asks.
func (d *data) Wake(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gre.Expire(now, d.deliver)
	d.settle(now)
}

// deliver frames one of the caller's frames. All control characters are escaped:
// who reads has not agreed on anything yet.
func (d *data) deliver(frame []byte) {
	if len(d.in) < maxIn && !d.over {
		d.in = hdlc.AppendFull(d.in, frame)
	}
}

// settle sends what may be sent, and frees who waits; mu is held.
func (d *data) settle(now time.Time) {
	for len(d.out) > 0 && d.gre.Ready() {
		d.batch.Add(d.gre.Append(now, d.batch.Next(), d.out[0]))
		d.out = d.out[1:]
	}
	d.batch.Add(d.gre.AppendAck(now, d.batch.Next()))
	if packets := d.batch.Take(); len(packets) > 0 {
		_ = d.call.Send(packets...) // a call that is over says so by its events
	}
	d.call.WakeAt(d.gre.Deadline())
	d.change()
}

// change frees who waits; mu is held.
func (d *data) change() {
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// wait waits until something changes or a deadline has passed; mu is held, but for
// that time.
func (d *data) wait(by time.Time) error {
	now := time.Now()
	if !by.IsZero() && !now.Before(by) {
		return os.ErrDeadlineExceeded
	}
	if d.changed == nil {
		d.changed = make(chan struct{})
	}
	changed := d.changed
	d.mu.Unlock()
	defer d.mu.Lock()
	if by.IsZero() {
		<-changed
		return nil
	}
	t := time.NewTimer(by.Sub(now))
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	}
	return nil
}

// bound sets a deadline, also of who waits.
func (d *data) bound(which *time.Time, t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*which = t
	d.change()
}

func (d *data) read(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		switch n := copy(b, d.in); {
		case n > 0:
			d.in = append(d.in[:0], d.in[n:]...)
			return n, nil
		case d.over:
			return 0, io.EOF
		}
		if err := d.wait(d.readBy); err != nil {
			return 0, err
		}
	}
}

// write takes b as a whole, or nothing of it.
func (d *data) write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.out) >= maxOut && !d.over {
		if err := d.wait(d.writeBy); err != nil {
			return 0, err
		}
	}
	if d.over {
		return 0, line.ErrNoCarrier
	}
	d.decoder.Push(b, func(frame []byte, err error) {
		if err == nil {
			d.out = append(d.out, d.addressed(frame))
		}
	})
	d.settle(time.Now())
	return len(b), nil
}

// addressed is a copy of a frame as the PAC wants it.
func (d *data) addressed(frame []byte) []byte {
	if d.strip {
		frame = bytes.TrimPrefix(frame, []byte("\xFF\x03"))
	}
	return bytes.Clone(frame)
}

// drain waits until the PAC has acknowledged all that was written, which one of ours
// does when it has left its line; until a time at most.
func (d *data) drain(until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.over {
		if s := d.gre.Stats(); len(d.out) == 0 && s.Acked >= s.Sent || d.wait(until) != nil {
			return
		}
	}
}

func (d *data) unsent() (octets int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, frame := range d.out {
		octets += len(frame)
	}
	return octets
}

// close ends the data half.
func (d *data) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	d.out = nil
	d.change()
}
