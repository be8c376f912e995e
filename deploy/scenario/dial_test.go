package scenario

import (
	"context"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/deploy/testbed"
	"carrier/shared/record"
)

// chicago is another office, to which Denver opens a tunnel. Its map is the host that
// is there.
const chicago = `
name   = "chicago"
listen = "%[1]s:1723"
udp    = "%[1]s:4754"
socket = "%[2]s"
panel  = "127.0.0.1:0"
[clients]
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

// tunnelled is what Denver says of it; the first server is not there.
const tunnelled = `
[[dial]]
name      = "chicago"
to        = ["%[1]s:1722", "%[1]s"]
user      = "denver"
password  = "%[2]s"
transport = "udp"
routes    = ["10.2.0.0/24"]
mode      = "on demand"
idle      = "168h"
retry     = "1s"
retry_max = "1s"
`

// Sara calls Denver and reaches a host in Chicago, from tunnel to tunnel: her first
// packet opens the second one, which is encrypted. A reload that changes it ends that
// call; with a wrong password none comes up, and the right one mends it.
func TestDialledTunnel(t *testing.T) {
	t.Parallel()
	there, dir := loopback(), t.TempDir()
	web := httptest.NewServer(testbed.Pages())
	t.Cleanup(web.Close)
	socket := filepath.Join(dir, "chicago.sock")
	other := startPNS(t, fmt.Appendf(nil, chicago, there, socket, web.Listener.Addr()), socket)
	w := newWorld(t, setting{pns: fmt.Sprintf(tunnelled, there, "red sun")})
	if calls := w.pns.calls(); len(calls) > 0 {
		t.Errorf("nobody wants a call: %+v", calls)
	}
	c := w.dial(0, sara())
	reads := func() error {
		page, err := c.Get(within(t), "http://10.2.0.10/")
		if err == nil && string(page) != testbed.Page {
			err = fmt.Errorf("it has %q", page)
		}
		return err
	}
	if err := reads(); err != nil {
		t.Errorf("a page in Chicago: %v", err)
	}
	w.reads(c)
	own := func() (all []record.Call) {
		for _, call := range w.pns.calls() {
			if call.Peer == "chicago" {
				all = append(all, call)
			}
		}
		return all
	}
	if all := own(); len(all) != 2 || all[0].Stage != record.Online || all[0].User != "denver" || all[0].Called != there+":1723" ||
		all[1].Reason != record.NoTunnel || all[1].Called != there+":1722" {
		t.Errorf("Denver's own calls are %+v", all)
	}
	if calls := other.calls(); len(calls) != 1 || calls[0].Name != own()[0].Name || calls[0].Traffic.FramesUp == 0 {
		t.Errorf("Chicago's calls are %+v", calls)
	}

	reload := func(password string) {
		t.Helper()
		text := strings.Replace(w.office, "red sun", password, 1)
		if _, err := w.pns.reload("pns.toml", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	reload("red sun") // which changes nothing
	if err := reads(); err != nil || len(own()) != 2 {
		t.Errorf("after a reload: %v, %+v", err, own())
	}
	reload("green sea")
	ended := func(reason record.EndReason, text string) bool { // one of them, for a late packet may have begun another
		return slices.ContainsFunc(own(), func(c record.Call) bool { return c.Reason == reason && strings.Contains(c.Text, text) })
	}
	testbed.Until(t, "the call ends", func() bool { return ended(record.Drained, "") })
	testbed.Until(t, "a wrong password is refused", func() bool {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		c.Get(ctx, "http://10.2.0.10/")
		return ended(record.AuthFailed, "wrong user name or password")
	})
	reload("red sun")
	testbed.Until(t, "the page is there again", func() bool { return reads() == nil })
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
