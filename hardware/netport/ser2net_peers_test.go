//go:build peers

package netport_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"carrier/hardware/exchange"
	"carrier/hardware/line"
	"carrier/hardware/modem"
	"carrier/hardware/netport"
	"carrier/shared/hdlc"
)

// ser2net serves a device as telnet:// or rfc2217:// and returns the URL.
func ser2net(t *testing.T, scheme, device string) string {
	t.Helper()
	path, err := exec.LookPath("ser2net")
	if err != nil {
		t.Fatalf("%v: install Debian's package ser2net", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().(*net.TCPAddr)
	l.Close()
	telnet := map[string]string{"telnet": "telnet", "rfc2217": "telnet(rfc2217)"}[scheme]
	dir := t.TempDir()
	config := fmt.Sprintf("connection: &modem\n  accepter: %s,tcp,127.0.0.1,%d\n  connector: serialdev,%s,9600n81,local\n  options:\n    kickolduser: true\n",
		telnet, address.Port, device)
	file := filepath.Join(dir, "ser2net.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(path, "-n", "-d", "-c", file, "-P", filepath.Join(dir, "pid"))
	var says bytes.Buffer
	c.Stdout, c.Stderr = &says, &says
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		if t.Failed() {
			t.Logf("ser2net says:\n%s", says.Bytes())
		}
	})
	url := scheme + "://" + address.String()
	for again := time.NewTicker(50 * time.Millisecond); ; <-again.C {
		// Connected and closed: the port is opened by the test's modem only.
		if probe, err := net.Dial("tcp", address.String()); err == nil {
			probe.Close()
			return url
		} else if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
}

// What ser2net is asked for amid PPP, and how its answers begin: the rate and the
// flow control by RFC 2217, and an option that it does not have.
var (
	asks = map[string][][]byte{
		"telnet":  {{0xFF, 0xFD, 0xC8}},
		"rfc2217": {{0xFF, 0xFA, 44, 1, 0, 0, 0, 0, 0xFF, 0xF0}, {0xFF, 0xFA, 44, 5, 0, 0xFF, 0xF0}, {0xFF, 0xFD, 0xC8}},
	}
	answers = map[string][]string{
		"telnet":  {"\xFC\xC8"},
		"rfc2217": {"\xFA\x2C\x65", "\xFA\x2C\x69", "\xFC\xC8"},
	}
)

// world is an exchange: a modem behind ser2net, with a meddler before that, and one of
// a caller.
func world(t *testing.T, scheme string) (pop, caller *modem.Modem, amid *meddler) {
	x, err := exchange.New(exchange.Options{
		Timing: exchange.Timing{Setup: 10 * time.Millisecond, RingEvery: time.Second, CallerID: 100 * time.Millisecond, Train: 50 * time.Millisecond},
		Subscribers: []exchange.Subscriber{
			{Number: "5551212", At: "pty", Link: filepath.Join(t.TempDir(), "modem")},
			{Number: "5550001", At: "tcp://127.0.0.1:0"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- x.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	amid, url := meddle(t, ser2net(t, scheme, x.Lines()[0].URL()), asks[scheme]...)
	open := func(url string) *modem.Modem {
		m := modem.New(modem.Options{Name: url, Init: []string{"AT&F", "ATS12=10"}, Guard: 300 * time.Millisecond,
			Open: func(ctx context.Context) (modem.Port, error) {
				return netport.OpenWith(ctx, url, netport.Options{})
			}})
		t.Cleanup(func() { m.Close() })
		return m
	}
	return open(url), open(x.Lines()[1].URL()), amid
}

// mebibyte is 1 MiB of PPP whose frames hold every octet, doubled ones, and
// what Telnet's commands look like, from IAC alone to a whole subnegotiation.
func mebibyte(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, seed))
	commands := [][]byte{{0xFF}, {0xFF, 0xFF}, {0xFF, 0xFB, 0x00}, {0xFF, 0xFE, 0x00}, {0xFF, 0xFD, 0x2C}, {0xFF, 0xF0},
		{0xFF, 0xFA, 0x2C, 0x01, 0x00, 0x00, 0x25, 0x80, 0xFF, 0xF0}, {0xFF, 0xFA}, {0xFF, 0xF2}, {0xFF, 0xF3}, {'\r', 0}, {'\r', '\n'}}
	var out []byte
	encoder := hdlc.Encoder{}
	for len(out) < 1<<20 {
		frame := []byte{0x00, 0x21}
		for _, i := range random.Perm(256) {
			frame = append(frame, byte(i))
		}
		for range 40 {
			frame = append(frame, commands[random.IntN(len(commands))]...)
			frame = append(frame, byte(random.Uint32()))
		}
		out = encoder.Append(out, frame)
		out = append(out, commands[random.IntN(len(commands))]...) // and between frames
	}
	return out
}

// PPP goes through a terminal server that we did not write without a wrong
// octet, both ways at once, whoever calls, and whatever the server says of its own
// amid the octets.
func TestPPPThroughSer2net(t *testing.T) {
	for _, scheme := range []string{"telnet", "rfc2217"} {
		t.Run(scheme, func(t *testing.T) {
			pop, caller, amid := world(t, scheme)
			for round, ends := range [][2]*modem.Modem{{caller, pop}, {pop, caller}} {
				connect(t, ends[0], ends[1], map[*modem.Modem]string{pop: "5551212", caller: "5550001"}[ends[1]])
				amid.begin()
				pieces := make(chan error, 2)
				for i := range ends {
					want := mebibyte(uint64(2*round + i))
					go transfer(ends[i], want)
					go func() { pieces <- same(ends[1-i], want) }()
				}
				for range ends {
					if err := <-pieces; err != nil {
						t.Error(err)
					}
				}
				said := amid.end()
				for _, begin := range answers[scheme] {
					if said[begin] == 0 {
						t.Errorf("round %d: no command % X of the server's came amid PPP, but %#v", round, begin, said)
					}
				}
				for _, m := range ends {
					if err := m.HangUp(t.Context()); err != nil {
						t.Errorf("round %d: %s: %v", round, m.Name(), err)
					}
				}
			}
		})
	}
}

// connect makes a call.
func connect(t *testing.T, from, to *modem.Modem, number string) {
	t.Helper()
	rung, dialled := make(chan error, 1), make(chan error, 1)
	go func() { _, err := to.Ring(t.Context()); rung <- err }()
	for again := time.NewTicker(10 * time.Millisecond); to.State() != line.Idle; <-again.C {
		if t.Context().Err() != nil {
			t.Fatalf("the modem is %v", to.State())
		}
	}
	go func() { _, err := from.Dial(t.Context(), number); dialled <- err }()
	if err := <-rung; err != nil {
		t.Fatal(err)
	}
	if _, err := to.Answer(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-dialled; err != nil {
		t.Fatal(err)
	}
}

func transfer(to *modem.Modem, b []byte) {
	to.SetWriteDeadline(time.Now().Add(time.Minute))
	to.Write(b) // what is lost, the reader misses
}

func same(from *modem.Modem, want []byte) error {
	from.SetReadDeadline(time.Now().Add(time.Minute))
	got := make([]byte, len(want))
	n, err := io.ReadFull(from, got)
	for i := range n {
		if got[i] != want[i] {
			return fmt.Errorf("from %s: octet %d is %02X, want %02X", from.Name(), i, got[i], want[i])
		}
	}
	if err != nil {
		return fmt.Errorf("from %s: %d octets of %d: %w", from.Name(), n, len(want), err)
	}
	return nil
}
