package caller

import (
	"sync/atomic"
	"time"

	"carrier/shared/hdlc"
	"carrier/shared/ppp"
)

// A wire moves frames over the line, in a goroutine for each direction.
type wire struct {
	line    carrier
	frames  chan [][]byte // received, in their order; whoever takes them owns them
	lost    chan error    // the reader's end, once
	out     chan []byte   // to send, without FCS; closed by the owner at the very end
	ending  chan struct{} // closed: received frames and data to send go nowhere
	form    atomic.Pointer[form]
	spoiled atomic.Uint64 // what came between flags and was no frame
}

// A form is what LCP agreed about frames.
type form struct {
	send, receive uint32 // maps
	compress      ppp.Compression
}

// writeTime bounds how long the line may take for nothing: a modem holds some
// seconds of data at most.
const writeTime = time.Minute

func (w *wire) init(l carrier) {
	*w = wire{line: l, frames: make(chan [][]byte), lost: make(chan error, 1), out: make(chan []byte, 2), ending: make(chan struct{})}
	w.form.Store(&form{send: hdlc.AllControl})
}

// read takes octets from the line, first those in rest, until it is lost.
func (w *wire) read(rest []byte) {
	var decoder hdlc.Decoder
	octets := make([]byte, 4096)
	for b := rest; ; {
		decoder.ACCM = w.form.Load().receive
		var got [][]byte
		decoder.Push(b, func(frame []byte, err error) {
			if err != nil {
				w.spoiled.Add(1)
				return
			}
			got = append(got, append([]byte(nil), frame...))
		})
		if len(got) > 0 {
			select {
			case w.frames <- got:
			case <-w.ending:
			}
		}
		n, err := w.line.Read(octets)
		if err != nil {
			w.lost <- lost(err)
			return
		}
		b = octets[:n]
	}
}

// write sends what comes to out, until that is closed. After an error it sends
// nothing more: the reader finds the line lost too.
func (w *wire) write() {
	var octets []byte
	var failed bool
	for frame := range w.out {
		if failed {
			continue
		}
		f := w.form.Load()
		if p, _, err := ppp.Split(frame); err != nil || p == ppp.LCP {
			octets = hdlc.AppendFull(octets[:0], frame)
		} else {
			octets = (&hdlc.Encoder{ACCM: f.send}).Append(octets[:0], frame)
		}
		w.line.SetWriteDeadline(time.Now().Add(writeTime))
		if _, err := w.line.Write(octets); err != nil {
			failed = true
			w.line.SetReadDeadline(time.Unix(1, 0)) // a line that takes nothing is lost
		}
	}
}

// data sends IP packets; it blocks while the line is full. They are copied.
func (w *wire) data(packets [][]byte) {
	f := w.form.Load()
	for _, p := range packets {
		select {
		case w.out <- f.compress.Append(make([]byte, 0, 4+len(p)), ppp.IPv4, p):
		case <-w.ending:
			return
		}
	}
}
