package scenario

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/ppp/auth"
)

// within bounds what should take seconds.
func within(t *testing.T) context.Context {
	ctx, stop := context.WithTimeout(context.Background(), testbed.Patience)
	t.Cleanup(stop)
	return ctx
}

func login(user, password string) caller.Options {
	return caller.Options{Login: auth.Login{Name: user, Secret: auth.NewPassword(password)}}
}

func sara() caller.Options { return login("saran", "blue moon") }
func bob() caller.Options  { return login("bob", "green grass") }

// plug opens the modem of a telephone.
func (w *world) plug(phone int) net.Conn {
	hers, modems := net.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	unplugged := make(chan struct{})
	go func() {
		defer close(unplugged)
		w.phones.Lines()[phone].Plug(ctx, modems)
	}()
	w.t.Cleanup(func() {
		stop()
		<-unplugged
	})
	return hers
}

// dial makes a call that must succeed.
func (w *world) dial(phone int, o caller.Options) *caller.Call {
	w.t.Helper()
	c, err := w.try(phone, o)
	if err != nil {
		w.t.Fatalf("%s: %v", o.Login.Name, err)
	}
	return c
}

// try makes a call.
func (w *world) try(phone int, o caller.Options) (*caller.Call, error) {
	w.t.Helper()
	return w.tryOn(w.plug(phone), o)
}

// tryOn makes a call on a modem's port.
func (w *world) tryOn(port net.Conn, o caller.Options) (*caller.Call, error) {
	w.t.Helper()
	o.Number = testbed.Number
	c, err := caller.Dial(within(w.t), port, o)
	if err == nil {
		w.t.Cleanup(func() { c.Close() })
	}
	return c, err
}

// reads fetches the intranet's page.
func (w *world) reads(c *caller.Call) {
	w.t.Helper()
	page, err := c.Get(within(w.t), "http://2.1.1.10/")
	if err != nil || string(page) != testbed.Page {
		w.t.Errorf("the page is %q, %v", page, err)
	}
}

// told waits until the call ends, and checks what the caller was told.
func (w *world) told(c *caller.Call, text string) {
	w.t.Helper()
	select {
	case <-c.Done():
	case <-within(w.t).Done():
		w.t.Fatal("the caller's call goes on")
	}
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), text) {
		w.t.Errorf("the caller was told %v, want %q", err, text)
	}
}

// A call works, and both ends know afterwards what it was.
func TestCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{line: exchange.Conditions{Rate: 28800}})
	c := w.dial(0, sara())
	if got := c.Addr().String(); got != "2.1.1.129" {
		t.Errorf("address %s", got)
	}
	if got := fmt.Sprint(c.DNS(), c.NBNS()); got != "[2.1.1.53] [2.1.1.55 2.1.1.56]" {
		t.Errorf("servers %s", got)
	}
	w.reads(c)
	if _, err := c.Ping(within(t), c.Peer()); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	up, down := w.pac.ended(1), w.pns.ended(1)
	if up.Name != down.Name || up.User != "saran" || down.User != "saran" || up.Calling != "4045550001" || down.Calling != "4045550001" ||
		up.Called != testbed.Number || down.Called != testbed.Number || up.Rate != 28800 || down.Rate != 28800 {
		t.Errorf("pac remembers %+v, pns %+v", up, down)
	}
	if up.Reason.String() != "caller-hung-up" || down.Reason != up.Reason {
		t.Errorf("pac: %v, pns: %v", up.Reason, down.Reason)
	}
}
