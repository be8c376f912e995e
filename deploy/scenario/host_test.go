package scenario

import (
	"fmt"
	"strings"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// newMuseum starts a world with users and a menu that lead to a BBS.
func newMuseum(t *testing.T, more string) (*world, *bbs) {
	t.Helper()
	return newMuseumAt(t, exchange.Options{}, more)
}

// newMuseumAt is newMuseum with a telephone network of its own.
func newMuseumAt(t *testing.T, phones exchange.Options, more string) (*world, *bbs) {
	t.Helper()
	b := newBBS(t)
	return newWorld(t, setting{phones: phones, line: exchange.Conditions{Rate: 28800}, pac: fmt.Sprintf(`
[[user]]
name     = "guest"
password = "welcome"
host     = %q
[identify]
banner = "Museum of Computing\n"
[[identify.menu]]
key  = "1"
text = "The Internet, or where else you belong"
[[identify.menu]]
key  = "2"
text = "The BBS"
host = [%q, %[1]q]
[[identify.menu]]
key     = "q"
text    = "Good bye"
hang_up = true
`, b.url, nobody(t)) + more}), b
}

// Whoever dials the BBS's number is there: nobody asks who calls. Its last words
// reach her before she is hung up.
func TestHostByNumber(t *testing.T) {
	t.Parallel()
	b := newBBS(t)
	w := newWorld(t, setting{line: exchange.Conditions{Rate: 28800}, pac: fmt.Sprintf("[[number]]\ncalled = %q\nhost = %q\n", testbed.Number, b.url)})
	c := w.terminal(0)
	c.expects("Connecting to " + strings.TrimPrefix(b.url, "tcp://") + " ...\r\nThis is the BBS.\r\nYou are? ")
	c.types("sara\r")
	c.expects("Hello \"sara\\r\"\r\n")
	if calls := w.pac.calls(); len(calls) != 1 || calls[0].Peer != b.url || calls[0].Stage != record.Relaying || calls[0].Up.IsZero() {
		t.Errorf("while it runs: %+v", calls)
	}
	c.types("bye\r")
	if got, want := c.rest(), lastScreen+"\r\nConnection closed.\r\n"; got != want {
		t.Errorf("the last words are %d octets, %q", len(got), got[max(0, len(got)-80):])
	}
	r := w.pac.ended(1)
	w.pac.wants(r, record.HostClosed, "the host closed the connection")
	if r.User != "" || r.Peer != b.url || r.Traffic.OctetsUp != 9 || r.Traffic.OctetsDown < uint64(len(lastScreen)) || r.Rate != 28800 {
		t.Errorf("%+v", r)
	}
	if n := w.pac.metric(`pac_calls_total{bank="courier",outcome="host-closed"}`); n != 1 {
		t.Errorf("%v calls are counted", n)
	}
}

// A user logs in, chooses her profile from the menu, and hangs up.
func TestHostByUser(t *testing.T) {
	t.Parallel()
	w, b := newMuseum(t, "")
	c := w.terminal(0)
	c.types("\r")
	c.expects("Museum of Computing\r\nlogin: ")
	c.types("guest\rwrong\r")
	c.expects("guest\r\nPassword: \r\nwrong user name or password\r\nlogin: ")
	c.types("guest\rwelcome\r")
	c.expects("Your choice: ")
	c.types("1\rtyped ahead\r")
	c.expects("You are? ")
	c.expects("Hello \"typed ahead\\r\"\r\n")
	if err := c.modem.HangUp(within(t)); err != nil {
		t.Error(err)
	}
	r := w.pac.ended(1)
	w.pac.wants(r, record.CarrierLost, "carrier")
	if r.User != "guest" || r.Method != "login" || r.Peer != b.url {
		t.Errorf("%+v", r)
	}
	<-b.closed
}

// So many wrong passwords as `tries` says end the call, no fewer.
func TestTries(t *testing.T) {
	t.Parallel()
	for keys, tries := range map[string]int{"": 3, "tries = 1": 1, "tries = 5": 5} {
		t.Run(fmt.Sprint(tries), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{pac: "[identify]\n" + keys + "\n[[user]]\nname = \"guest\"\npassword = \"welcome\"\ntunnel = [\"2.1.1.60\"]\n"})
			c := w.terminal(0)
			c.types("\r" + strings.Repeat("guest\rwrong\r", tries+1))
			if got := c.rest(); strings.Count(got, "wrong user name or password\r\n") != tries {
				t.Errorf("shown %q", got)
			}
			w.pac.wants(w.pac.ended(1), record.AuthFailed, "wrong user name or password")
		})
	}
}

