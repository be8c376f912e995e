package exchange

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: two[:1]})
		m := d[0]
		for _, tt := range []struct{ command, answer string }{
			{"AT", "\r\nOK\r\n"},
			{"ATZE0", "\r\nOK\r\n"}, // the rest behind Z is ignored, as the echo of the next shows
			{"ATE0", "ATE0\r\r\nOK\r\n"},
			{"at s0=0 &c1 &d2", "\r\nOK\r\n"},
			{`AT&K3\N3%C3&Q5M1L2W2B0*X1-K0`, "\r\nOK\r\n"},
			{"AT+MS=V34;+IFC=2,2", "\r\nOK\r\n"},
			{"AT+FCLASS?", "\r\n0\r\n\r\nOK\r\n"},
			{"AT+FCLASS=?", "\r\n(0)\r\n\r\nOK\r\n"},
			{"AT+FCLASS=1", "\r\nERROR\r\n"},
			{"AT+VCID?", "\r\n0\r\n\r\nOK\r\n"},
			{"AT#CID=1", "\r\nOK\r\n"},
			{"AT+VCID?", "\r\n1\r\n\r\nOK\r\n"},
			{"AT+VCID=2", "\r\nERROR\r\n"},
			{"ATS7?", "\r\n060\r\n\r\nOK\r\n"},
			{"ATS7=45S7?", "\r\n045\r\n\r\nOK\r\n"},
			{"ATS7=256", "\r\nERROR\r\n"},
			{"ATS100?", "\r\nERROR\r\n"},
			{"ATI", "\r\nCarrier exchange\r\n\r\nOK\r\n"},
			{"ATI1", "\r\n5550001\r\n\r\nOK\r\n"},
			{"ATI8", "\r\nERROR\r\n"},
			{"ATX5", "\r\nERROR\r\n"},
			{"ATE2", "\r\nERROR\r\n"},
			{"ATR", "\r\nERROR\r\n"},
			{"AT+NOSUCH", "\r\nERROR\r\n"},
			{"ATS7=50!S7=20", "\r\nERROR\r\n"}, // nothing of a line that cannot be parsed is done
			{"ATS7?", "\r\n045\r\n\r\nOK\r\n"},
			{"ATS7=10RS7=20", "\r\nERROR\r\n"}, // but what stands before a command that fails is
			{"ATS7?", "\r\n010\r\n\r\nOK\r\n"},
			{"ATA", "\r\nNO CARRIER\r\n"},
			{"ATO", "\r\nNO CARRIER\r\n"},
			{"ATH", "\r\nOK\r\n"},
			{"ATDT123;", "\r\nOK\r\n"},
			{"ATD", "\r\nNO CARRIER\r\n"},
			{"AT" + strings.Repeat("M1", 200), "\r\nERROR\r\n"},
			{"ATS7=44&W", "\r\nOK\r\n"},
			{"AT&FE0S7?", "\r\n060\r\n\r\nOK\r\n"},
			{"ATZ", "\r\nOK\r\n"},
			{"ATS7?", "\r\n044\r\n\r\nOK\r\n"}, // E0 was stored too
			{"ATV0", "0\r"},
			{"ATR", "4\r"},
			{"ATS7?", "044\r\n0\r"},
			{"ATV1", "\r\nOK\r\n"},
			{"ATS3=33", "!\nOK!\n"},
		} {
			m.send(tt.command + "\r")
			m.want(tt.answer)
			m.silent(time.Second)
		}
		m.send("ATS3=13!\r\n\nA/a/")
		m.want("\r\nOK\r\n\r\nOK\r\n\r\nOK\r\n")
		m.send("ATQ1\r")
		m.send("ATI4\r")
		m.want("\r\nE0 Q1 V1 X4 &C1 &D2 +VCID=1\r\nS00:000 S01:000 S02:043 S03:013 S04:010 S05:008 S06:002 S07:044 S08:002 S09:006 S10:014 S11:095 S12:050\r\n")
		m.silent(time.Second)
	})
}

func TestNoiseOnTheCommandPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: two[:1]})
		m := d[0]
		garbage := strings.Repeat("~\xff}#\xc0!\x00 hello\r\n", 2000)
		m.send(garbage)
		m.silent(time.Second)
		m.says("AT", "\r\nOK\r\n")
		m.send("at" + strings.Repeat("\xffx", 50_000))
		m.silent(time.Second)
		m.says("", "\r\nERROR\r\n")
		m.says("AT", "\r\nOK\r\n")
	})
}

func TestEchoIsOnAtFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, d := network(t, Options{Subscribers: two[:1]})
		d[0].says("ATZ", "\r\nOK\r\n")
		d[0].send("junk\rATE1\r")
		d[0].want("junk\rATE1\r\r\nOK\r\n")
	})
}

// A DTE that comes back finds the stored profile, not what the last one set.
func TestEachDTEFindsAFreshModem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, d := network(t, Options{Subscribers: two[:1]})
		d[0].send("ATE1S7=33&WS7=11\r")
		d[0].want("OK\r\n")
		d[0].close()
		again := plugIn(t, x.Lines()[0])
		again.says("ATS7?", "\r\n033\r\n\r\nOK\r\n")
	})
}

// Who does not read loses results, and stalls nobody.
func TestDTEThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, err := New(Options{Subscribers: two})
		if err != nil {
			t.Fatal(err)
		}
		other := plugIn(t, x.Lines()[0])
		ours, theirs := newPipe()
		ended := make(chan error, 1)
		go func() { ended <- x.Lines()[1].Plug(t.Context(), theirs) }()
		ours.accept(t, "ATE0Q0\r")
		other.send("ATDT5551212\r") // it rings and rings
		other.want("\r\nNO ANSWER\r\n")
		other.says("ATI1", "\r\n5550001\r\n\r\nOK\r\n")
		ours.close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
