package serial

import (
	"strings"
	"unicode/utf8"
)

// wellFormed says whether filepath.Match can read all of a pattern. Match itself
// finds what is wrong only as far as a name leads it.
func wellFormed(pattern string) bool {
	for pattern != "" {
		c, ok := pattern[0], true
		pattern = pattern[1:]
		switch c {
		case '\\':
			ok = pattern != ""
			pattern = pattern[min(1, len(pattern)):]
		case '[':
			pattern, ok = afterClass(pattern)
		}
		if !ok {
			return false
		}
	}
	return true
}

// afterClass is what follows the characters and ranges of a bracket.
func afterClass(s string) (rest string, ok bool) {
	s = strings.TrimPrefix(s, "^")
	for first := true; first || !strings.HasPrefix(s, "]"); first = false {
		if s, ok = afterChar(s); ok && strings.HasPrefix(s, "-") {
			s, ok = afterChar(s[1:])
		}
		if !ok {
			return "", false
		}
	}
	return s[1:], true
}

// afterChar is what follows one character in a bracket, where something must.
func afterChar(s string) (rest string, ok bool) {
	if s == "" || s[0] == '-' || s[0] == ']' {
		return "", false
	}
	s = strings.TrimPrefix(s, `\`)
	r, n := utf8.DecodeRuneInString(s)
	return s[n:], len(s) > n && (r != utf8.RuneError || n > 1)
}
