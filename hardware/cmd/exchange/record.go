package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"carrier/hardware/exchange"
)

// A recorder writes the octets of each call to two files of a folder, as they
// were delivered: 0001-5550001-5551212.to-called and .to-caller. It begins
// after the calls that are there already.
type recorder struct {
	folder string
	calls  atomic.Int64
}

func newRecorder(folder string) (*recorder, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	r := &recorder{folder: folder}
	before, err := filepath.Glob(filepath.Join(folder, "*.to-called"))
	r.calls.Store(int64(len(before)))
	return r, err
}

func (r *recorder) record(c exchange.Call) (toCalled, toCaller io.Writer, err error) {
	name := filepath.Join(r.folder, fmt.Sprintf("%04d-%s-%s", r.calls.Add(1), c.From, c.To))
	up, down := recording(name+".to-called"), recording(name+".to-caller")
	_, err = up.Write(nil) // an empty one stands for silence
	_, err2 := down.Write(nil)
	return up, down, errors.Join(err, err2)
}

// A recording is a file that is open only while something is added: nobody says
// when a call's last octet has been delivered.
type recording string

func (r recording) Write(b []byte) (int, error) {
	f, err := os.OpenFile(string(r), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := f.Write(b)
	return n, errors.Join(err, f.Close())
}
