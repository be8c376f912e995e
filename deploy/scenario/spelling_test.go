package scenario

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carrier/deploy/testbed"
	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// respell has the PAC read its configuration with some text written otherwise,
// for good, and gives calls no time whose line or PNS it does not find there.
func (w *world) respell(old, new string) {
	w.t.Helper()
	text := strings.ReplaceAll(w.atlanta, old, new)
	if text == w.atlanta {
		w.t.Fatalf("the configuration has no %q", old)
	}
	w.atlanta = text
	w.reload("[[pns]]", "[limits]\ndrain = \"0s\"\n[[pns]]")
}

// A port that is only spelt otherwise is the same line: its call goes on, it
// stays out of service, and has its name still.
func TestReloadSpellsAPortOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{modems: 2})
	c := w.dial(0, sara())
	busy := w.lineOf("saran")
	n := int(busy[len(busy)-1] - '1')
	out := fmt.Sprintf("courier/%d", 2-n)
	if err := w.pac.TakeOut(within(t), []string{out}, "smoke"); err != nil {
		t.Fatal(err)
	}
	w.respell("unix:///", "unix:////")
	w.reads(c)
	if l := w.line(busy); l.Service != "" || l.User != "saran" || !strings.HasPrefix(l.Port, "unix:////") {
		t.Errorf("the line with a call is %+v", l)
	}
	if l := w.line(out); l.Service != "out" || l.Why != "smoke" {
		t.Errorf("the line out of service is %+v", l)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	w.pac.wants(w.pac.ended(1), record.CallerHungUp, "")
	testbed.Until(t, "its port is had by the new name", func() bool { return w.line(busy).State == "idle" })
	w.reads(w.dial(0, sara()))
}

// So is a device by another of its paths; the line is then called by that.
func TestReloadNamesADeviceOtherwise(t *testing.T) {
	t.Parallel()
	const number = "5551300"
	dir := t.TempDir()
	tty, byID := filepath.Join(dir, "ttyUSB0"), filepath.Join(dir, "usb-acme")
	if err := os.Symlink(tty, byID); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, setting{
		phones: exchange.Options{Subscribers: []exchange.Subscriber{{Number: number, At: "pty", Link: tty}}},
		pac:    fmt.Sprintf("[[bank]]\nname = \"tty\"\nports = [%q]\n", tty),
	})
	c := w.dialNumber(1, number, sara())
	w.respell(tty, byID)
	w.reads(c)
	if l := w.line("tty/ttyUSB0"); l.Service != "" || l.User != "saran" || l.Port != byID {
		t.Errorf("the line with a call is %+v", l)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	w.pac.wants(w.pac.ended(1), record.CallerHungUp, "")
	testbed.Until(t, "it has its new name", func() bool { return w.line("tty/usb-acme").State == "idle" })
	if err := w.pac.TakeOut(within(t), []string{"tty/usb-acme"}, "smoke"); err != nil {
		t.Fatal(err)
	}
	w.respell(byID, tty)
	if l := w.line("tty/ttyUSB0"); l.Service != "out" || l.Why != "smoke" {
		t.Errorf("the line out of service is %+v", l)
	}
}

// So is a place where calls come in as connections.
func TestReloadSpellsAListenerOtherwise(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	w := newWorld(t, setting{pac: "[[bank]]\nname = \"direct\"\nlisten = \"tcp://127.0.0.1:" + port + "\"\n"})
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	testbed.Until(t, "she is in a call", func() bool { return w.line("direct/1").Call != "" })
	call := w.line("direct/1").Call
	w.respell("tcp://127.0.0.1:"+port, "tcp://localhost:"+port)
	if l := w.line("direct/1"); l.Call != call || l.Service != "" || l.Port != "tcp://localhost:"+port {
		t.Errorf("the line is %+v", l)
	}
	for _, c := range w.pac.calls() {
		if c.Name == call && c.Reason != record.Running {
			t.Errorf("the call ended by %v", c.Reason)
		}
	}
}

// A PNS and a host are known by where they are.
func TestReloadNamesAPNSAndAHostOtherwise(t *testing.T) {
	t.Parallel()
	b := newBBS(t)
	w := newWorld(t, setting{modems: 2, callers: 2, pac: fmt.Sprintf("[[user]]\nname = \"guest\"\npassword = \"welcome\"\nhost = %q\n", b.url)})
	c := w.dial(0, sara())
	guest := w.terminal(1)
	guest.types("\r")
	guest.expects("login: ")
	guest.types("guest\rwelcome\r")
	guest.expects("You are? ")
	w.respell(b.url, strings.Replace(b.url, "127.0.0.1", "localhost", 1))
	w.atlanta = strings.Replace(w.atlanta, w.denver+":1723", w.denver, 1)
	w.respell(`name      = "denver"`, `name      = "boulder"`)
	w.reads(c)
	for _, call := range w.pac.calls() {
		if call.Reason != record.Running {
			t.Errorf("the call to %s ended by %v", call.Peer, call.Reason)
		}
	}
	guest.types("guest\r")
	guest.expects("Hello \"guest\\r\"\r\n")
}
