package identify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// TextLogin is what a caller sees who types, or whose script does. Empty
// strings take the defaults named; ends of line go out as CR LF.
type TextLogin struct {
	Off      bool   // whoever does not speak PPP is silence
	Banner   string // before the first prompt: none
	Ask      Ask
	Login    string   // "login: "
	Password string   // "Password: "
	Menu     []Choice // after the login: none
	Choose   string   // the menu's prompt: "Your choice: "
	Start    string   // where PPP starts: "PPP session starts"
	Tries    int      // so many wrong passwords end the call: 3
	// After is how long nothing may come until the prompt is shown to somebody
	// who waits for it: 3 s.
	After time.Duration
}

// Ask is what a text login asks for.
type Ask uint8

// What is asked for. With AskNothing the menu comes at once.
const (
	AskPassword Ask = iota // a name, then a password
	AskName
	AskNothing
)

// A Choice is one entry of the menu. One that neither starts PPP nor hangs up
// is known to the caller of Run: see Caller.Choice.
type Choice struct {
	Key    string // what is typed for it; upper and lower case are the same
	Text   string
	PPP    bool // PPP, to where the caller's own profile leads
	HangUp bool
}

// The words of the login that nobody configures.
const (
	timedOut = "\nTimed out.\n"
	goodBye  = "Good bye.\n"
)

func (t TextLogin) withDefaults() TextLogin {
	t.Banner = crlf(t.Banner)
	t.Login = crlf(cmp.Or(t.Login, "login: "))
	t.Password = crlf(cmp.Or(t.Password, "Password: "))
	t.Choose = crlf(cmp.Or(t.Choose, "Your choice: "))
	t.Start = crlf(cmp.Or(t.Start, "PPP session starts"))
	t.Tries = cmp.Or(t.Tries, 3)
	t.After = cmp.Or(t.After, defaultAfter)
	return t
}

// crlf writes ends of line as terminals want them.
func crlf(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

// menu is the menu as it is shown, with its prompt.
func (t TextLogin) menu() string {
	width := 0
	for _, c := range t.Menu {
		width = max(width, len(c.Key))
	}
	var b strings.Builder
	b.WriteString("\r\n")
	for _, c := range t.Menu {
		fmt.Fprintf(&b, "  %-*s  %s\r\n", width, c.Key, crlf(c.Text))
	}
	return b.String() + "\r\n" + t.Choose
}

// choice finds the entry of the menu that a line asks for.
func (t TextLogin) choice(line string) (Choice, bool) {
	line = strings.TrimSpace(line)
	i := slices.IndexFunc(t.Menu, func(c Choice) bool { return strings.EqualFold(c.Key, line) })
	if i < 0 {
		return Choice{}, false
	}
	return t.Menu[i], true
}
