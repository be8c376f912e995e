//go:build netns

package peer

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"carrier/shared/gre"
	"carrier/shared/hdlc"
	"carrier/shared/pptp"
)

// space is a network namespace of the test's own.
type space struct {
	t    *testing.T
	name string
	addr netip.Addr
}

// spaces makes two network namespaces with a cable between them, 192.0.2.1 and
// 192.0.2.2. They need root.
func spaces(t *testing.T) (a, b *space) {
	t.Helper()
	id := rand.IntN(1 << 30)
	a = &space{t, fmt.Sprintf("peer%d-a", id), netip.MustParseAddr("192.0.2.1")}
	b = &space{t, fmt.Sprintf("peer%d-b", id), netip.MustParseAddr("192.0.2.2")}
	for _, s := range []*space{a, b} {
		ip(t, "netns", "add", s.name)
		t.Cleanup(func() { exec.Command("ip", "netns", "del", s.name).Run() })
	}
	ip(t, "link", "add", "eth0", "netns", a.name, "type", "veth", "peer", "name", "eth0", "netns", b.name)
	for _, s := range []*space{a, b} {
		ip(t, "-n", s.name, "addr", "add", s.addr.String()+"/24", "dev", "eth0")
		ip(t, "-n", s.name, "link", "set", "eth0", "up")
		ip(t, "-n", s.name, "link", "set", "lo", "up")
	}
	return a, b
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v: %s", args, err, out)
	}
}

// within runs f on a thread that is in the namespace; sockets stay in it.
func (s *space) within(f func()) {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread goes away
		fd, err := os.Open(filepath.Join("/run/netns", s.name))
		if err == nil {
			err = unix.Setns(int(fd.Fd()), unix.CLONE_NEWNET)
			fd.Close()
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
}

// host runs an endpoint with raw GRE in the namespace.
func (s *space) host(name string, odd bool) *host {
	h := newHand()
	h.admits(func(netip.AddrPort) (Remote, error) { return Remote{}, nil })
	var run *host
	s.within(func() {
		run = runOptions(s.t, Options{Host: name, Listen: netip.AddrPortFrom(s.addr, pptp.Port), GRE: true, OddIDs: odd,
			Handler: h, Log: slog.New(slog.NewTextHandler(s.t.Output(), nil)), Stats: new(Stats), Stop: time.Second}, h)
	})
	run.connect = func(ctx context.Context, to netip.AddrPort) (nc net.Conn, err error) {
		s.within(func() { nc, err = run.connectTCP(ctx, to) })
		return nc, err
	}
	return run
}

// Real GRE, protocol 47, both ways; two endpoints in one namespace, which both
// see every packet; GRE of nobody.
func TestRawGRE(t *testing.T) {
	a, b := spaces(t)
	pac, pns := a.host("atlanta", true), b.host("denver", false)
	conn, err := pac.Dial(t.Context(), Remote{Addr: netip.AddrPortFrom(b.addr, pptp.Port)})
	if err != nil {
		t.Fatal(err)
	}
	atPAC, atPNS := call(t, conn, pns, 1)
	up, down := newInbox(), newInbox()
	atPAC.Bind(down)
	atPNS.Bind(up)
	for i := range 200 {
		payload := fmt.Sprint(i, strings.Repeat(".", i*7))
		atPAC.Send(packet(atPAC.PeerID(), uint32(i), "up "+payload))
		atPNS.Send(packet(atPNS.PeerID(), uint32(i), "down "+payload))
		if u, d := get(t, up.packets, "GRE"), get(t, down.packets, "GRE"); u != "up "+payload || d != "down "+payload {
			t.Fatalf("packet %d: %q, %q", i, u, d)
		}
	}
	eventually(t, "probe", func() bool { return pns.stats.GREProbes.Load() > 0 })
	atPNS.Send([]byte("nonsense"), packet(atPNS.PeerID()^1, 0, ""), packet(atPNS.PeerID()+2, 0, "")) // the kernel keeps the second from us
	eventually(t, "strange packets", func() bool {
		return pac.stats.GREMalformed.Load() == 1 && pac.stats.GREUnknown.Load() == 1
	})
	atPAC.Disconnect(pptp.CallDisconnectNotify{})
	event(t, atPNS, Ended)
}

// program runs a program in the namespace until the test ends. Its standard
// input goes both ways, as a pty would.
func (s *space) program(name string, args ...string) io.ReadWriteCloser {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	unix.SetNonblock(pair[0], true) // so that closing it frees who reads
	near, far := os.NewFile(uintptr(pair[0]), "near"), os.NewFile(uintptr(pair[1]), "far")
	cmd := exec.Command("ip", append([]string{"netns", "exec", s.name, name}, args...)...)
	cmd.Stdin = far
	err = cmd.Start()
	far.Close()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		near.Close()
		cmd.Process.Signal(unix.SIGTERM)
		cmd.Wait()
	})
	return near
}

