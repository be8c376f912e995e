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
