package modem

// maxLine is longer than any line a modem says.
const maxLine = 128

// A scanner cuts what a modem says into lines. They end with CR or LF; empty
// ones, and those too long to be a modem's, are passed over.
type scanner struct {
	line []byte
	long bool
}

// next takes b up to the end of the first line and returns what is behind it.
// ok is false when all of b was taken and no line is complete. What cannot be
// printed is shown as a question mark.
func (s *scanner) next(b []byte) (line string, rest []byte, ok bool) {
	for i, c := range b {
		switch {
		case c == '\r' || c == '\n':
			line, ok = string(s.line), len(s.line) > 0 && !s.long
			s.line, s.long = s.line[:0], false
			if ok {
				return line, b[i+1:], true
			}
		case len(s.line) == maxLine:
			s.long = true
		case c < ' ' || c > '~':
			s.line = append(s.line, '?')
		default:
			s.line = append(s.line, c)
		}
	}
	return "", nil, false
}
