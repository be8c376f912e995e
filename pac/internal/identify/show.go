package identify

func (t *typist) show(s string) {
	for i := range len(s) {
		t.put(s[i])
	}
}

// say shows words of ours, with LF as end of line.
func (t *typist) say(s string) { t.show(crlf(s)) }

// escapeCharacter is what our modem leaves data state for, when three of it come
// from us: some modems want silence around them, some a command behind them.
const escapeCharacter = '+'

// put shows an octet. What a caller types comes back to our own modem, and is
// no escape sequence there: a NUL, which terminals pass over, parts it.
func (t *typist) put(c byte) {
	switch c = t.parity.add(c); {
	case c != escapeCharacter:
		t.plus = 0
	case t.plus == 2:
		t.out = append(t.out, 0)
		t.plus = 1
	default:
		t.plus++
	}
	t.out = append(t.out, c)
}

// maxAhead is how much may wait to be shown before no more prompts are added.
const maxAhead = 4096

// swamped says that she gets only the last prompt of all that she has earned:
// each octet that she types may ask for one, and a menu is long.
func (t *typist) swamped() bool { return len(t.out) > maxAhead }

// take moves what is to be shown behind dst.
func (t *typist) take(dst []byte) []byte {
	dst = append(dst, t.out...)
	t.out = t.out[:0]
	if t.owed {
		t.prompt()
		dst = append(dst, t.out...)
		t.out = t.out[:0]
	}
	return dst
}
