package modem

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// A heard is what one Read gave, and how long after the first octet was said.
type heard struct {
	after time.Duration
	what  string
}

func (h heard) String() string { return fmt.Sprintf("%q after %v", h.what, h.after) }

// What may be NO CARRIER waits until that is decided; nothing else waits. Each
// piece is said 100 ms after the one before, and then the port is closed.
func TestWhatMayBeNoCarrierWaits(t *testing.T) {
	const ms, words = time.Millisecond, "\r\nNO CARRIER\r\n"
	long := strings.Repeat("a text ", maxDoubt/7+1)
	for name, tt := range map[string]struct {
		pieces []string
		want   []heard
	}{
		"a Return":                     {[]string{"saran\r"}, []heard{{0, "saran"}, {250 * ms, "\r"}}},
		"Returns":                      {[]string{"\r", "\r"}, []heard{{100 * ms, "\r"}, {350 * ms, "\r"}}},
		"CR LF":                        {[]string{"saran\r\n", "x"}, []heard{{0, "saran"}, {100 * ms, "\r\nx"}}},
		"words that are typed":         {[]string{"\rNO CARRIER\r"}, []heard{{0, "\rNO CARRIER"}, {250 * ms, "\r"}}},
		"words in a text":              {[]string{"say" + words, "again", "\t."}, []heard{{0, "say"}, {200 * ms, words + "again\t."}}},
		"half of the words":            {[]string{"\r\nNO ", "CAR"}, []heard{{350 * ms, "\r\nNO CAR"}}},
		"a frame":                      {[]string{"~a frame~"}, []heard{{0, "~a frame~"}}},
		"a frame behind a piece":       {[]string{"~a frame~~half\r", "\n of one~"}, []heard{{0, "~a frame~~half"}, {100 * ms, "\r\n of one~"}}},
		"a flag behind the words":      {[]string{"~" + words, "~"}, []heard{{0, "~"}, {100 * ms, words + "~"}}},
		"more than a modem would say":  {[]string{words, long}, []heard{{100 * ms, words + long}}},
		"lost at a prompt, in pieces":  {[]string{"saran\r", "\r", "\nNO CAR", "RIER\r", "\n"}, []heard{{0, "saran"}, {100 * ms, "\r"}}},
		"lost in the middle of a line": {[]string{"sar" + words}, []heard{{0, "sar"}}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m, p := newPeer(t, Options{})
				p.connect(m, connected)
				begin := time.Now()
				go func() {
					for _, s := range tt.pieces {
						p.say(s)
						time.Sleep(100 * ms)
					}
					time.Sleep(time.Minute)
					p.conn.Close()
				}()
				defer time.Sleep(2 * time.Minute)
				var got []heard
				b := make([]byte, 4096)
				n, err := m.Read(b)
				for ; err == nil; n, err = m.Read(b) {
					got = append(got, heard{time.Since(begin), string(b[:n])})
				}
				if err != io.EOF || !slices.Equal(got, tt.want) {
					t.Errorf("read %v, %v, want %v", got, err, tt.want)
				}
			})
		})
	}
}

// A reader whose time is up comes again for what was held back.
func TestDeadlineWhileAPieceWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		p.connect(m, connected)
		begin := time.Now()
		m.SetReadDeadline(begin.Add(100 * time.Millisecond))
		go p.say("\r")
		b := make([]byte, 10)
		if n, err := m.Read(b); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("first read %q, %v", b[:n], err)
		}
		m.SetReadDeadline(time.Time{})
		if n, err := m.Read(b); string(b[:n]) != "\r" || err != nil || time.Since(begin) != pieceTime {
			t.Errorf("then %q, %v after %v", b[:n], err, time.Since(begin))
		}
	})
}

// A reader who was busy sees no piece of words that have come meanwhile.
func TestAPieceWhileNobodyReads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p := newPeer(t, Options{})
		p.connect(m, connected)
		go func() {
			p.say("saran\r\r")
			p.say(lossSaid[1:])
		}()
		b := make([]byte, 10)
		if n, err := m.Read(b); string(b[:n]) != "saran\r" || err != nil {
			t.Errorf("read %q, %v", b[:n], err)
		}
		time.Sleep(10 * time.Second)
		if got, err := readAll(m); got != "" || err != io.EOF {
			t.Errorf("then %q, %v", got, err)
		}
	})
}

// Where the signal proves itself while words are held they were data.
func TestHeldWordsWhereTheSignalTells(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m, p, w := newWired(t)
		p.connect(m, connected)
		begin := time.Now()
		time.AfterFunc(500*time.Millisecond, func() { w.carrier.Store(true) })
		go p.say("a text:" + lossSaid)
		b := make([]byte, 100)
		n, _ := m.Read(b)
		k, err := m.Read(b[n:])
		if got := string(b[:n+k]); got != "a text:"+lossSaid || err != nil || time.Since(begin) != time.Second {
			t.Errorf("read %q, %v after %v", got, err, time.Since(begin))
		}
		w.carrier.Store(false)
		<-m.Lost()
	})
}
