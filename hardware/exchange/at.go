package exchange

import (
	"errors"
	"strings"
)

// errCommand is all that a modem says of a command that it does not know:
// ERROR.
var errCommand = errors.New("not a command")

// maxCommand bounds a command line, in characters behind AT.
const maxCommand = 255

// A command is one of those that a command line strings together (V.250 §5.3,
// §5.4).
type command struct {
	// name is a letter, one with a prefix (&F, \N, %C), or an extended command
	// with its sign (+VCID, #CID). S stands for a register, D for dialling.
	name  string
	n     int    // the number behind the name; of S the register
	op    byte   // of S and extended commands: '=', '?', or 0
	value string // behind '='; of D the dial string
}

// parseCommands parses what stands between AT and the end of the line. Spaces
// mean nothing. Case means nothing either (V.250 §5.1).
func parseCommands(line string) ([]command, error) {
	s := strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, line))
	var all []command
	for s != "" {
		c, rest, err := parseCommand(s)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
		s = rest
	}
	return all, nil
}

func parseCommand(s string) (c command, rest string, err error) {
	switch first := s[0]; {
	case first == 'D':
		c.name, c.value = "D", s[1:]
		return c, "", nil
	case first == '+' || first == '#':
		return parseExtended(s)
	case strings.IndexByte(`&\%*-`, first) >= 0 && len(s) > 1 && letter(s[1]):
		c.name, s = s[:2], s[2:]
	case letter(first):
		c.name, s = s[:1], s[1:]
	default:
		return c, "", errCommand
	}
	if c.n, s, err = number(s); err != nil || c.name != "S" {
		return c, s, err
	}
	if s == "" || s[0] != '=' && s[0] != '?' {
		return c, "", errCommand
	}
	c.op, s = s[0], s[1:]
	if c.op == '=' {
		digits := s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
		c.value, s = digits, s[len(digits):]
	}
	return c, s, nil
}

// parseExtended parses +NAME, +NAME=value, +NAME? and +NAME=?; the next
// command follows a semicolon (V.250 §5.4.1).
func parseExtended(s string) (c command, rest string, err error) {
	s, rest, _ = strings.Cut(s, ";")
	at := strings.IndexAny(s, "=?")
	if at < 0 {
		at = len(s)
	}
	c.name = s[:at]
	if at < len(s) {
		c.op, c.value = s[at], s[at+1:]
	}
	for i := range len(c.name) - 1 {
		if ch := c.name[i+1]; !letter(ch) && (ch < '0' || ch > '9') {
			return c, "", errCommand
		}
	}
	if len(c.name) < 2 || c.op == '?' && c.value != "" {
		return c, "", errCommand
	}
	return c, rest, nil
}

func letter(c byte) bool { return c >= 'A' && c <= 'Z' }

// number takes a decimal number off the front of s; none is 0.
func number(s string) (n int, rest string, err error) {
	for s != "" && s[0] >= '0' && s[0] <= '9' {
		if n = n*10 + int(s[0]-'0'); n > 9999 {
			return 0, "", errCommand
		}
		s = s[1:]
	}
	return n, s, nil
}

// A commandLine collects what the DTE types until it is a command line: from
// AT to the character of S3, or A/ (V.250 §5.2). Anything before AT is noise.
type commandLine struct {
	state   byte // 0, 'A' or 'T': how much of AT has come
	body    []byte
	overrun bool
}

// push takes one character. Ready means that body is a whole command line,
// good until the next push; repeat, that it was A/.
func (l *commandLine) push(c byte, p *profile) (ready, repeat bool) {
	switch {
	case l.state == 'T':
		return l.collect(c, p), false
	case l.state == 'A' && c == '/':
		l.state = 0
		return true, true
	case l.state == 'A' && (c == 'T' || c == 't'):
		l.state, l.body, l.overrun = 'T', l.body[:0], false
	case c == 'A' || c == 'a':
		l.state = 'A'
	default:
		l.state = 0
	}
	return false, false
}

func (l *commandLine) collect(c byte, p *profile) (ready bool) {
	switch {
	case c == p.s[regCR]:
		l.state = 0
		return true
	case c == p.s[regBS]:
		l.body = l.body[:max(0, len(l.body)-1)]
	case c < ' ': // V.250 §5.2.2: other control characters are ignored
	case len(l.body) == maxCommand:
		l.overrun = true
	default:
		l.body = append(l.body, c)
	}
	return false
}

// commands parses a line that is ready.
func (l *commandLine) commands() ([]command, error) {
	if l.overrun {
		return nil, errCommand
	}
	return parseCommands(string(l.body))
}
