package record

import "strings"

// shownName is how many octets of a name are shown.
const shownName = 64

// Shown is a name from outside as logs and records take it: cut after 64
// octets, and UTF-8.
func Shown(name string) string {
	if len(name) > shownName {
		name = name[:shownName] + "…"
	}
	return strings.ToValidUTF8(name, "?")
}
