//go:build netns

package testbed

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// While the interface is gone and cannot be made anew nobody is told that she is
// online: calls are refused, and whoever asks is told why. A call that runs waits.
func TestClosedWithoutInterface(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 2)
	c, err := o.dial(0)
	if err != nil {
		t.Fatal(err)
	}
	if got := o.ready(); got != "200 OK ok\n" {
		t.Errorf("at first: %s", got)
	}
	o.metric("pns_takes_calls", 1)
	o.Office.IP("link", "set", "carrier0", "name", "foo0")
	o.Office.IP("link", "add", "carrier0", "type", "veth", "peer", "name", "carrier0-far") // somebody takes its name
	o.Office.IP("link", "del", "foo0")
	const why = "the interface carrier0 is gone and cannot be made, so callers reach nothing: interface carrier0: an interface of this name exists already"
	Until(t, "it is not ready", func() bool { return strings.HasPrefix(o.ready(), "503 Service Unavailable "+why) })
	if got := o.Ask(o.Office, "pns", "status"); !strings.Contains(got, why) {
		t.Errorf("status:\n%s", got)
	}
	if _, err := o.dial(1); err == nil {
		t.Error("a caller is told that she is online")
	}
	o.pns.Logged("call refused", "is gone and cannot be made")
	o.metric("pns_calls_active", 1)
	o.metric("pns_takes_calls", 0)

	o.Office.IP("link", "del", "carrier0")
	Until(t, "it is ready again", func() bool { return o.ready() == "200 OK ok\n" })
	if got := o.Ask(o.Office, "pns", "status"); strings.Contains(got, "closed") {
		t.Errorf("status:\n%s", got)
	}
	o.metric("pns_takes_calls", 1)
	if err := uses(c, 1000); err != nil {
		t.Errorf("who waited: %v", err)
	}
	if _, err := o.dial(1); err != nil {
		t.Errorf("who calls again: %v", err)
	}
}

// ready is what the server says to whoever asks whether it takes calls.
func (o *office) ready() string {
	o.T.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: o.Office.dial}}
	r, err := client.Get("http://" + pnsPanelTUN + "/readyz")
	if err != nil {
		o.T.Fatal(err)
	}
	defer r.Body.Close()
	page, err := io.ReadAll(r.Body)
	if err != nil {
		o.T.Fatal(err)
	}
	return r.Status + " " + string(page)
}
