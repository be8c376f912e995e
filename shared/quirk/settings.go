// Package quirk is what can differ from peer to peer: what an administrator says
// of one, and what profiles say of those whose software is known. It is plain
// data, without I/O.
package quirk

import (
	"cmp"
	"fmt"
)

// Settings are how one peer is treated. Fields that are zero say nothing; the
// program's own default holds then.
type Settings struct {
	Window     Window
	LinkInfo   LinkInfo
	Strip      Switch // leave out Address and Control, FF 03, of what goes into the tunnel
	LineErrors Switch // tell it of errors on callers' lines: WAN-Error-Notify, RFC 2637 §2.14
}

// A Switch is on, off, or nothing was said.
type Switch uint8

// The values of a Switch.
const (
	Unsaid Switch = iota
	On
	Off
)

// Of is the Switch of what somebody said.
func Of(on bool) Switch {
	if on {
		return On
	}
	return Off
}

// Or is whether s is on; def where nothing was said.
func (s Switch) Or(def bool) bool { return s == On || s == Unsaid && def }

// A Window says how many packets may be under way to a peer that it has not
// acknowledged (RFC 2637 §4.2): as many as it says, but no more than this. Zero
// says nothing.
type Window int16

// NoWindow lets any number be under way; with Full the peer's word holds alone.
const (
	NoWindow Window = -1
	Full     Window = 1<<15 - 1
)

// WindowOf is the Window of what somebody said: on or off, and when on perhaps a
// size; 0: none.
func WindowOf(on bool, size int) Window {
	switch {
	case !on:
		return NoWindow
	case size == 0:
		return Full
	}
	return Window(size)
}

// Use is what a gre.Session is to do with the window that a peer advertises.
func (w Window) Use(advertised uint16) (windowing bool, size int) {
	return w > 0, min(int(advertised), int(w))
}

// A LinkInfo says when a PAC is sent Set-Link-Info (RFC 2637 §2.15), by which it
// learns what its caller's line needs escaped. Zero says nothing.
type LinkInfo uint8

// The policies. A PAC that is told nothing escapes all control characters, so
// with Needed the message is left out where it would change nothing.
const (
	Always LinkInfo = iota + 1
	Needed
	Never
)

// With is s, and what it does not say as others have it.
func (s Settings) With(others Settings) Settings {
	return Settings{
		Window:     cmp.Or(s.Window, others.Window),
		LinkInfo:   cmp.Or(s.LinkInfo, others.LinkInfo),
		Strip:      cmp.Or(s.Strip, others.Strip),
		LineErrors: cmp.Or(s.LineErrors, others.LineErrors),
	}
}

// Words are what s says, each as a configuration would: "window = false".
func (s Settings) Words() (all []string) {
	say := func(key string, value any) { all = append(all, fmt.Sprintf("%s = %v", key, value)) }
	switch s.Window {
	case 0:
	case NoWindow:
		say("window", false)
	case Full:
		say("window", true)
	default:
		say("window", int(s.Window))
	}
	if s.LinkInfo != 0 {
		say("set_link_info", [...]string{"", `"yes"`, `"needed"`, `"no"`}[s.LinkInfo])
	}
	if s.Strip != Unsaid {
		say("ff03", map[Switch]string{On: `"strip"`, Off: `"keep"`}[s.Strip])
	}
	if s.LineErrors != Unsaid {
		say("line_errors", s.LineErrors == On)
	}
	return all
}
