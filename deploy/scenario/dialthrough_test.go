package scenario

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// A branch that is reached by telephone: a modem, the PAC that answers it, and the
// company's other server behind that.
const (
	village = `
name   = "village"
socket = "%[1]s/village.sock"
[[bank]]
name      = "hill"
ports     = ["unix://%[1]s/modem"]
line_rate = 0
[[pns]]
name      = "boston"
connect   = "%[2]s:1723"
transport = "udp"
[default]
tunnel = ["boston"]
`
	boston = `
name   = "boston"
listen = "%[2]s:1723"
udp    = "%[2]s:4754"
socket = "%[1]s/boston.sock"
[[pac]]
name      = "village"
from      = ["127.0.0.0/8"]
transport = "udp"
[lan]
local     = "10.2.0.1"
addresses = ["10.9.0.2-10.9.0.9"]
[lan.userspace]
map         = {"10.2.0.10:80" = "%[3]s"}
only_mapped = true
[[user]]
name     = "denver"
password = "red sun"
routes   = ["2.1.1.128/26"]
`
	phoning = `
[[dial]]
name       = "boston"
through    = "atlanta"
number     = "%s"
min_speed  = 9600
user       = "denver"
password   = "red sun"
routes     = ["10.2.0.0/24"]
retry      = "1s"
`
	hill = "5558888"
)

// Two offices are one network over the telephone: Denver has the POP dial Boston's
// number, logs in there, and Sara, who has called Denver, reads a page in Boston. What
// is busy is dialled again; a number that the POP permits nobody is not, until a reload.
func TestDialThrough(t *testing.T) {
	t.Parallel()
	there, at, dir := loopback(), loopback(), t.TempDir()
	web := httptest.NewServer(testbed.Pages())
	t.Cleanup(web.Close)
	w := newWorld(t, setting{callers: 2, modems: 2, top: fmt.Sprintf("listen = \"%s:1723\"\n", at), line: exchange.Conditions{Rate: 28800},
		phones: exchange.Options{Timing: quick, Subscribers: []exchange.Subscriber{{Number: hill, At: "unix://" + filepath.Join(dir, "modem"),
			Conditions: exchange.Conditions{Rate: 28800}}}},
		atlanta: "dial = [\"404*\", \"" + hill + "\"]\nfrom = [\"127.0.0.0/8\"]\n",
		denver:  fmt.Sprintf("connect = %q\n", at)})
	w.offHook(2)
	is := func(what, state, text string) {
		t.Helper()
		testbed.Until(t, what, func() bool {
			s, err := w.pns.Status(within(t))
			return err == nil && strings.Contains(string(s), `"state":"`+state+`"`) && strings.Contains(string(s), text)
		})
	}
	reload := func(number string) {
		t.Helper()
		if _, err := w.pns.reload("pns.toml", []byte(w.office+fmt.Sprintf(phoning, number))); err != nil {
			t.Fatal(err)
		}
	}
	tries := func(number string, why record.EndReason) (n int) {
		for _, c := range w.pns.calls() {
			if c.Called == number && c.Peer == "boston" && c.Outgoing && c.Reason == why && c.Stage == record.Dialling {
				n++
			}
		}
		return n
	}
	reload("404-555-0002")
	is("a busy number is dialled again", "pausing", `"server":"4045550002 through atlanta"`)
	testbed.Until(t, "it was busy twice", func() bool { return tries("4045550002", record.NumberBusy) >= 2 })
	for n := range 2 {
		reload("0900666")
		is("a number that nobody may dial", "refused", "call refused: Do Not Accept")
		testbed.Until(t, "it was asked for once a reload", func() bool { return tries("0900666", record.NumberRefused) == n+1 })
	}

	startPNS(t, fmt.Appendf(nil, boston, dir, there, web.Listener.Addr()), filepath.Join(dir, "boston.sock"))
	startPAC(t, fmt.Appendf(nil, village, dir, there), filepath.Join(dir, "village.sock"))
	reload(hill)
	is("Boston is online", "online", `"server":"`+hill+` through atlanta"`)
	c := w.dial(1, sara())
	page, err := c.Get(within(t), "http://10.2.0.10/")
	if err != nil || string(page) != testbed.Page {
		t.Errorf("a page in Boston: %q, %v", page, err)
	}
	w.reads(c)
	if n := tries("0900666", record.NumberRefused); n != 2 {
		t.Errorf("what nobody may dial was asked for %d times", n)
	}
	for _, one := range w.pns.calls() {
		if one.Peer == "boston" && one.Reason == record.Running && (one.Rate != 28800 || one.User != "denver" || one.Traffic.FramesUp == 0) {
			t.Errorf("Denver's call is %+v", one)
		}
	}
	if n := w.pns.metric(`pns_dial_up{dial="boston"}`); n != 1 {
		t.Errorf("up: %v", n)
	}
}
