package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"carrier/shared/capture"
	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/ppp/cp"
	"carrier/shared/record"
)

// seen keeps what a tap is shown.
type seen []string

func (s *seen) PPP(call string, dir capture.Direction, frame []byte) {
	*s = append(*s, call+map[capture.Direction]string{capture.Received: "<", capture.Sent: ">"}[dir]+string(frame[4:]))
}

func TestFramesPassBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tap seen
		b := newBench(t, Options{Call: "atlanta/1", Tap: &tap}).listen()
		b.connect(nil, nil)
		tap = nil
		b.says(ip('a'))
		b.wantsUp("data", ip('a'))
		b.sends(ip('b'))
		b.wantsDown("data", ip('b'))
		b.writes([]byte{0x7E, 0x21, 'c', 0x7E}) // no frame: its FCS is wrong
		if !slices.Equal(tap, []string{"atlanta/1<a", "atlanta/1>b"}) {
			t.Errorf("tap saw %q", tap)
		}
		want := record.Traffic{FramesUp: 3, OctetsUp: 8 + 8 + 5, FramesDown: 3, OctetsDown: 8 + 8 + 5, Errors: 1}
		if got := b.count.Snapshot(); got != want {
			t.Errorf("counted %+v, want %+v", got, want)
		}
		b.stop(nil)
	})
}

func TestAddressAndControlAreThereForTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{}).listen()
		b.sends(lcp(cp.ConfigureRequest, 1)[2:])
		b.wantsDown("LCP", lcp(cp.ConfigureRequest, 1))
		b.sends(ip('x')[2:])
		b.wantsDown("data", ip('x'))
		b.connect(nil, []byte{optionACFC, 2})
		b.sends(ip('x')[2:])
		b.wantsDown("data as agreed", ip('x')[2:])
		b.sends(lcp(cp.ConfigureRequest, 2)[2:])
		b.wantsDown("LCP", lcp(cp.ConfigureRequest, 2))
		b.sends(ip('x')[2:])
		b.wantsDown("renegotiating", ip('x'))
		b.stop(nil)
	})
}

func TestAcknowledgesWhatTheLineHasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Rate: 28800})
		first, second := ip(bytes.Repeat([]byte{'1'}, 1000)...), ip(bytes.Repeat([]byte{'2'}, 1000)...)
		b.sends(first)
		b.sends(second)
		time.Sleep(time.Minute)
		if sent := b.tunnel.take(); len(sent) != 0 {
			t.Fatalf("% x while the line takes nothing", sent)
		}
		read := func(frame []byte, ack uint32, wait time.Duration) {
			octets := make([]byte, len(hdlc.AppendFull(nil, frame)))
			if _, err := io.ReadFull(b.caller, octets); err != nil {
				t.Fatal(err)
			}
			if wait > 0 {
				time.Sleep(wait - 50*time.Millisecond)
				if sent := b.tunnel.take(); len(sent) != 0 {
					t.Fatalf("% x while the frame is on the line", sent)
				}
				time.Sleep(50 * time.Millisecond)
			}
			synctest.Wait()
			sent := b.tunnel.take()
			if len(sent) != 1 {
				t.Fatalf("% x", sent)
			}
			if h, _, err := gre.Parse(sent[0]); err != nil || !h.HasAck || h.Ack != ack {
				t.Errorf("%+v, %v; want acknowledgement %d", h, err, ack)
			}
		}
		read(first, 0, 0)
		read(second, 1, 265*time.Millisecond) // what 1012 octets take, less 20 ms
		b.stop(nil)
	})
}

func TestHoldsFourSecondsOfLineTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Rate: 28800})
		frame := ip(make([]byte, 1396)...)
		for range 20 { // a PNS that ignores the window
			b.sends(frame)
		}
		if st := b.relay.Stats(); st.Waiting != 11 || b.count.Dropped.Load() != 9 {
			t.Errorf("%d waiting, %d dropped; 14400 octets are four seconds, and one is on the line", st.Waiting, b.count.Dropped.Load())
		}
		// What was dropped is acknowledged: nobody waits for it.
		acks := b.tunnel.take()
		if h, _, err := gre.Parse(acks[len(acks)-1]); err != nil || h.Ack != 8 {
			t.Errorf("last acknowledgement %+v, %v: want 8, of 20 eleven are held", h, err)
		}
		last := lcp(cp.TerminateRequest, 7, []byte("the pool is full")...)
		b.sends(last)
		b.listen()
		time.Sleep(10 * time.Second)
		got, _ := b.heard()
		if len(got) < 6 || len(got) > 11 || !bytes.Equal(got[0], frame) || !bytes.Equal(got[1], last) {
			t.Errorf("the last word is behind data: %d frames, the first % x", len(got), got[:min(len(got), 2)])
		}
		b.stop(nil)
	})
}

