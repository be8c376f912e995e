package exchange

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: two})
		a, b := d[0], d[1]
		start := time.Now()
		a.send("ATDT 555-12,12@W\r")
		b.want("\r\nRING\r\n")
		if setup := time.Since(start); setup != time.Second {
			t.Errorf("rang after %v", setup)
		}
		b.want("\r\nRING\r\n")
		if second := time.Since(start); second != 7*time.Second {
			t.Errorf("rang again after %v", second)
		}
		b.send("ATA\r")
		a.want("\r\nCONNECT 115200\r\n")
		if train := time.Since(start); train != 10*time.Second {
			t.Errorf("connected after %v", train)
		}
		b.want("\r\nCONNECT 115200\r\n")
		a.send("ATZ\r\nis data now\x00\xff")
		b.want("ATZ\r\nis data now\x00\xff")
		b.send("so is ATH\r")
		a.want("so is ATH\r")
		a.silent(time.Minute)
		b.silent(time.Minute)
	})
}

func TestCallerID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: []Subscriber{two[0], {Number: "5551201", Hunt: "5551212"}}})
		a, b := d[0], d[1]
		b.says("AT+VCID=1", "\r\nOK\r\n")
		a.send("ATD5551212\r")
		b.want("\r\nRING\r\n")
		now := time.Now()
		want := "\r\nDATE=" + now.Format("0102") + "\r\nTIME=" + now.Format("1504") +
			"\r\nNMBR=5550001\r\nNAME=SARA N\r\nCALLED NUMBER: 5551212\r\n"
		if before := b.want(want); before != "" {
			t.Errorf("%q before the caller id", before)
		}
		if at := time.Since(now); at != 3*time.Second {
			t.Errorf("caller id %v after the first ring", at)
		}
		if before := b.want("\r\nRING\r\n"); before != "" {
			t.Errorf("%q before the second ring", before)
		}
		if before := b.want("\r\nRING\r\n"); before != "" {
			t.Errorf("%q before the third ring", before)
		}
	})
}

func TestCallsThatFail(t *testing.T) {
	subscribers := append([]Subscriber{{Number: "100", Conditions: Conditions{Dead: true}}}, two...)
	for _, tt := range []struct {
		name, dial, answer string
		prepare            func(x *Exchange, caller, called *dte)
		after              time.Duration
	}{
		{name: "no such number", dial: "ATDT911", answer: "NO CARRIER", after: time.Second},
		{name: "itself", dial: "ATDT5550001", answer: "BUSY", after: time.Second},
		{name: "nobody answers", dial: "ATS7=255DT5551212", answer: "NO ANSWER", after: 61 * time.Second},
		{name: "S7 is over", dial: "ATS7=10DT5551212", answer: "NO ANSWER", after: 10 * time.Second},
		{name: "not at X0", dial: "ATX0DT5551212", answer: "NO CARRIER", after: 60 * time.Second},
		{name: "a dead line rings for nobody", dial: "ATS7=70DT100", answer: "NO ANSWER", after: 61 * time.Second},
		{name: "off hook", dial: "ATDT5551212", answer: "BUSY", after: time.Second,
			prepare: func(_ *Exchange, _, called *dte) { called.send("ATDT100\r") }},
		{name: "busied out", dial: "ATDT5551212", answer: "BUSY", after: time.Second,
			prepare: func(_ *Exchange, _, called *dte) { called.says("ATH1", "\r\nOK\r\n") }},
		{name: "back on hook", dial: "ATS7=10DT5551212", answer: "NO ANSWER", after: 10 * time.Second,
			prepare: func(_ *Exchange, _, called *dte) { called.says("ATH1H0", "\r\nOK\r\n") }},
		{name: "reset", dial: "ATS7=10DT5551212", answer: "NO ANSWER", after: 10 * time.Second,
			prepare: func(_ *Exchange, _, called *dte) { called.says("ATH1Z", "\r\nOK\r\n") }},
		{name: "nobody on the port", dial: "ATS7=70DT5551212", answer: "NO ANSWER", after: 61 * time.Second,
			prepare: func(_ *Exchange, _, called *dte) { called.close() }},
		{name: "while it rings", dial: "ATDT100", answer: "NO CARRIER",
			prepare: func(_ *Exchange, caller, called *dte) {
				called.send("ATDT5550001\r")
				caller.want("RING\r\n")
			}},
	} {
		synctest.Test(t, func(t *testing.T) {
			x, d := network(t, Options{Subscribers: subscribers})
			if tt.prepare != nil {
				tt.prepare(x, d[1], d[2])
			}
			start := time.Now()
			d[1].says(tt.dial, "\r\n"+tt.answer+"\r\n")
			if took := time.Since(start); took != tt.after {
				t.Errorf("%s: after %v, want %v", tt.name, took, tt.after)
			}
			d[1].says("ATZ", "\r\nOK\r\n")
		})
	}
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: subscribers})
		d[0].says("ATDT5551212", "\r\nNO DIALTONE\r\n")
	})
}

func TestRingingStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: two})
		a, b := d[0], d[1]
		a.send("ATDT5551212\r")
		b.want("RING\r\n")
		a.send("x") // any character ends the attempt
		a.want("\r\nNO CARRIER\r\n")
		b.silent(time.Minute)
		b.says("ATA", "\r\nNO CARRIER\r\n")
		b.says("ATS1?", "\r\n000\r\n")
		connectCall(t, a, b, "5551212") // and the next call finds it counting anew
	})
}

// Characters right behind ATD's carriage return do not abort (V.250 §5.6.1).
func TestLineFeedDoesNotAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: two})
		d[0].send("ATDT5551212\r")
		d[0].send("\n")
		d[1].want("RING\r\n")
		d[1].send("ATA\r\n")
		d[0].want("CONNECT")
		d[1].want("CONNECT")
	})
}

func TestAutoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: two})
		a, b := d[0], d[1]
		b.says("ATS0=3", "OK\r\n")
		start := time.Now()
		a.send("ATDT5551212\r")
		a.want("CONNECT")
		if got := b.want("CONNECT"); strings.Count(got, "RING") != 3 || time.Since(start) != 16*time.Second {
			t.Errorf("%q, connected after %v", got, time.Since(start))
		}
	})
}

func TestHangingUp(t *testing.T) {
	for _, tt := range []struct {
		name string
		hang func(t *testing.T, x *Exchange, a *dte)
		left string // what the one who hangs up sees
	}{
		{"+++ ATH", func(t *testing.T, _ *Exchange, a *dte) {
			time.Sleep(time.Second)
			a.send("+++")
			a.want("\r\nOK\r\n")
			a.send("ATH\r")
		}, "\r\nOK\r\n"},
		{"+++ ATZ", func(t *testing.T, _ *Exchange, a *dte) {
			time.Sleep(time.Second)
			a.send("+++")
			a.want("\r\nOK\r\n")
			a.send("ATZ\r")
		}, "\r\nOK\r\n"},
		{"the DTE is gone", func(_ *testing.T, _ *Exchange, a *dte) { a.close() }, ""},
		{"carrier dropped", func(t *testing.T, x *Exchange, _ *dte) {
			if n := x.Drop("5550001"); n != 1 {
				t.Errorf("dropped %d calls", n)
			}
		}, "\r\nNO CARRIER\r\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			x, d := network(t, Options{Subscribers: two})
			connectCall(t, d[0], d[1], "5551212")
			d[0].send("last words")
			d[1].want("last words")
			tt.hang(t, x, d[0])
			d[0].want(tt.left)
			if got := d[1].want("\r\nNO CARRIER\r\n"); got != "" && got != "+++" {
				t.Errorf("%s: %q before NO CARRIER", tt.name, got)
			}
			if n := x.Drop("5550001"); n != 0 {
				t.Errorf("%s: %d calls are still there", tt.name, n)
			}
			if tt.name == "the DTE is gone" {
				d[0] = plugIn(t, x.Lines()[0])
			}
			d[0].send("ATE0\r")
			d[0].want("OK\r\n")
			connectCall(t, d[1], d[0], "5550001") // both lines are free again
		})
	}
}