// pptp-linux calls us as its PAC: it plays the PNS and sends an
// Outgoing-Call-Request. PPP frames go through it both ways.
func TestPPTPLinuxCallsUs(t *testing.T) {
	a, b := spaces(t)
	h := b.host("denver", false)
	pty := a.program("pptp", "192.0.2.2", "--nolaunchpppd", "--nohostroute", "--phone", "5551212")
	c := get(t, h.outgoing, "Outgoing")
	if r := c.Request().(pptp.OutgoingCallRequest); r.PhoneNumber != "5551212" || c.Conn().PeerHost() != "local" {
		t.Errorf("%q asks for %+v", c.Conn().PeerHost(), r)
	}
	box := newInbox()
	c.Bind(box)
	c.Answer(pptp.OutgoingCallReply{ConnectSpeed: 10_000_000, Window: 64})

	const frame = "\xFF\x03\xC0\x21\x01\x01\x00\x04"
	if _, err := pty.Write(hdlc.AppendFull(nil, []byte(frame))); err != nil {
		t.Fatal(err)
	}
	for got := ""; got != frame; { // acknowledgements have no payload
		got = get(t, box.packets, "GRE from pptp")
	}
	c.Send(gre.Header{CallID: c.PeerID(), HasSeq: true, HasAck: true}.Append(nil, []byte(frame)))
	if got := readFrame(t, pty); got != frame {
		t.Errorf("pptp gave %x", got)
	}
	pty.Close() // pppd is gone: pptp sends Call-Clear-Request
	if e := event(t, c, Cleared); e.Message != (pptp.CallClearRequest{CallID: c.PeerID()}) {
		t.Errorf("%+v", e)
	}
	c.Disconnect(pptp.CallDisconnectNotify{Result: pptp.Request})
	gone(t, c.Conn().Done(), "control connection")
}

// A pptp-linux that is refused: the call is over, the connection goes with the
// program.
func TestPPTPLinuxIsRefused(t *testing.T) {
	a, b := spaces(t)
	h := b.host("denver", false)
	pty := a.program("pptp", "192.0.2.2", "--nolaunchpppd", "--nohostroute")
	c := get(t, h.outgoing, "Outgoing")
	c.Refuse(uint8(pptp.OutgoingDoNotAccept), 0)
	event(t, c, Ended)
	if b, err := io.ReadAll(pty); err != nil || len(b) > 0 {
		t.Errorf("pptp gave %x, %v", b, err)
	}
	gone(t, c.Conn().Done(), "control connection")
}

// pptpd is the PAC of a call that we place; in pppd's place stands a program
// that gives back what it gets.
func TestWeCallPPTPD(t *testing.T) {
	a, b := spaces(t)
	h := a.host("branch", false)
	dir := t.TempDir()
	echo := filepath.Join(dir, "echo")
	conf := filepath.Join(dir, "pptpd.conf")
	for file, text := range map[string]string{
		filepath.Join(dir, "options"): "",
		// pptpd reads no GRE before pppd has sent a frame: here a Configure-Request.
		echo: "#!/bin/sh\nstty raw -echo\nprintf '~\\377}#\\300!}!}!} }$\\321\\265~'\nexec cat\n",
		conf: "ppp " + echo + "\noption " + dir + "/options\nlocalip 10.9.9.1\nremoteip 10.9.9.2-9\nlisten 192.0.2.2\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.program("pptpd", "-f", "-c", conf, "-p", filepath.Join(dir, "pid"))
	var conn *Conn
	eventually(t, "pptpd listens", func() (ok bool) {
		var err error
		conn, err = h.Dial(t.Context(), Remote{Addr: netip.AddrPortFrom(b.addr, pptp.Port)})
		return err == nil
	})
	c, err := conn.Place(t.Context(), pptp.OutgoingCallRequest{CallSerialNumber: 7, MaximumBPS: 1e8, BearerType: 3, FramingType: 3, Window: 64})
	if err != nil {
		t.Fatal(err)
	}
	if conn.PeerHost() != "local" || c.Name() != "branch/7" || c.PeerWindow() == 0 {
		t.Errorf("%q, %s, window %d", conn.PeerHost(), c.Name(), c.PeerWindow())
	}
	box := newInbox()
	c.Bind(box)
	const frame = "\xFF\x03\xC0\x21\x01\x01\x00\x04"
	if got := get(t, box.packets, "first frame"); got != frame {
		t.Errorf("pptpd sent %x", got)
	}
	const other = "\xFF\x03\xC0\x21\x09\x07\x00\x08\x00\x00\x00\x00"
	c.Send(packet(c.PeerID(), 0, other))
	for got := ""; got != other; { // acknowledgements have no payload
		got = get(t, box.packets, "frame given back")
	}
	c.Clear()
	for e := range c.Events() {
		if e.Kind != Ended || e.Err != nil {
			t.Errorf("%+v", e)
		}
	}
	gone(t, conn.Done(), "control connection")
}

// readFrame reads until there is one HDLC frame.
func readFrame(t *testing.T, r io.Reader) string {
	t.Helper()
	frames := make(chan string, 10)
	go func() {
		var d hdlc.Decoder
		b := make([]byte, 1024)
		for {
			n, err := r.Read(b)
			if err != nil {
				return
			}
			d.Push(b[:n], func(frame []byte, err error) {
				if err == nil {
					frames <- string(frame)
				}
			})
		}
	}()
	return get(t, frames, "frame")
}
