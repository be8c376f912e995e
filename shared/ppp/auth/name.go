package auth

import "strings"

// SplitName parts a name into user and domain. Windows puts the domain in
// front, DOMAIN\saran; elsewhere the realm follows, saran@corp.example. A name
// with a backslash is split there only (its last one); else at its last @. The
// domain of a bare name is empty.
func SplitName(name string) (user, domain string) {
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		return name[i+1:], name[:i]
	}
	if i := strings.LastIndexByte(name, '@'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return name, ""
}

// hashName is the part of a name that MS-CHAPv2 hashes: without a domain in
// front (RFC 2759 §4, §8.2). A realm behind an @ belongs to the name.
func hashName(name string) string { return name[strings.LastIndexByte(name, '\\')+1:] }

// Fold makes ASCII letters small and leaves every other octet alone.
func Fold(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
