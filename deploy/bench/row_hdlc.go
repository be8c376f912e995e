package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"carrier/shared/hdlc"

	"golang.org/x/sys/unix"
)

// octetLoop is the rival of the HDLC rows: hdlc.c.
const octetLoop = "C octet loop"

// framing is the work of one HDLC row: payloads of 1500 octets, framed or
// unframed under one ACCM.
type framing struct {
	payload  [][]byte
	lines    [][]byte // the payloads as they go on the line
	accm     uint32
	encoding bool
}

// hdlcRows compare shared/hdlc with a loop over single octets, by the CPU time
// that a payload takes.
func hdlcRows() (all []Row) {
	random := func(r *rand.Rand) byte { return byte(r.Uint32()) }
	text := func(r *rand.Rand) byte { return 0x20 + byte(r.IntN(91)) } // printable; nothing to escape
	for _, c := range []struct {
		name  string
		octet func(*rand.Rand) byte
		accm  uint32
		bar   float64
	}{
		{"decode, random, ACCM 0", random, 0, 3.5},
		{"decode, sparse, ACCM 0", text, 0, 4},
		{"decode, random, ACCM all ones", random, hdlc.AllControl, 1.4},
		{"encode, random, ACCM 0", random, 0, 2.4},
		{"encode, sparse, ACCM 0", text, 0, 2.5},
		{"encode, random, ACCM all ones", random, hdlc.AllControl, 1.7},
	} {
		encoding := strings.HasPrefix(c.name, "encode")
		all = append(all, Row{Name: "HDLC " + c.name, Unit: "MB/s", Bars: []Bar{AtLeast(c.bar, octetLoop)},
			Prepare: func(ctx context.Context, w *Workshop) ([]Candidate, error) {
				return newFraming(c.octet, c.accm, encoding).candidates(ctx, w)
			}})
	}
	return all
}

func newFraming(octet func(*rand.Rand) byte, accm uint32, encoding bool) *framing {
	f := &framing{accm: accm, encoding: encoding}
	r := rand.New(rand.NewPCG(1, 1))
	e := hdlc.Encoder{ACCM: accm}
	for range 64 {
		p := make([]byte, 1500)
		for i := range p {
			p[i] = octet(r)
		}
		f.payload = append(f.payload, p)
		f.lines = append(f.lines, e.Append(nil, p))
	}
	return f
}

func (f *framing) candidates(ctx context.Context, w *Workshop) ([]Candidate, error) {
	bin, err := w.C(ctx, "hdlc.c")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(w.Folder, "payload")
	all := make([]byte, 0, len(f.payload)*1500)
	for _, p := range f.payload {
		all = append(all, p...)
	}
	if err := os.WriteFile(file, all, 0o600); err != nil {
		return nil, err
	}
	verb := "decode"
	if f.encoding {
		verb = "encode"
	}
	return []Candidate{
		{"shared/hdlc", func(context.Context) (float64, error) { return f.run() }},
		{octetLoop, func(ctx context.Context) (float64, error) {
			return f.theirs(exec.CommandContext(ctx, bin, verb, fmt.Sprint(f.accm), file))
		}},
	}, nil
}

// theirs runs the octet loop, and sees that it made the same frames.
func (f *framing) theirs(cmd *exec.Cmd) (rate float64, err error) {
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	var theirs uint64
	if _, err := fmt.Sscanf(string(out), "%f %x", &rate, &theirs); err != nil {
		return 0, err
	}
	ours := fnv.New64a()
	for _, l := range f.lines {
		ours.Write(l)
	}
	if ours.Sum64() != theirs {
		return 0, errors.New("the frames on the line differ")
	}
	return rate, nil
}

// run is ours: MB/s of payload by CPU time.
func (f *framing) run() (float64, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	d, e := hdlc.Decoder{ACCM: f.accm}, hdlc.Encoder{ACCM: f.accm}
	buf := make([]byte, 0, 4096)
	good, octets := 0, 0
	count := func(_ []byte, err error) {
		if err == nil {
			good++
		}
	}
	start := threadTime()
	for {
		for i := range f.payload {
			if f.encoding {
				buf = e.Append(buf[:0], f.payload[i])
				continue
			}
			d.Push(f.lines[i], count)
		}
		octets += len(f.payload) * 1500
		if took := threadTime() - start; took >= 200*time.Millisecond {
			if !f.encoding && good*1500 != octets {
				return 0, fmt.Errorf("%d good frames of %d octets", good, octets)
			}
			return float64(octets) / took.Seconds() / 1e6, nil
		}
	}
}

// threadTime is the CPU time that this thread has taken.
func threadTime() time.Duration {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t)
	return time.Duration(t.Nano())
}
