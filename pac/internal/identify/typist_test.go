package identify

import (
	"strings"
	"testing"
)

func TestTypist(t *testing.T) {
	o := TextLogin{Banner: "Atlanta\r\n"}.withDefaults()
	x255 := strings.Repeat("x", 255)
	const long = "\r\nToo long: a name and a password have at most 255 characters each.\r\n"
	for _, tt := range []struct {
		what, in, out  string
		name, password string // once both are there
	}{
		{"nothing", "", "", "", ""},
		{"an end of line", "\r", "Atlanta\r\nlogin: ", "", ""},
		{"CR LF is one", "\r\n", "Atlanta\r\nlogin: ", "", ""},
		{"impatience", "\r\r", "Atlanta\r\nlogin: \r\nlogin: ", "", ""},
		{"name and password", "\rsaran\rsecret\r", "Atlanta\r\nlogin: saran\r\nPassword: \r\n", "saran", "secret"},
		{"with CR LF, and nothing of what follows", "saran\r\nsecret\r\nmore\r", "Atlanta\r\nlogin: saran\r\nPassword: \r\n", "saran", "secret"},
		{"with LF", "saran\nsecret\n", "Atlanta\r\nlogin: saran\r\nPassword: \r\n", "saran", "secret"},
		{"mended", "sara\b\x7f\b\b\b\bsaran\rx\bsecret\r", "Atlanta\r\nlogin: sara\b \b\b \b\b \b\b \bsaran\r\nPassword: \r\n", "saran", "secret"},
		{"a tilde in the password", "saran\r~secret~\r", "Atlanta\r\nlogin: saran\r\nPassword: \r\n", "saran", "~secret~"},
		{"no password", "saran\r\r", "Atlanta\r\nlogin: saran\r\nPassword: \r\n", "saran", ""},
		{"control characters", "sa\x00\x07ran\rse\x1bcret\r", "Atlanta\r\nlogin: saran\r\nPassword: \r\n", "saran", "secret"},
		{"a realm", `CORP\saran@x` + "\rs\r", "Atlanta\r\nlogin: " + `CORP\saran@x` + "\r\nPassword: \r\n", `CORP\saran@x`, "s"},
		{"Windows' direct cable", "CLIENT", "CLIENTSERVER", "", ""},
		{"again and again", "CLIENTCLIENT", "CLIENTSERVERCLIENTSERVER", "", ""},
		{"somebody of a like name", "CLIFF\rs\r", "Atlanta\r\nlogin: CLIFF\r\nPassword: \r\n", "CLIFF", "s"},
		{"somebody of that name", "\rCLIENT\rs\r", "Atlanta\r\nlogin: CLIENT\r\nPassword: \r\n", "CLIENT", "s"},
		{"the beginning of it", "C\rs\r", "\r\nPassword: \r\n", "C", "s"},
		{"a spoiled frame", "~\xff}#\xc0!}!}!~", "", "", ""},
		{"a frame with what ends lines at seven bits", "~\xff}#\xc0!}!}!} }*}%}&\x8a\x84\x8d\x84~", "", "", ""},
		{"one without a flag", "\xff}#\xc0!}!", "", "", ""},
		{"a spoiled frame at the prompt", "\r~\xff}#\rsaran\rs\r", "Atlanta\r\nlogin: \r\nlogin: saran\r\nPassword: \r\n", "saran", "s"},
		{"noise", "\x80abc\rsaran\rs\r", "Atlanta\r\nlogin: saran\r\nPassword: \r\n", "saran", "s"},
		{"no ASCII", "\rérable\rs\r", "Atlanta\r\nlogin: érable\r\nPassword: \r\n", "érable", "s"},
		{"a frame in a name", "\rsar~\xff}#\rsaran\rs\r", "Atlanta\r\nlogin: sar\r\nlogin: saran\r\nPassword: \r\n", "saran", "s"},
		{"escape characters", "\r+++++\ra+++\r", "Atlanta\r\nlogin: ++\x00++\x00+\r\nPassword: \r\n", "+++++", "a+++"},
		{"as much as fits", "\r" + x255 + "\r" + x255 + "\r", "Atlanta\r\nlogin: " + x255 + "\r\nPassword: \r\n", x255, x255},
		{"too much", "\r" + x255 + "x\rs\r", "Atlanta\r\nlogin: " + x255 + long + "login: s\r\nPassword: ", "", ""},
		{"too much before the prompt", strings.Repeat("x", 5000) + "\rsaran\rs\r", "Atlanta\r\nlogin: " + x255 + long + "login: saran\r\nPassword: \r\n", "saran", "s"},
		{"too much, mended", "\r" + x255 + "xx\x15saran\rs\r", "Atlanta\r\nlogin: " + x255 + strings.Repeat("\b \b", 255) + "saran\r\nPassword: \r\n", "saran", "s"},
		{"too much, mended by half", "\r" + x255 + "xx\bx\rsaran\r", "Atlanta\r\nlogin: " + x255 + "\b \bx" + long + "login: saran\r\nPassword: ", "", ""},
		{"too long a password", "\rsaran\r" + x255 + "x\rsaran\rs\r", "Atlanta\r\nlogin: saran\r\nPassword: " + long + "login: saran\r\nPassword: \r\n", "saran", "s"},
	} {
		typist := typist{o: o}
		done := false
		for i := range len(tt.in) {
			done = typist.octet(tt.in[i]) == proved || done
		}
		if string(typist.out) != tt.out {
			t.Errorf("%s: shows %q, want %q", tt.what, typist.out, tt.out)
		}
		if done != (tt.name != "") || done && (typist.name != tt.name || typist.password != tt.password) {
			t.Errorf("%s: %v, %q and %q", tt.what, done, typist.name, typist.password)
		}
	}
}

// A modem in command mode echoes the prompt: that must not go round for ever.
func TestTypistBeforeAMirror(t *testing.T) {
	typist := typist{o: TextLogin{}.withDefaults()}
	typist.greet()
	shown := 0
	for len(typist.out) > 0 {
		b := typist.out
		typist.out = nil
		if shown += len(b); shown > 1000 {
			t.Fatalf("no end of it: %q", b)
		}
		for _, c := range b {
			typist.octet(c)
		}
	}
}
