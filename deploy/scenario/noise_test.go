package scenario

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/capture"
	"carrier/shared/hdlc"
)

// kinds of spoiled frames.
var kinds = []string{"fcs", "runt", "abort", "giant"}

// On a line that spoils one bit in 100,000, both ways, from the first octet on,
// what PPP carries is right, nothing spoiled goes into the tunnel, and what pac
// counts is what a plain reading of the line's octets finds.
func TestNoise(t *testing.T) {
	t.Parallel()
	up, down := newReference(), newReference()
	w := newWorld(t, setting{line: exchange.Conditions{Noise: 1e-5}, phones: exchange.Options{Seed: 1994,
		Record: func(exchange.Call) (io.Writer, io.Writer, error) { return up, down, nil }}})
	tunnelled := w.tunnelled(up)
	c, err := w.tryOn(&sparing{Conn: w.plug(0)}, sara())
	if err != nil {
		t.Fatal(err)
	}
	before := up.counts()
	w.carries(c)
	w.flood(c, func() bool { return grown(up.counts(), before) })

	w.phones.Noise("4045550001", 0)
	w.reads(c) // behind all that was under way
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	call := w.pac.ended(1)
	w.pns.ended(1)
	counted := up.counts()
	for _, kind := range kinds {
		if got := uint64(w.pac.metric(`pac_line_errors_total{kind="` + kind + `"}`)); got != counted[kind] {
			t.Errorf("pac counted %d times %s, the reference %d times", got, kind, counted[kind])
		}
	}
	if got, want := call.Traffic.Errors, total(counted); got != want {
		t.Errorf("the call's own counter says %d, want %d", got, want)
	}
	if got, want := c.Spoiled(), total(down.counts()); got != want || got == 0 {
		t.Errorf("the caller counted %d, want %d", got, want)
	}
	seen := tunnelled()
	frames := total(seen)
	if wrong := up.missing(seen); wrong > 0 || frames < 1000 {
		t.Errorf("of %d frames at the PNS %d never came whole from the line", frames, wrong)
	}
	t.Logf("up: %v beside %d frames, of which the PNS showed %d; down: %v", counted, call.Traffic.FramesUp, frames, down.counts())
}

// grown reports whether there are more of every kind.
func grown(now, before map[string]uint64) bool {
	for _, kind := range kinds {
		if now[kind] <= before[kind] {
			return false
		}
	}
	return true
}

func total[K comparable](counts map[K]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// carries sends data both ways and checks its hash.
func (w *world) carries(c *caller.Call) {
	w.t.Helper()
	data := testbed.Data(1 << 20)
	want := testbed.Hash(data)
	_, answer, err := c.Upload(within(w.t), "http://2.1.1.10/hash", bytes.NewReader(data), int64(len(data)))
	if err != nil || string(answer) != want+"\n" {
		w.t.Errorf("what went up has the hash %q, want %q (%v)", answer, want, err)
	}
	var page bytes.Buffer
	_, err = c.Download(within(w.t), fmt.Sprintf("http://2.1.1.10/data?n=%d", len(data)), &page)
	if got := testbed.Hash(page.Bytes()); err != nil || got != want {
		w.t.Errorf("%d octets that came down have the hash %q, want %q (%v)", page.Len(), got, want, err)
	}
}

// tunnelled captures at the PNS; the function that it returns ends that and
// says which frames came through the tunnel, by the hashes of r, and how often.
func (w *world) tunnelled(r *reference) func() map[uint64]uint64 {
	ctx, stop := context.WithCancel(context.Background())
	reads, writes := io.Pipe()
	captured, read := make(chan error, 1), make(chan map[uint64]uint64, 1)
	go func() {
		err := w.pns.Capture(ctx, capture.Filter{}, writes)
		writes.Close()
		captured <- err
	}()
	go func() {
		defer reads.Close()
		frames := map[uint64]uint64{}
		defer func() { read <- frames }()
		file, err := pcapgo.NewNgReader(reads, pcapgo.NgReaderOptions{WantMixedLinkType: true})
		for err == nil {
			var b []byte
			var about gopacket.CaptureInfo
			b, about, err = file.ReadPacketData()
			if err == nil && about.InterfaceIndex > 0 && b[0] == byte(capture.Received) {
				frames[r.hash(b[1:])]++
			}
		}
	}()
	w.t.Cleanup(stop)
	return func() map[uint64]uint64 {
		stop()
		if err := <-captured; err != nil && !errors.Is(err, context.Canceled) {
			w.t.Errorf("capture: %v", err)
		}
		return <-read
	}
}

// flood sends packets until enough was seen: pairs of frames that are too long
// together, full of what must be escaped. What answers them keeps their number
// in bounds.
func (w *world) flood(c *caller.Call, enough func() bool) {
	w.t.Helper()
	conn, err := c.DialContext(within(w.t), "udp", "2.1.1.10:9")
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close()
	const ahead = 24 // packets that may be under way
	packet := bytes.Repeat([]byte{'.'}, hdlc.DefaultMaxFrame/2-28)
	copy(packet[100:], bytes.Repeat([]byte{0x7E, 0x7D}, 20))
	answer := make([]byte, len(packet))
	sent, answered := uint64(0), uint64(0)
	for end := time.Now().Add(5 * testbed.Patience); !enough(); sent++ {
		if time.Now().After(end) {
			w.t.Fatalf("after %d packets not enough was seen", sent)
		}
		binary.BigEndian.PutUint64(packet, sent)
		if _, err := conn.Write(packet); err != nil {
			w.t.Fatal(err)
		}
		for sent-answered >= ahead {
			conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			n, err := conn.Read(answer)
			var late net.Error
			switch {
			case err == nil && n >= 8:
				answered = max(answered, min(sent, binary.BigEndian.Uint64(answer)))
			case errors.As(err, &late) && late.Timeout(): // all that was under way is lost
				answered = sent
			case err != nil:
				w.t.Fatal(err)
			}
		}
	}
}

// A sparing port writes one flag between two frames, as RFC 1662 §4.1 allows
// and pppd does, so that where noise takes it two frames become one; but after
// every eighth frame a whole row of them, as some fill the time between frames,
// so that a spoiled flag stands alone. Behind the first frame it says what a
// modem may say that is still training: PPP with the PAC meets all kinds of it.
type sparing struct {
	net.Conn
	frames int
}

func (s *sparing) Write(b []byte) (int, error) {
	if len(b) < 2 || b[0] != 0x7E {
		return s.Conn.Write(b)
	}
	out := b
	switch s.frames {
	case 0:
		out = append(bytes.Clone(b), "A\x7EABCDE\x7EABCDE}\x7E"...)
		out = append(append(out, bytes.Repeat([]byte{'A'}, 2*hdlc.DefaultMaxFrame)...), 0x7E)
	default:
		out = b[1:]
		if s.frames%8 == 0 {
			out = append(bytes.Clone(out), bytes.Repeat([]byte{0x7E}, 64)...)
		}
	}
	s.frames++
	if _, err := s.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}
