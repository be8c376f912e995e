package host

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"carrier/hardware/line"
)

// What a caller types comes when she types it, but for the end of a line, which is a
// moment late; what a modem says when she has hung up never comes.
func TestParting(t *testing.T) {
	type at struct {
		ms   int
		text string
	}
	upload := line.LossWords + strings.Repeat("more ", 13)
	for name, tt := range map[string]struct {
		types  []at
		hangUp int // when, in milliseconds; 0: not
		want   []at
	}{
		"keys":                        {[]at{{0, "l"}, {100, "s"}, {200, "\r"}}, 0, []at{{0, "l"}, {100, "s"}, {230, "\r"}}},
		"CR LF":                       {[]at{{0, "ls\r\n"}}, 0, []at{{0, "ls"}, {30, "\r\n"}}},
		"fast lines":                  {[]at{{0, "a\r"}, {10, "b\r\n"}, {20, "c\rd"}}, 0, []at{{0, "a"}, {10, "\rb"}, {20, "\r\nc\rd"}}},
		"nothing is late for long":    {[]at{{0, "\r"}, {1000, "x"}, {2000, "\r"}}, 0, []at{{30, "\r"}, {1000, "x"}, {2030, "\r"}}},
		"the words":                   {[]at{{0, "rm -rf x"}, {100, line.LossWords}}, 1100, []at{{0, "rm -rf x"}}},
		"in pieces":                   {[]at{{0, "x\r"}, {20, "\n"}, {40, "NO CA"}, {280, "RRI"}, {500, "ER\r"}, {700, "\n"}}, 1700, []at{{0, "x"}}},
		"with more of a modem's":      {[]at{{0, line.LossWords}, {100, "\r\nRING\r\n"}}, 1100, nil},
		"cut off":                     {[]at{{0, "x\r\nNO CARR"}}, 100, []at{{0, "x"}}},
		"a line, and then hung up":    {[]at{{0, "logout\r"}}, 10, []at{{0, "logout"}, {10, "\r"}}},
		"the beginning alone":         {[]at{{0, "\r\nNO "}}, 0, []at{{250, "\r\nNO "}}},
		"something else":              {[]at{{0, "\r\nNO CARRIAGE\r"}, {5, "x"}}, 0, []at{{0, "\r\nNO CARRIAGE"}, {5, "\rx"}}},
		"a quotation, never believed": {[]at{{0, line.LossWords}}, 0, []at{{6000, line.LossWords}}},
		"one in a longer text":        {[]at{{0, upload}}, 0, []at{{0, upload}}},
		"one in a program":            {[]at{{0, line.LossWords + "\x7e\xff"}}, 0, []at{{0, line.LossWords + "\x7e\xff"}}},
		"twice begun":                 {[]at{{0, "\r\nNO\r\nNO CARRIER\r\n"}}, 1000, []at{{0, "\r\nNO"}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := carry(t, t.Context(), Options{})
			began := time.Now()
			var got []at
			read := make(chan struct{})
			go func() {
				defer close(read)
				for b := make([]byte, 1024); ; {
					n, err := w.host.Read(b)
					if err != nil {
						return
					}
					ms := int(time.Since(began) / time.Millisecond)
					if i := len(got) - 1; i >= 0 && got[i].ms == ms {
						got[i].text += string(b[:n])
					} else {
						got = append(got, at{ms, string(b[:n])})
					}
				}
			}()
			for _, k := range tt.types {
				time.Sleep(time.Until(began.Add(time.Duration(k.ms) * time.Millisecond)))
				if _, err := w.line.Write([]byte(k.text)); err != nil {
					t.Fatal(err)
				}
			}
			if tt.hangUp > 0 {
				time.Sleep(time.Until(began.Add(time.Duration(tt.hangUp) * time.Millisecond)))
				w.line.Close()
				if err := <-w.ended; err.Error() != "line: EOF" {
					t.Errorf("%s: it ended with %v", name, err)
				}
			} else {
				time.Sleep(time.Minute)
				w.host.Close()
				<-w.ended
			}
			<-read
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s: the host got %+v, want %+v", name, got, tt.want)
			}
			sum := 0
			for _, a := range tt.want {
				sum += len(a.text)
			}
			if n := w.counters.OctetsUp.Load(); n != uint64(sum) {
				t.Errorf("%s: %d octets are counted, want %d", name, n, sum)
			}
		})
	}
}