func TestEscapeAndBackOnline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: two})
		a, b := d[0], d[1]
		connectCall(t, a, b, "5551212")
		time.Sleep(2 * time.Second)
		a.send("+++")
		a.want("\r\nOK\r\n")
		b.want("+++")
		b.send("kept for later")
		a.silent(time.Minute)
		a.says("ATDT123", "\r\nERROR\r\n")
		a.says("ATA", "\r\nERROR\r\n")
		a.says("ATO", "\r\nCONNECT 115200\r\nkept for later")
		a.send("back")
		b.want("back")
		time.Sleep(2 * time.Second)
		a.send("+++")
		a.want("\r\nOK\r\n")
		b.close() // while a is in command mode
		a.want("\r\nNO CARRIER\r\n")
	})
}

// What was sent before hanging up still arrives, over a slow line too.
func TestHangingUpLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := []Subscriber{two[0], {Number: "5551212", Conditions: Conditions{Rate: 2400, Delay: 2 * time.Second}}}
		_, d := network(t, Options{Subscribers: s})
		connectCall(t, d[0], d[1], "5551212")
		words := strings.Repeat("terminate ", 60)
		d[0].send(words)
		d[0].close()
		if got := d[1].want("\r\nNO CARRIER\r\n"); got != words {
			t.Errorf("%d octets arrived of %d", len(got), len(words))
		}
	})
}

func TestDroppedCarrier(t *testing.T) {
	for _, tt := range []struct {
		c     Conditions
		send  int
		after time.Duration
	}{
		{Conditions{DropAfter: 90 * time.Second}, 10, 90 * time.Second},
		{Conditions{Rate: 28800, DropOctets: 7200}, 9000, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, d := network(t, Options{Subscribers: two, Rules: []Rule{{To: "5551212", Conditions: tt.c}}})
			a, b := d[0], d[1]
			connectCall(t, a, b, "5551212")
			start := time.Now()
			go func() { _, _ = a.port.Write(make([]byte, tt.send)) }() // more than will pass
			a.want("\r\nNO CARRIER\r\n")
			b.want("\r\nNO CARRIER\r\n")
			if took := time.Since(start); took < tt.after || took > tt.after+50*time.Millisecond {
				t.Errorf("%+v: dropped after %v", tt.c, took)
			}
			time.Sleep(time.Second)
			connectCall(t, b, a, "5550001")
		})
	}
}

func TestHuntGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, d := network(t, Options{Subscribers: []Subscriber{{Number: "1"}, {Number: "2"}, {Number: "3"},
			{Number: "800", Name: "first"}, {Number: "801", Hunt: "800"}, {Number: "800"}}})
		d[3].close() // nobody on the first line: it is taken last
		connectCall(t, d[0], d[4], "800")
		connectCall(t, d[1], d[5], "800")
		d[2].send("ATDT800\r")
		d[2].silent(30 * time.Second)
		again := plugIn(t, x.Lines()[3]) // it finds its line ringing
		again.want("\r\nRING\r\n")
		again.send("ATA\r")
		d[2].want("CONNECT")
		again.want("CONNECT")
		more, err := New(Options{})
		if err != nil || len(more.Lines()) != 0 {
			t.Errorf("an exchange without lines: %v", err)
		}
	})
}

func TestAllLinesOfAGroupBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: []Subscriber{{Number: "1"}, {Number: "2"}, {Number: "800"}}})
		connectCall(t, d[0], d[2], "800")
		d[1].says("ATDT800", "\r\nBUSY\r\n")
		d[1].says("ATX1DT800", "\r\nNO CARRIER\r\n")
		d[1].says("ATV0X4DT800", "7\r")
	})
}

