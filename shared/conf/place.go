package conf

import (
	"strconv"
	"strings"
)

// A place is where one value of the file stands. The TOML library gives no
// position for a value that is well formed but wrong for us, so the file is
// read a second time for places alone.
type place struct {
	line  int
	keys  map[string]*place // of a table
	items []*place          // of an array
}

// key returns the place of a key of the table p, new if it has none yet.
func (p *place) key(name string, line int) *place {
	if p.keys == nil {
		p.keys = make(map[string]*place)
	}
	if p.keys[name] == nil {
		p.keys[name] = &place{line: line}
	}
	return p.keys[name]
}

// item adds an item to the array p.
func (p *place) item(line int) *place {
	i := &place{line: line}
	p.items = append(p.items, i)
	return i
}

// last is the table that a header's path goes on from: of an array of tables
// the last one.
func (p *place) last() *place {
	if n := len(p.items); n > 0 {
		return p.items[n-1]
	}
	return p
}

// A scanner finds places in a file that is known to be TOML. In any other file
// it finds something, and ends.
type scanner struct {
	b       string
	at      int
	counted int // offset up to which line breaks are counted
	lines   int
}

// scan returns the place of the whole file.
func scan(b string) *place {
	s := &scanner{b: b}
	root := &place{line: 1}
	for table := root; ; {
		s.space(true)
		switch s.peek() {
		case 0:
			return root
		case '[':
			table = s.header(root)
		default:
			s.pair(table)
		}
	}
}

// header reads [a.b] or [[a.b]] and returns the place of that table.
func (s *scanner) header(root *place) *place {
	line := s.line()
	s.at++
	array := s.peek() == '['
	if array {
		s.at++
	}
	path := s.path()
	p := root
	for _, name := range path[:len(path)-1] {
		p = p.key(name, line).last()
	}
	p = p.key(path[len(path)-1], line)
	s.until("]\n")
	for s.peek() == ']' {
		s.at++
	}
	if array {
		return p.item(line)
	}
	p.line = line
	return p
}

// pair reads key = value into a table.
func (s *scanner) pair(table *place) {
	line, begin := s.line(), s.at
	p := table
	for _, name := range s.path() {
		p = p.key(name, line)
	}
	s.space(false)
	if s.peek() == '=' {
		s.at++
	}
	s.space(false)
	s.value(p)
	if s.at == begin {
		s.at++ // not TOML
	}
}

// value reads a value and notes the places inside it.
func (s *scanner) value(p *place) {
	switch c := s.peek(); c {
	case '"', '\'':
		s.quoted()
	case '[', '{':
		s.at++
		for {
			s.space(true)
			switch begin := s.at; s.peek() {
			case 0:
				return
			case c + 2: // ']' is '['+2, '}' is '{'+2
				s.at++
				return
			case ',':
				s.at++
			default:
				if c == '{' {
					s.pair(p)
				} else {
					s.value(p.item(s.line()))
				}
				if s.at == begin {
					s.at++ // not TOML
				}
			}
		}
	default:
		s.until(",]}#\n")
	}
}

// path reads a dotted key: at least one name.
func (s *scanner) path() []string {
	var names []string
	for {
		s.space(false)
		names = append(names, s.name())
		s.space(false)
		if s.peek() != '.' {
			return names
		}
		s.at++
	}
}

// name reads one part of a key, without its quotes.
func (s *scanner) name() string {
	begin := s.at
	switch s.peek() {
	case '"':
		s.quoted()
		if name, err := strconv.Unquote(s.b[begin:s.at]); err == nil {
			return name
		}
		return s.b[begin:s.at]
	case '\'':
		s.quoted()
		return strings.Trim(s.b[begin:s.at], "'")
	}
	s.until(" \t\r\n.=[]{},#\"'")
	return s.b[begin:s.at]
}

// quoted passes over a string of any of the four kinds.
func (s *scanner) quoted() {
	quote := s.b[s.at : s.at+1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(s.b[s.at:], long) {
		quote = long
	}
	for s.at += len(quote); s.at < len(s.b); s.at++ {
		if s.b[s.at] == '\\' && quote[0] == '"' {
			s.at++
		} else if strings.HasPrefix(s.b[s.at:], quote) {
			s.at += len(quote)
			for n := 0; len(quote) == 3 && n < 2 && s.peek() == quote[0]; n++ {
				s.at++ // up to two quotes may stand before the closing three
			}
			return
		}
	}
	s.at = min(s.at, len(s.b))
}

// space passes over blanks, and over line breaks and comments too where lines
// do not count.
func (s *scanner) space(lines bool) {
	for ; s.at < len(s.b); s.at++ {
		switch c := s.b[s.at]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' && lines:
		case c == '#' && lines:
			s.until("\n")
			s.at--
		default:
			return
		}
	}
}

// until goes to the next octet that is one of stop, or to the end.
func (s *scanner) until(stop string) {
	if n := strings.IndexAny(s.b[s.at:], stop); n >= 0 {
		s.at += n
	} else {
		s.at = len(s.b)
	}
}

// peek is the octet here, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.b) {
		return s.b[s.at]
	}
	return 0
}

// line is the number of the line here.
func (s *scanner) line() int {
	s.lines += strings.Count(s.b[s.counted:s.at], "\n")
	s.counted = s.at
	return s.lines + 1
}