func TestTheLineIsLeftAloneUntilTheCallerSpeaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, after := range []time.Duration{400 * time.Millisecond, time.Hour} {
			b := newBench(t, Options{Hush: 1500 * time.Millisecond}).listen()
			began := time.Now()
			first := lcp(cp.ConfigureRequest, 1)
			b.sends(first)
			if after < time.Second {
				time.Sleep(after - time.Millisecond)
				b.wantsDown("before she speaks")
				time.Sleep(time.Millisecond)
				b.writes([]byte{0x7E})
			} else {
				time.Sleep(1499 * time.Millisecond)
				b.wantsDown("before the time is over")
				time.Sleep(time.Millisecond)
			}
			b.wantsDown("then", first)
			if took := time.Since(began); took != min(after, 1500*time.Millisecond) {
				t.Errorf("after %v", took)
			}
			b.stop(nil)
		}
	})
}

func TestTheRateOfAPortIsNotThatOfTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Rate: 115200}).listen()
		frame := ip(make([]byte, 1396)...)
		for range 100 {
			b.sends(frame)
		}
		if got, _ := b.heard(); len(got) != 100 {
			t.Errorf("%d of 100 frames at once", len(got))
		}
		b.stop(nil)
	})
}

func TestUpWaitsForTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 4}}).listen()
		b.connect(nil, nil) // two packets, half of four, where a window begins; both are acknowledged
		for _, c := range []byte("12345678") {
			b.says(ip(c))
		}
		b.wantsUp("one more than before", ip('1'), ip('2'), ip('3'))
		echo := lcp(9, 1, 0, 0, 0, 0)
		b.says(echo)
		b.wantsUp("control does not wait", echo)
		b.sends(ip('w')) // brings the acknowledgement
		b.wantsUp("and one more", ip('4'), ip('5'), ip('6'), ip('7'))
		time.Sleep(10 * time.Second)
		b.wantsUp("no acknowledgement came in time", ip('8'))
		if sent, late := b.packets.Sent.Load(), b.packets.TimeOuts.Load(); sent != 11 || late != 2 {
			t.Errorf("%d sent, %d time-outs counted", sent, late)
		}
		b.stop(nil)
	})
}

func TestRunEnds(t *testing.T) {
	errDrop := errors.New("operator")
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.sends(ip('x')) // the writer is blocked in Write
		if err := b.stop(errDrop); err != errDrop {
			t.Errorf("cancelled: %v", err)
		}
		b.sends(ip('y')) // nothing listens any more
		b.relay.Wake(time.Now())
		if err := b.relay.Flush(t.Context()); err != nil || b.relay.Stats().Waiting > 1 {
			t.Errorf("over: %v, %+v", err, b.relay.Stats())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.caller.Close()
		err := <-b.ran
		var lost *LineError
		if !errors.As(err, &lost) || lost.Op != "read" || !errors.Is(err, io.EOF) || err.Error() != "line: read: EOF" {
			t.Errorf("lost: %v", err)
		}
	})
}

func TestRunLeavesTheLineUsable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		synctest.Wait()
		b.end(nil)
		<-b.ran
		go func() { _, _ = b.caller.Write([]byte("NO CARRIER")) }()
		buf := make([]byte, 20)
		if n, err := b.relay.line.Read(buf); err != nil || string(buf[:n]) != "NO CARRIER" {
			t.Errorf("%q, %v", buf[:n], err)
		}
	})
}

func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.sends(ip('1'))
		b.sends(ip('2'))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := b.relay.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while the line takes nothing: %v", err)
		}
		b.listen()
		if err := b.relay.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		b.wantsDown("flushed", ip('1'), ip('2'))
		b.stop(nil)
	})
}

func TestLineErrorsByKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		good := hdlc.AppendFull(nil, lcp(cp.ConfigureRequest, 1))
		spoiled := bytes.Clone(good)
		spoiled[5] ^= 1
		b.writes(good)
		b.writes(spoiled)
		b.writes([]byte("\x7eabcdefg\x7d\x7e")) // abort
		b.writes([]byte("\x7eab\x7e"))          // runt
		b.writes(append(bytes.Repeat([]byte{'g'}, 4000), 0x7E))
		b.writes(good)
		if n := len(b.tunnelled()); n != 2 {
			t.Errorf("%d frames relayed", n)
		}
		for _, e := range []*LineErrors{&b.errors, b.relay.LineErrors()} {
			var kinds []string
			e.Each(func(kind string, n uint64) {
				kinds = append(kinds, kind)
				if n != 1 {
					t.Errorf("%s: %d", kind, n)
				}
			})
			if !slices.Equal(kinds, []string{"fcs", "abort", "runt", "giant"}) {
				t.Errorf("%v", kinds)
			}
		}
		if n := b.count.Errors.Load(); n != 4 {
			t.Errorf("%d errors of the call", n)
		}
		b.stop(nil)
	})
}

func TestGarbageFromBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 1))
		b := newBench(t, Options{GRE: gre.Options{Windowing: true, SendWindow: 4}})
		go func() { _, _ = io.Copy(io.Discard, b.caller) }()
		junk := func(n int) []byte {
			p := make([]byte, n)
			for i := range p {
				p[i] = "\x7e\x7d\xff\x03\xc0\x21\x01\x02\x00\x04\x30\x81\x88\x0b"[rnd.IntN(14)]
				if rnd.IntN(4) == 0 {
					p[i] = byte(rnd.Uint32())
				}
			}
			return p
		}
		for range 3000 {
			b.writes(junk(rnd.IntN(300)))
			b.sends(junk(1 + rnd.IntN(60)))
			b.relay.Receive([][]byte{junk(rnd.IntN(30))})
			b.tunnel.take()
		}
		if b.errors.FCS.Load() == 0 || b.relay.Stats().GRE.Received[gre.Malformed] == 0 {
			t.Error("the garbage is too clean")
		}
		if err := b.stop(io.ErrUnexpectedEOF); err != io.ErrUnexpectedEOF {
			t.Errorf("ended by itself: %v", err)
		}
	})
}

func TestWindowAndDelay(t *testing.T) {
	for _, tt := range []struct {
		rate          int
		window, delay uint16
	}{
		{0, 64, 0}, {-1, 64, 0}, {300, 4, 1562}, {2400, 4, 196}, {14400, 4, 33}, {28800, 4, 17}, {33600, 5, 18}, {56000, 7, 15},
		{115200, 64, 0}, {57600, 64, 0}, {128000, 13, 12}, {1_000_000, 64, 8}, {1, 4, 65535},
	} {
		if w := Window(tt.rate); w != tt.window || Delay(tt.rate, w) != tt.delay {
			t.Errorf("%d bit/s: window %d, delay %d; want %d and %d", tt.rate, w, Delay(tt.rate, w), tt.window, tt.delay)
		}
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	var count record.Counters
	var errs LineErrors
	r := New(Options{Tunnel: &null{}, Counters: &count, Errors: &errs, Packets: new(gre.Counters), Decoder: &hdlc.Decoder{}})
	r.lcp.open = true
	pns := gre.NewSession(gre.Options{}, time.Now())
	frame := ip(bytes.Repeat([]byte{0x11, 'x'}, 700)...)
	octets := hdlc.AppendFull(nil, frame)
	var batch gre.Batch
	b := new(buffer)
	step := func() {
		now := time.Now()
		batch.Add(pns.Append(now, batch.Next(), frame))
		batch.Add(pns.Append(now, batch.Next(), frame))
		r.Receive(batch.Take())
		for len(r.take(b)) > 0 {
			r.taken()
		}
		r.chunk(octets)
	}
	step()
	if n := testing.AllocsPerRun(200, step); n != 0 && !raced {
		t.Errorf("%v allocations for three frames", n)
	}
	if got := count.Snapshot(); got.FramesDown != 2*got.FramesUp || got.Dropped != 0 || got.Errors != 0 {
		t.Errorf("%+v", got)
	}
}

// null is a tunnel that is nowhere.
type null struct{}

func (*null) Send(...[]byte) error { return nil }
func (*null) WakeAt(time.Time)     {}
