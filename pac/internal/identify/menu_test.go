package identify

import (
	"errors"
	"strings"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
)

var offers = []Choice{{Key: "1", Text: "The Internet", PPP: true}, {Key: "bbs", Text: "The museum's BBS"}, {Key: "q", Text: "Good bye", HangUp: true}}

const offered = "\r\n  1    The Internet\r\n  bbs  The museum's BBS\r\n  q    Good bye\r\n\r\nYour choice: "

// A caller types line after line; each is answered before the next.
func TestMenu(t *testing.T) {
	menu := TextLogin{Menu: offers}
	nameless := TextLogin{Menu: offers, Ask: AskNothing, Banner: "Hi"}
	for _, tt := range []struct {
		what  string
		o     TextLogin
		lines []string
		who   Caller
		err   error
		shown string // behind the login, or the banner
	}{
		{"PPP", menu, []string{"\r", "saran\r", "secret\r", "1\r"}, Caller{Name: "saran", Method: "login"}, nil, offered + "1\r\n"},
		{"a choice", menu, []string{"\r", "saran\r", "secret\r", " BBS\r"}, Caller{Name: "saran", Method: "login", Choice: "bbs"}, nil, offered + " BBS\r\n"},
		{"none of them, then one", menu, []string{"\r", "saran\r", "secret\r", "7\r", "\r", "bbs\r"}, Caller{Name: "saran", Method: "login", Choice: "bbs"}, nil,
			offered + "7\r\nThere is no such choice.\r\n" + offered + "\r\n" + offered + "bbs\r\n"},
		{"enough", menu, []string{"\r", "saran\r", "secret\r", "q\r"}, Caller{}, ErrLeft, offered + "q\r\nGood bye.\r\n"},
		{"^D", menu, []string{"\r", "saran\r", "secret\r", "1\x15\x04"}, Caller{}, ErrLeft, offered + "1\b \b\r\nGood bye.\r\n"},
		{"PPP begins at the menu", menu, []string{"\r", "saran\r", "secret\r", frame(ppp.LCP, "\x01\x01\x00\x04")}, Caller{Name: "saran", Method: "login"}, nil, offered},
		{"no name", nameless, []string{"\r", "bbs\r"}, Caller{Method: "menu", Choice: "bbs"}, nil, "Hi" + offered + "bbs\r\n"},
		{"no name and no prompt", nameless, []string{"bbs\r"}, Caller{Method: "menu", Choice: "bbs"}, nil, "bbs\r\n"},
		{"a name alone", TextLogin{Ask: AskName}, []string{"\r", "saran\r"}, Caller{Name: "saran", Method: "login"}, nil, "saran\r\n"},
	} {
		bubble(t, func(t *testing.T, c *caller) {
			typed := make(chan struct{})
			go func() {
				defer close(typed)
				for _, line := range tt.lines {
					c.types(line)
				}
			}()
			id, _, err := c.identify(Options{Text: tt.o})
			if !errors.Is(err, tt.err) || err == nil && id.Caller() != tt.who {
				t.Errorf("%s: %+v, %v", tt.what, id, err)
			}
			<-typed
			shown := c.shown()
			if at := len(shown) - len(tt.shown); at < 0 || shown[at:] != tt.shown {
				t.Errorf("%s: was shown %q, want %q", tt.what, shown, tt.shown)
			}
			if tt.what == "PPP begins at the menu" && !id.SpeaksPPP() {
				t.Error("what she said of PPP is lost")
			}
		})
	}
}

// Who chooses PPP from a menu that asked no name says it by PPP.
func TestMenuBeforePPP(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		c.types("\r1\r")
		stop := make(chan func(), 1)
		time.AfterFunc(10*time.Second, func() { stop <- c.dial(sara("saran", auth.CHAPMD5)) })
		id, took, err := c.identify(Options{Text: TextLogin{Menu: offers, Ask: AskNothing}})
		if err != nil || id.Caller() != (Caller{Name: "saran", Method: "chap-md5"}) || took < 10*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		(<-stop)()
	})
}

// A name or a password for which there is no room is refused like a wrong one,
// never cut.
func TestTooLongANameIsRefused(t *testing.T) {
	long := strings.Repeat("x", 5000) + "\r"
	for _, tt := range []struct{ typed, name, err string }{
		{"\r" + long + "saran\rsecret\r", "saran", ""},
		{"\r" + long + "saran\r" + long + long, "", "the login failed: Too long: a name and a password have at most 255 characters each. (tries: 3)"},
	} {
		bubble(t, func(t *testing.T, c *caller) {
			c.types(tt.typed)
			id, _, err := c.identify(Options{})
			var end *LoginError
			switch {
			case tt.err == "" && (err != nil || id.Caller() != (Caller{Name: tt.name, Method: "login"})):
				t.Errorf("%v", err)
			case tt.err != "" && (!errors.As(err, &end) || err.Error() != tt.err):
				t.Errorf("%v, want %s", err, tt.err)
			}
		})
	}
}

// Whoever types on is not cut off, but not for ever.
func TestSlowTypist(t *testing.T) {
	for lines, want := range map[int]string{5: "", 8: "the login failed: it took longer than 3m0s"} {
		bubble(t, func(t *testing.T, c *caller) {
			stop := make(chan struct{})
			go func() {
				defer close(stop)
				c.types("\rsaran\rsecret\r")
				for range lines {
					time.Sleep(30 * time.Second)
					c.types("what?\r")
				}
				c.types("bbs\r")
			}()
			_, took, err := c.identify(Options{Text: TextLogin{Menu: offers}})
			var end *LoginError
			if errors.As(err, &end) != (want != "") || err != nil && err.Error() != want || took > 3*time.Minute {
				t.Errorf("%d lines: %v after %v", lines, err, took)
			}
			<-stop
		})
	}
}

// The octets that come in one read with the end of the login go to who takes
// over, the LF of CR LF does not, and nobody there sees parity.
func TestTerminal(t *testing.T) {
	const shown = "login: saran\r\nPassword: \r\n"
	for _, tt := range []struct{ what, typed, later, read, shown string }{
		{"type-ahead", "\r\nsaran\r\nsecret\r\nhelp\r\n", "x\n", "help\r\nx\n", shown + "Welcome~\x80"},
		{"LF comes later", "\rsaran\rsecret\r", "\n\nx", "\nx", shown + "Welcome~\x80"},
		{"even parity", sevenBits("\rcolin\rsecret\rhe", false), sevenBits("lp\r", false), "help\r",
			"login: " + sevenBits("colin\r\nPassword: \r\nWelcome~?", false)},
	} {
		bubble(t, func(t *testing.T, c *caller) {
			c.types(tt.typed)
			id, _, err := c.identify(Options{})
			if err != nil {
				t.Fatal(err)
			}
			term := id.Terminal()
			c.types(tt.later)
			var got []byte
			for b := make([]byte, 3); len(got) < len(tt.read); {
				n, err := term.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, b[:n]...)
			}
			_, err = term.Write([]byte("Welcome~\x80"))
			if s := c.shown(); err != nil || string(got) != tt.read || s != tt.shown {
				t.Errorf("%s: %v, read %q, shown %q", tt.what, err, got, s)
			}
		})
	}
}