// The first host of a choice does not answer, the second does. The operator
// ends the call, and the caller reads so.
func TestHostByMenu(t *testing.T) {
	t.Parallel()
	w, b := newMuseum(t, "")
	c := w.terminal(0)
	c.expects("login: ")
	c.types("anybody\rat all\r")
	c.expects("  2  The BBS\r\n")
	c.expects("Your choice: ")
	c.types("9\r2\r")
	c.expects("There is no such choice.\r\n")
	c.expects("NO ANSWER FROM 127.0.0.1:")
	c.expects("Connecting to " + strings.TrimPrefix(b.url, "tcp://") + " ...\r\n")
	c.expects("You are? ")
	if err := w.pac.Hangup(within(t), w.pac.calls()[0].Name); err != nil {
		t.Error(err)
	}
	if got := c.rest(); got != "\r\nthe operator ended the call\r\n" {
		t.Errorf("shown %q", got)
	}
	w.pac.wants(w.pac.ended(1), record.Operator, "operator")
}

// What ends a caller's visit, one after the other: her own wish, hosts that do
// not answer, limits.
func TestHostRefusals(t *testing.T) {
	t.Parallel()
	dead := nobody(t)
	w, _ := newMuseum(t, fmt.Sprintf("[[user]]\nname = \"lost\"\nhost = %q\n[hosts]\nidle = \"1s\"\n", dead))
	for i, tt := range []struct {
		typed, shown string
		why          record.EndReason
		text         string
	}{
		{"\rlost\rx\rq\r", "Good bye.\r\n", record.CallerHungUp, "left the login"},
		{"\rlost\rx\r1\r", "NO ANSWER FROM " + strings.TrimPrefix(dead, "tcp://") + "\r\n", record.HostUnreachable, "connection refused"},
		{"\rguest\rwelcome\r1\r", "\r\nnothing was said for 1s\r\n", record.IdleTimeout, "nothing was said for 1s"},
		{"\rguest\ra\rguest\rb\rguest\rc\r", "Password: \r\nwrong user name or password\r\n", record.AuthFailed, "the login failed: wrong user name or password (tries: 3)"},
	} {
		c := w.terminal(0)
		c.types(tt.typed)
		if got := c.rest(); !strings.HasSuffix(got, tt.shown) {
			t.Errorf("%q: shown %q", tt.typed, got)
		}
		w.pac.wants(w.pac.ended(i+1), tt.why, tt.text)
		if got := w.pac.metric(fmt.Sprintf(`pac_calls_total{bank="courier",outcome=%q}`, tt.why)); got != 1 {
			t.Errorf("%v calls ended by %v", got, tt.why)
		}
	}
}

// PPP after the menu goes where the caller's profile leads, under the name that
// she typed; a caller whose profile is a host learns by PPP that there is none.
func TestMenuAndPPP(t *testing.T) {
	t.Parallel()
	w, _ := newMuseum(t, "")
	o := sara()
	o.Script = []caller.Step{{Expect: "login: ", Send: "saran"}, {Expect: "Password: ", Send: "-"}, {Expect: "choice: ", Send: "1"},
		{Expect: "PPP session starts", Send: ""}}
	c := w.dial(0, o)
	w.reads(c)
	c.Close()
	if r := w.pac.ended(1); r.User != "saran" || r.Method != "login" || r.Peer != "denver" {
		t.Errorf("%+v", r)
	}
	_, err := w.try(0, login("guest", "welcome"))
	if err == nil || !strings.Contains(err.Error(), "takes no PPP: log in with a terminal") {
		t.Errorf("the caller was told %v", err)
	}
	w.pac.wants(w.pac.ended(2), record.NoProfile, "takes no PPP")
}