// Rate and direction: an octet takes 8 bits, 10 without LAPM, and both
// directions have the whole rate.
func TestRate(t *testing.T) {
	for _, tt := range []struct {
		c    Conditions
		text string
		want time.Duration
	}{
		{Conditions{Rate: 28800}, "28800/ARQ/V34/LAPM/V42BIS", 9102 * time.Millisecond},
		{Conditions{Rate: 28800, NoLAPM: true}, "28800/V34/NONE", 11377 * time.Millisecond},
		{Conditions{Rate: 28800, Delay: time.Second}, "28800/ARQ/V34/LAPM/V42BIS", 10102 * time.Millisecond},
		{Conditions{}, "115200", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := []Subscriber{{Number: "1", Conditions: Conditions{Rate: 33600}}, {Number: "2", Conditions: tt.c}}
			if tt.c.Rate == 0 {
				s[0].Conditions = tt.c
			}
			_, d := network(t, Options{Subscribers: s})
			d[0].send("ATDT2\r")
			d[1].want("RING")
			d[1].send("ATA\r")
			for _, m := range d {
				m.want("\r\nCONNECT " + tt.text + "\r\n")
			}
			start := time.Now()
			data := bytes.Repeat([]byte("0123456789abcde\n"), 2048) // 32 KiB
			for _, m := range d {
				go func() { _, _ = m.port.Write(append(data, "end"...)) }()
			}
			for _, m := range d {
				if got := m.want("end"); got != string(data) {
					t.Errorf("%+v: %d octets, or changed", tt.c, len(got))
				}
				if took := time.Since(start); took < tt.want-5*time.Millisecond || took > tt.want+30*time.Millisecond {
					t.Errorf("%+v: 32 KiB took %v, want %v", tt.c, took, tt.want)
				}
			}
		})
	}
}

// The record of each direction is what was delivered, and holds the noise.
func TestRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var toCalled, toCaller bytes.Buffer
		var asked []Call
		x, d := network(t, Options{Subscribers: two, Seed: 1,
			Record: func(c Call) (io.Writer, io.Writer, error) {
				asked = append(asked, c)
				return &toCalled, &toCaller, nil
			}})
		a, b := d[0], d[1]
		connectCall(t, a, b, "5551212")
		if len(asked) != 1 || asked[0].From != "5550001" || asked[0].To != "5551212" || asked[0].Dialled != "5551212" {
			t.Errorf("asked about %+v", asked)
		}
		clean := strings.Repeat("up", 5000)
		a.send(clean)
		b.want(clean)
		x.Noise("5551212", 1e-3)
		a.send(clean)
		b.send(clean)
		time.Sleep(time.Second)
		synctest.Wait()
		x.Noise("5551212", 0)
		a.send("#end")
		b.send("#end")
		up, down := b.want("#end"), a.want("#end")
		synctest.Wait()
		if toCalled.String() != clean+up+"#end" || toCaller.String() != down+"#end" {
			t.Error("the record is not what was delivered")
		}
		for _, s := range []string{up, down} {
			wrong := 0
			for i := range s {
				if s[i] != clean[i] {
					wrong++
				}
			}
			if len(s) != len(clean) || wrong < 40 || wrong > 130 { // 80 expected
				t.Errorf("%d of %d octets wrong", wrong, len(s))
			}
		}
	})
}

// A DTE that stops reading during a call slows the other down, at last loses
// its call, and gets its modem back.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, err := New(Options{Subscribers: two})
		if err != nil {
			t.Fatal(err)
		}
		a := plugIn(t, x.Lines()[0])
		ours, theirs := newPipe()
		ended := make(chan error, 1)
		go func() { ended <- x.Lines()[1].Plug(t.Context(), theirs) }()
		ours.accept(t, "ATE0Q1S0=1\r")
		a.send("ATDT5551212\r")
		a.want("CONNECT 115200\r\n")
		start, sent := time.Now(), make(chan int, 1)
		go func() {
			n := 0
			for ; n < 1<<20; n += 1024 {
				if _, err := a.port.Write(make([]byte, 1024)); err != nil || time.Since(start) > 30*time.Second {
					break
				}
			}
			sent <- n
		}()
		a.want("\r\nNO CARRIER\r\n")
		if took := time.Since(start); took != time.Minute {
			t.Errorf("hung up after %v", took)
		}
		if n := <-sent; n > burst+4*chunk {
			t.Errorf("took %d octets that nobody read", n)
		}
		ours.close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
