package scenario

import (
	"fmt"
	"testing"

	"carrier/shared/record"
)

// Whoever hangs up at a prompt has typed nothing more: what the modem says then
// is no name and no password, and calls nobody. The ports have no Data Carrier
// Detect.
func TestHangUpAtAPrompt(t *testing.T) {
	t.Parallel()
	b := newBBS(t)
	host := fmt.Sprintf("[[user]]\nname = \"guest\"\nhost = %q\n", b.url)
	for name, tt := range map[string]struct {
		pac, types, prompt string
		escapes            bool // by +++ and ATH, else the telephone is unplugged
	}{
		"half a name":            {"", "sar", "sar", false},
		"a name alone":           {"[identify]\nask = \"name\"\n", "", "", false},
		"the password":           {"", "saran\r", "Password: ", false},
		"the password of a host": {host, "guest\r", "Password: ", false},
		"by an escape sequence":  {"", "saran\rblue", "Password: ", true},
		"by one at the login":    {"", "sar", "sar", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{pac: tt.pac})
			c := w.terminal(0)
			c.types("\r")
			c.expects("login: ")
			c.types(tt.types)
			c.expects(tt.prompt)
			if tt.escapes {
				if err := c.modem.HangUp(within(t)); err != nil {
					t.Error(err)
				}
			} else {
				c.modem.Close()
			}
			r := w.pac.ended(1)
			w.pac.wants(r, record.CarrierLost, "carrier")
			if r.User != "" || r.Method != "" || r.Peer != "" {
				t.Errorf("taken for a caller: %q by %q, to %q", r.User, r.Method, r.Peer)
			}
		})
	}
}
