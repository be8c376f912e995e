package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"carrier/shared/hdlc"
)

// line plays the caller's side.
func (o options) line(rw io.ReadWriter) error {
	r := rand.New(rand.NewPCG(1, 1))
	var frames [][]byte
	for range 64 {
		frames = append(frames, hdlc.AppendFull(nil, payload(r)))
	}
	if o.dir == "up" {
		go acknowledge(rw)
		return o.send(rw, frames)
	}
	for range 3 { // pptpctrl carries nothing before its pppd has spoken
		if _, err := rw.Write(frames[0]); err != nil {
			return err
		}
	}
	return o.receive(rw)
}

// acknowledge agrees to the PNS's Configure-Request: pac lets nothing up before.
func acknowledge(rw io.ReadWriter) {
	d := hdlc.Decoder{ACCM: hdlc.AllControl}
	b := make([]byte, 4096)
	for {
		n, err := rw.Read(b)
		if err != nil {
			return
		}
		d.Push(b[:n], func(frame []byte, err error) {
			if err == nil && bytes.HasPrefix(frame, configureRequest[:5]) {
				ack := bytes.Clone(frame)
				ack[4] = 2 // Configure-Ack
				rw.Write(hdlc.AppendFull(nil, ack))
			}
		})
	}
}

func (o options) send(w io.Writer, frames [][]byte) error {
	start := time.Now()
	for n := 0; ; n++ {
		if _, err := w.Write(frames[n%len(frames)]); err != nil {
			return err
		}
		if n%16 == 0 {
			pace(start, n, o.rate)
		}
	}
}

// pace waits until n things at that rate have taken their time.
func pace(start time.Time, n, rate int) {
	if rate > 0 {
		time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / time.Duration(rate))))
	}
}

// receive counts flags, of which each frame has two, and keeps the number of
// frames in a file.
func (o options) receive(r io.Reader) error {
	flags := 0
	b := make([]byte, 65536)
	for said := time.Now(); ; {
		n, err := r.Read(b)
		if err != nil {
			return err
		}
		flags += bytes.Count(b[:n], []byte{0x7E})
		if time.Since(said) > 20*time.Millisecond {
			said = time.Now()
			if err := os.WriteFile(o.count+".new", []byte(strconv.Itoa(flags/2)), 0o600); err != nil {
				return err
			}
			if err := os.Rename(o.count+".new", o.count); err != nil { // whole, whenever it is read
				return err
			}
		}
	}
}
