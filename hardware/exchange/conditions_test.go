package exchange

import (
	"testing"
	"time"
)

func TestConditionsOfBothLines(t *testing.T) {
	a := Conditions{Rate: 28800, Delay: time.Second, Noise: 0.5, DropAfter: time.Minute}
	b := Conditions{Rate: 33600, NoLAPM: true, Delay: time.Second, Noise: 0.5, DropOctets: 9}
	want := Conditions{Rate: 28800, NoLAPM: true, Delay: 2 * time.Second, Noise: 0.75, DropAfter: time.Minute, DropOctets: 9}
	if got := a.with(b); got != want {
		t.Errorf("%+v", got)
	}
	if got := b.with(a); got != want {
		t.Errorf("the other way round: %+v", got)
	}
	if got := a.with(Conditions{}); got != a {
		t.Errorf("with a perfect line: %+v", got)
	}
}

func TestConnectText(t *testing.T) {
	for _, tt := range []struct {
		c    Conditions
		want string
		code string // numeric
	}{
		{Conditions{}, "115200", "19\r"},
		{Conditions{Rate: 28800}, "28800/ARQ/V34/LAPM/V42BIS", "64\r"},
		{Conditions{Rate: 14400, NoLAPM: true}, "14400/V32B/NONE", "15\r"},
		{Conditions{Rate: 50000}, "50000/ARQ/V90/LAPM/V42BIS", "1\r"},
		{Conditions{Rate: 64000}, "64000/ARQ/LAPM/V42BIS", "1\r"},
		{Conditions{Rate: 64000, Connect: "2400"}, "2400", "10\r"},
		{Conditions{Connect: "FAST"}, "FAST", "1\r"},
	} {
		if got := tt.c.text(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.c, got, tt.want)
		}
		p := factory()
		if got := p.code(resultConnect, tt.c.text()); got != "\r\nCONNECT "+tt.want+"\r\n" {
			t.Errorf("%+v: %q", tt.c, got)
		}
		p.verbose = false
		if got := p.code(resultConnect, tt.c.text()); got != tt.code {
			t.Errorf("%+v: %q, want %q", tt.c, got, tt.code)
		}
		p.level = 0
		if got := p.code(resultConnect, tt.c.text()); got != "1\r" {
			t.Errorf("%+v at X0: %q", tt.c, got)
		}
	}
}

// The levels of ATX, V.250 §6.3.7; NO ANSWER has no place in that table.
func TestResultLevels(t *testing.T) {
	for _, tt := range []struct {
		r    result
		want [5]string // by level
	}{
		{resultConnect, [5]string{"CONNECT", "CONNECT 2400", "CONNECT 2400", "CONNECT 2400", "CONNECT 2400"}},
		{resultNoDialtone, [5]string{"NO CARRIER", "NO CARRIER", "NO DIALTONE", "NO CARRIER", "NO DIALTONE"}},
		{resultBusy, [5]string{"NO CARRIER", "NO CARRIER", "NO CARRIER", "BUSY", "BUSY"}},
		{resultNoAnswer, [5]string{"NO CARRIER", "NO ANSWER", "NO ANSWER", "NO ANSWER", "NO ANSWER"}},
		{resultRing, [5]string{"RING", "RING", "RING", "RING", "RING"}},
	} {
		for level, want := range tt.want {
			p := factory()
			p.level = level
			if got := p.code(tt.r, "2400"); got != "\r\n"+want+"\r\n" {
				t.Errorf("X%d: %q, want %q", level, got, want)
			}
			p.quiet = true
			if got := p.code(tt.r, "2400"); got != "" {
				t.Errorf("Q1: %q", got)
			}
		}
	}
}

// The numbers of V.250 table 1 and of Hayes modems.
func TestNumericResults(t *testing.T) {
	for code, r := range map[string]result{"0\r": resultOK, "2\r": resultRing, "3\r": resultNoCarrier, "4\r": resultError,
		"6\r": resultNoDialtone, "7\r": resultBusy, "8\r": resultNoAnswer} {
		p := factory()
		p.verbose = false
		if got := p.code(r, ""); got != code {
			t.Errorf("%v: %q, want %q", r, got, code)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, s := range []Subscriber{
		{Number: ""}, {Number: "555-1212"}, {Number: "saran"},
		{Number: "1", Conditions: Conditions{Rate: -1}},
		{Number: "1", Conditions: Conditions{Noise: 1.5}},
		{Number: "1", Conditions: Conditions{Delay: -1}},
		{Number: "1", At: "nowhere"},
		{Number: "1", At: "nowhere", Connect: true},
		{Number: "1", Connect: true},
		{Number: "1", At: "pty", Connect: true},
		{Number: "1", At: "tcp://127.0.0.1:0", Link: "/tmp/x"},
		{Number: "1", Hunt: "x"},
	} {
		if _, err := New(Options{Subscribers: []Subscriber{{Number: "2", At: "tcp://127.0.0.1:0"}, s}}); err == nil {
			t.Errorf("%+v: no error", s)
		}
	}
}
