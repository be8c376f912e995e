package identify

import (
	"io"
	"testing"
	"time"

	"carrier/hardware/line"
	"carrier/shared/ppp"
)

// whileTyping runs Run while she types pieces, one each 200 ms.
func (c *caller) whileTyping(o TextLogin, pieces []string) (*Identified, time.Duration, error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, s := range pieces {
			c.types(s)
			time.Sleep(200 * time.Millisecond)
		}
	}()
	defer func() { <-done }()
	return c.identify(Options{Text: o})
}

// What a modem says of a lost carrier ends the login, and is nobody's name or
// password, however it comes apart. Little of it is shown to the modem.
func TestHangUpWhileTyping(t *testing.T) {
	const words = line.LossWords
	menu := TextLogin{Menu: offers, Ask: AskNothing}
	for _, tt := range []struct {
		what  string
		typed []string
		o     TextLogin
		shown string
	}{
		{"half a name", []string{"\r", "sar", words}, TextLogin{}, "login: sar"},
		{"half a name, in one go", []string{"\rsar" + words}, TextLogin{}, "login: sar"},
		{"the password", []string{"\rsaran\r", words}, TextLogin{}, "login: saran\r\nPassword: "},
		{"half a password", []string{"\rsaran\r", "sec" + words}, TextLogin{}, "login: saran\r\nPassword: "},
		{"a name alone", []string{"\r", words}, TextLogin{Ask: AskName}, "login: \r\nlogin: "},
		{"half a choice", []string{"\r", "b" + words}, menu, offered + "b"},
		{"before the prompt", []string{words}, TextLogin{}, "login: "},
		{"half a name before the prompt", []string{"sar" + words}, TextLogin{}, "login: sar"},
		{"in pieces", []string{"\rsar\r", "\nNO CAR", "RIER\r", "\n"}, TextLogin{}, "login: sar"},
		{"an end of line before", []string{"\rsaran\r" + words}, TextLogin{}, "login: saran\r\nPassword: "},
	} {
		bubble(t, func(t *testing.T, c *caller) {
			_, took, err := c.whileTyping(tt.o, tt.typed)
			want := 200 * time.Millisecond * time.Duration(len(tt.typed)-1)
			if err != io.EOF || took != want {
				t.Errorf("%s: %v after %v, want the end after %v", tt.what, err, took, want)
			}
			if s := c.shown(); s != tt.shown {
				t.Errorf("%s: shown %q, want %q", tt.what, s, tt.shown)
			}
		})
	}
}

// What only begins like that is typed, a quarter of a second later at most, and
// what comes behind the login is lost to nobody.
func TestWhatMayBeALoss(t *testing.T) {
	const ms = time.Millisecond
	name := TextLogin{Ask: AskName}
	for _, tt := range []struct {
		what   string
		typed  []string
		o      TextLogin
		name   string
		took   time.Duration
		behind string // what is read next, of the same read as the name's end
	}{
		{"a Return", []string{"\rsaran\r"}, name, "saran", 250 * ms, ""},
		{"CR LF", []string{"\r\nsaran\r\n"}, name, "saran", 250 * ms, ""},
		{"LF", []string{"\nsaran\n"}, name, "saran", 0, ""},
		{"all at once", []string{"\rsaran\rsecret\r"}, TextLogin{}, "saran", 250 * ms, ""},
		{"slowly", []string{"\rsaran\r", "\n", "s", "\r", "\n"}, TextLogin{}, "saran", 1050 * ms, ""},
		{"words before the name", []string{"\rNO CARRIER\r"}, name, "NO CARRIER", 250 * ms, ""},
		{"half of the words", []string{"\rsaran\r\nNO ", "CAR"}, name, "saran", 450 * ms, "NO CAR"},
		{"other words", []string{"\rsaran\r\nNO CART\r\n"}, name, "saran", 0, "NO CART\r\n"},
		{"without an end", []string{"\rsaran\r\nNO CARRIER\rx"}, name, "saran", 0, "NO CARRIER\rx"},
		{"a frame", []string{"\rsaran\r" + frame(ppp.LCP, "\x01\x01\x00\x04")}, name, "saran", 0, frame(ppp.LCP, "\x01\x01\x00\x04")},
	} {
		bubble(t, func(t *testing.T, c *caller) {
			id, took, err := c.whileTyping(tt.o, tt.typed)
			if err != nil || id.Caller() != (Caller{Name: tt.name, Method: "login"}) || took != tt.took {
				t.Fatalf("%s: %v after %v, want %q after %v", tt.what, err, took, tt.name, tt.took)
			}
			if tt.what == "a frame" && !id.SpeaksPPP() {
				t.Errorf("%s: is lost", tt.what)
			}
			c.types("!")
			b := make([]byte, 100)
			n, err := io.ReadAtLeast(id.Terminal(), b, len(tt.behind)+1)
			if string(b[:n]) != tt.behind+"!" || err != nil {
				t.Errorf("%s: behind it %q, %v", tt.what, b[:n], err)
			}
		})
	}
}

// A script's Return asks for the prompt just before PPP starts: the prompt is there at
// once, so that it spoils no frame, and is not shown any more to who speaks PPP.
func TestAReturnBeforePPP(t *testing.T) {
	request := frame(ppp.LCP, "\x01\x01\x00\x04")
	for _, tt := range []struct {
		what, first, then string
		shown             string // before then
	}{
		{"one", "\r", request, "login: "},
		{"CR LF", "\r\n", request, "login: "},
		{"two", "\r\r", request, "login: \r\nlogin: "},
		{"with the frame", "", "\r" + request, ""},
	} {
		bubble(t, func(t *testing.T, c *caller) {
			go func() { _, _, _ = c.identify(Options{}) }()
			c.types(tt.first)
			if s := c.shown(); s != tt.shown {
				t.Errorf("%s: shown %q, want %q", tt.what, s, tt.shown)
			}
			time.Sleep(10 * time.Millisecond)
			c.types(tt.then)
			if s := c.shown(); len(s) < 2*len(request) || s[0] != '~' {
				t.Errorf("%s: behind it came %q", tt.what, s)
			}
			time.Sleep(time.Second) // and nothing that waited
			if s := c.shown(); s != "" {
				t.Errorf("%s: later came %q", tt.what, s)
			}
		})
	}
}
