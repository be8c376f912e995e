package identify

import (
	"cmp"
	"strings"
)

func (t TextLogin) withDefaults() TextLogin {
	t.Login = cmp.Or(t.Login, "login: ")
	t.Password = cmp.Or(t.Password, "Password: ")
	t.Start = cmp.Or(t.Start, "PPP session starts")
	t.After = cmp.Or(t.After, defaultAfter)
	return t
}

const (
	maxLine  = 255 // octets of what may be typed; PAP's limit too
	maxTries = 3   // wrong passwords
)

// Windows begins a direct cable connection with these words instead of a
// modem's.
const (
	directCable       = "CLIENT"
	directCableAnswer = "CLIENTSERVER"
)

// A typist is the text login: octets go in one by one, what to show comes out.
type typist struct {
	o     TextLogin
	state typing
	line  []byte
	noise bool // the line begins like a frame: it is not shown, and dropped
	cr    bool // the last octet was CR
	tries int

	name, password string // once octet has returned true
	out            []byte
}

// typing is where a text login stands.
type typing uint8

const (
	waiting typing = iota // nothing is shown yet
	naming
	proving
	entered
)

// greet shows the first prompt.
func (t *typist) greet() {
	t.state = naming
	t.show(t.o.Banner + t.o.Login + string(t.line))
}

func (t *typist) show(s string) { t.out = append(t.out, s...) }

// octet takes one octet that the caller sent. It returns true when she has
// typed name and password.
func (t *typist) octet(c byte) bool {
	lf := c == '\n' && t.cr // CR LF is one end
	t.cr = c == '\r'
	switch {
	case t.state == entered || lf:
	case c == '\r' || c == '\n':
		return t.end()
	case t.noise:
	case t.state != proving && t.isNoise(c):
		t.noise = true
	case c == '\b' || c == 0x7F:
		t.erase()
	case c >= ' ' && len(t.line) < maxLine:
		t.line = append(t.line, c)
		t.echo(c)
	}
	return false
}

// isNoise tells the flag of a frame, or how one without begins; before anything
// else came, also what nobody types.
func (t *typist) isNoise(c byte) bool {
	return c == 0x7E || len(t.line) == 0 && (c == 0xFF || c == 0xC0 || c >= 0x80 && t.state == waiting)
}

// echo shows an octet where it may be seen. What begins like Windows' word
// for a direct cable waits for the rest of it.
func (t *typist) echo(c byte) {
	switch line := string(t.line); {
	case t.state == naming:
		t.out = append(t.out, c)
	case t.state == proving:
	case line == directCable:
		t.line = nil
		t.show(directCableAnswer)
	case !strings.HasPrefix(directCable, line):
		t.greet()
	}
}

func (t *typist) erase() {
	if len(t.line) == 0 {
		return
	}
	t.line = t.line[:len(t.line)-1]
	if t.state == naming {
		t.show("\b \b")
	}
}

// end is an end of line.
func (t *typist) end() bool {
	line, noise := string(t.line), t.noise
	clear(t.line)
	t.line, t.noise = t.line[:0], false
	switch {
	case t.state == waiting && line == "":
		t.greet()
	case t.state == proving:
		t.state, t.password = entered, line
		t.show("\r\n")
		return true
	case noise || line == "":
		t.show("\r\n" + t.o.Login)
	default:
		t.state, t.name = proving, line
		t.show("\r\n" + t.o.Password)
	}
	return false
}

// accept says where PPP starts.
func (t *typist) accept() {
	t.password = ""
	t.show(t.o.Start + "\r\n")
}

// refuse says why not, and asks again. It returns false when that is enough.
func (t *typist) refuse(why string) bool {
	t.password = ""
	t.show(why + "\r\n")
	if t.tries++; t.tries >= maxTries {
		return false
	}
	t.state = naming
	t.show(t.o.Login)
	return true
}
