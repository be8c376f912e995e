package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/deploy/testbed"
	"carrier/hardware/caller"
	"carrier/hardware/exchange"
	"carrier/shared/record"
)

// Devices that a pattern names are lines as soon as they are there, and no more
// when they are gone; one that two entries name is one line.
func TestDevicesComeAndGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := filepath.Join(dir, "ttyUSB0")
	w := newWorld(t, setting{pac: fmt.Sprintf("[[bank]]\nname = \"usb\"\nports = [%q]\n[[bank]]\nname = \"again\"\nports = [%q]\n", dir+"/ttyUSB*", first)})
	if l := w.line("usb/ttyUSB0"); l.Line != "" {
		t.Fatalf("%+v", l)
	}
	testbed.Until(t, "the other entry is a line", func() bool { return w.line("again/ttyUSB0").Service == "faulty" })
	for n := range 2 {
		device := w.plugIn(exchange.Subscriber{Number: "5551300", At: "pty", Link: first})
		testbed.Until(t, "the device is a line", func() bool { return w.line("usb/ttyUSB0").State == "idle" })
		status, err := w.pac.Status(within(t))
		if err != nil || !strings.Contains(string(status), "ttyUSB0 of bank again is the same device as") {
			t.Errorf("the clash is not in %s (%v)", status, err)
		}
		if l := w.line("again/ttyUSB0"); l.Line != "" {
			t.Errorf("the second entry is %+v", l)
		}
		c := device.dial(w)
		w.reads(c)
		device.stop()
		last := w.pac.ended(n + 1)
		if last.Line != "usb/ttyUSB0" || last.Reason != record.LineFault || last.Text != `port "`+first+`": the device went away` {
			t.Errorf("the call ended by %v on %s: %s", last.Reason, last.Line, last.Text)
		}
		testbed.Until(t, "the line is gone", func() bool { return w.line("usb/ttyUSB0").Line == "" })
	}
	w.reads(w.dial(0, bob()))
}

// A network port that is reset in the middle of a call has a fault, and so the
// record says; one that is closed may just have lost its carrier. It is opened
// anew, and the PNS is told Lost Carrier of both.
func TestANetworkPortThatIsReset(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	w := newWorld(t, setting{pac: fmt.Sprintf("[[bank]]\nname = \"served\"\nports = [\"tcp://%v\"]\n", server.Addr())})
	device := w.plugIn(exchange.Subscriber{Number: "5551300"})
	ports := make(chan *net.TCPConn, 10)
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			ports <- c.(*net.TCPConn)
			device.Lines()[0].Plug(t.Context(), c)
		}
	}()
	for n, tt := range []struct {
		cut    func(*net.TCPConn) error
		reason record.EndReason
		text   string
	}{
		{func(p *net.TCPConn) error { return errors.Join(p.SetLinger(0), p.Close()) }, record.LineFault, "connection reset by peer"},
		{(*net.TCPConn).CloseWrite, record.CarrierLost, "the line lost its carrier"},
	} {
		port := <-ports
		testbed.Until(t, "the port is a line", func() bool { return w.line("served/1").State == "idle" })
		c := device.dial(w)
		w.reads(c)
		if err := tt.cut(port); err != nil {
			t.Fatal(err)
		}
		w.pac.wants(w.pac.ended(n+1), tt.reason, tt.text)
		w.pns.wants(w.pns.ended(n+1), record.CarrierLost, "Lost Carrier ("+tt.reason.String()+"; ")
		c.Close()
	}
}

// A plugged is a telephone network that can be pulled out.
type plugged struct {
	*exchange.Exchange
	stop func()
}

// plugIn makes a device of a modem.
func (w *world) plugIn(s exchange.Subscriber) plugged {
	w.t.Helper()
	x, err := exchange.New(exchange.Options{Subscribers: []exchange.Subscriber{s, {Number: "4045559999"}},
		Timing: exchange.Timing{Setup: 100 * time.Millisecond, RingEvery: time.Second, CallerID: 200 * time.Millisecond, Train: 300 * time.Millisecond}})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); x.Run(ctx) }()
	p := plugged{x, func() { stop(); <-done }}
	w.t.Cleanup(p.stop)
	return p
}

// dial has Sara call the device.
func (p plugged) dial(w *world) *caller.Call {
	w.t.Helper()
	hers, modems := net.Pipe()
	go p.Lines()[1].Plug(w.t.Context(), modems)
	o := sara()
	o.Number = p.Lines()[0].Number()
	c, err := caller.Dial(within(w.t), hers, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}
