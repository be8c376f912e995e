package identify

import (
	"fmt"
	"strings"
)

// MaxName is how many octets a name or a password has at most; PAP's limit too.
const MaxName = 255

// tooLong refuses more than that.
var tooLong = fmt.Sprintf("Too long: a name and a password have at most %d characters each.", MaxName)

// Windows begins a direct cable connection with these words instead of a
// modem's.
const (
	directCable       = "CLIENT"
	directCableAnswer = "CLIENTSERVER"
)

// The keys of a terminal that mean something here.
const (
	interrupt = 0x03 // ^C: from the beginning
	endOfFile = 0x04 // ^D: the caller leaves
	kill      = 0x15 // ^U: the line again
	rubout    = 0x7F
)

// A typist is the text login: octets go in one by one, what to show comes out.
type typist struct {
	o      TextLogin
	state  typing
	parity parity
	line   []byte
	long   bool // the line had no room for all of it
	noise  bool // the line begins like a frame: it is not shown, and dropped
	cr     bool // the last octet was CR
	lines  int  // that had something in them
	tries  int
	owed   bool // the prompt, to one who types faster than she can read
	plus   int  // escape characters that were shown last

	name, password string // once octet has returned proved
	choice         Choice // once it has returned chosen
	out            []byte
}

// typing is where a text login stands.
type typing uint8

const (
	waiting typing = iota // nothing is shown yet
	naming
	proving
	choosing
	entered
)

// A step is what an octet led to.
type step uint8

const (
	nothing  step = iota
	proved        // name and password are there, as far as they are asked for
	chosen        // from the menu
	left          // the caller wants to leave
	overlong      // the last try had a name or a password that is too long
)

// greet shows the first prompt.
func (t *typist) greet() {
	t.state = t.first()
	t.show(t.o.Banner)
	t.prompt()
	t.show(string(t.line))
}

// first is what is asked for first.
func (t *typist) first() typing {
	if t.o.Ask == AskNothing {
		return choosing
	}
	return naming
}

// prompt asks for what is wanted next.
func (t *typist) prompt() {
	if t.owed = t.swamped(); t.owed {
		return
	}
	switch t.state {
	case naming:
		t.show(t.o.Login)
	case proving:
		t.show(t.o.Password)
	case choosing:
		t.show(t.o.menu())
	}
}

// octet takes one octet that the caller sent.
func (t *typist) octet(c byte) step {
	c = t.character(c)
	lf := c == '\n' && t.cr // CR LF is one end
	t.cr = c == '\r'
	switch {
	case t.state == entered || lf:
	case c == '\r' || c == '\n':
		return t.end()
	case t.noise:
	case t.state != proving && t.isNoise(c):
		t.noise = true
	case c == '\b' || c == rubout:
		t.erase()
	case c < ' ':
		return t.control(c)
	case len(t.line) < MaxName:
		t.line = append(t.line, c)
		t.echo(c)
	default:
		t.long = true
	}
	return nothing
}

// character takes parity off an octet, and finds out about it at the end of a
// line. The end of an empty line proves nothing, and a frame has none: any octet
// stands in one.
func (t *typist) character(c byte) byte {
	if t.noise {
		return c
	}
	if end := c & 0x7F; t.parity != noParity || end != '\r' && end != '\n' {
		return t.parity.strip(c)
	}
	if len(t.line) == 0 && c == '\r'|0x80 {
		return '\r'
	}
	line := append(t.line, c)
	if t.parity = recognise(line); t.parity == noParity {
		return c
	}
	t.line = t.line[:0]
	for _, c := range line[:len(line)-1] {
		switch c &= 0x7F; {
		case c == '\b' || c == rubout:
			t.line = t.line[:max(len(t.line)-1, 0)]
		case c == kill:
			t.line = t.line[:0]
		case c >= ' ':
			t.line = append(t.line, c)
		}
	}
	return c & 0x7F
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
	case t.state == naming || t.state == choosing:
		t.put(c)
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
	if t.state != proving {
		t.show("\b \b")
	}
}

// control takes a control character, of which few mean anything, and none
// before the first prompt.
func (t *typist) control(c byte) step {
	switch {
	case t.state == waiting:
	case c == kill:
		for len(t.line) > 0 && t.state != proving {
			t.erase()
		}
		t.forget()
	case c == interrupt:
		t.forget()
		if t.state == proving {
			t.state = naming
		}
		t.show("^C\r\n")
		t.prompt()
	case c == endOfFile && len(t.line) == 0:
		t.state = entered
		t.show("\r\n")
		t.say(goodBye)
		return left
	}
	return nothing
}

// forget drops the line, which may be half a password.
func (t *typist) forget() {
	clear(t.line)
	t.line, t.noise, t.long = t.line[:0], false, false
}

// decides tells an end of line that does more than ask for one again.
func (t *typist) decides() bool { return t.state == proving || t.long || len(t.line) > 0 && !t.noise }

// end is an end of line.
func (t *typist) end() step {
	line, noise, long := string(t.line), t.noise, t.long
	t.forget()
	if line != "" && !noise {
		t.lines++
	}
	switch {
	case t.state == waiting && line == "":
		t.greet()
		return nothing
	case t.state == waiting:
		t.state = t.first() // from one who waits for no prompt
	}
	t.show("\r\n")
	switch {
	case long && !noise && t.state != choosing:
		if !t.refuse(tooLong) {
			return overlong
		}
	case t.state == proving:
		t.state, t.password = entered, line
		return proved
	case noise || line == "":
		t.prompt()
	case t.state == choosing:
		return t.choose(line)
	case t.o.Ask == AskName:
		t.state, t.name = entered, line
		return proved
	default:
		t.state, t.name = proving, line
		t.prompt()
	}
	return nothing
}

// choose looks a line up in the menu.
func (t *typist) choose(line string) step {
	c, ok := t.o.choice(line)
	if !ok {
		if !t.swamped() {
			t.say("There is no such choice.\n")
		}
		t.prompt()
		return nothing
	}
	t.state, t.choice = entered, c
	if c.HangUp {
		t.say(goodBye)
		return left
	}
	return chosen
}

// accept goes on after a good name. It returns false when there is a menu to
// choose from.
func (t *typist) accept() (done bool) {
	t.password = ""
	if len(t.o.Menu) == 0 {
		return true
	}
	t.state = choosing
	t.prompt()
	return false
}

// refuse says why not, and asks again. It returns false when that is enough.
func (t *typist) refuse(why string) bool {
	t.name, t.password = "", ""
	t.say(why + "\n")
	if t.tries++; t.tries >= t.o.Tries {
		return false
	}
	t.state = naming
	t.prompt()
	return true
}

// named is the name of a caller who has logged in and not chosen yet.
func (t *typist) named() string {
	if t.state != choosing {
		return ""
	}
	return t.name
}
