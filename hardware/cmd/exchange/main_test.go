package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/hardware/exchange"
	"carrier/shared/conf"
)

const whole = `
log    = "warn"
record = "calls"
seed   = 7

[timing]
setup      = "1ms"
ring_every = "20ms"
caller_id  = "5ms"
no_answer  = "30s"
train      = "1ms"
stall      = "10s"

[[subscriber]]
number = "5550001"
name   = "SARA N"
at     = "unix:///run/ttyS1.sock"
connect = true
rate   = 28800
result = "28800/ARQ"

[[subscriber]]
number = "5551201"
hunt   = "5551212"
at     = "tcp://127.0.0.1:0"
lapm   = false
dead   = true

[[subscriber]]
number = "5551202"
at     = "pty"
link   = "/tmp/modem"

[[call]]
from  = "5550001"
to    = "5551212"
rate  = 33600
delay = "100ms"
noise = 1e-5
drop_after  = "1h"
drop_octets = 1000
`

func parse(t *testing.T, text string) (*config, error) {
	t.Helper()
	f, err := conf.Parse("exchange.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return read(f)
}

func TestRead(t *testing.T) {
	c, err := parse(t, whole)
	if err != nil {
		t.Fatal(err)
	}
	o := c.options
	want := []exchange.Subscriber{
		{Number: "5550001", Name: "SARA N", At: "unix:///run/ttyS1.sock", Connect: true,
			Conditions: exchange.Conditions{Rate: 28800, Connect: "28800/ARQ"}},
		{Number: "5551201", Hunt: "5551212", At: "tcp://127.0.0.1:0", Conditions: exchange.Conditions{NoLAPM: true, Dead: true}},
		{Number: "5551202", At: "pty", Link: "/tmp/modem"},
	}
	for i, s := range want {
		if o.Subscribers[i] != s {
			t.Errorf("%+v, want %+v", o.Subscribers[i], s)
		}
	}
	if r := (exchange.Rule{From: "5550001", To: "5551212", Conditions: exchange.Conditions{Rate: 33600,
		Delay: 100 * time.Millisecond, Noise: 1e-5, DropAfter: time.Hour, DropOctets: 1000}}); o.Rules[0] != r {
		t.Errorf("%+v", o.Rules[0])
	}
	ms := time.Millisecond
	if w := (exchange.Timing{Setup: ms, RingEvery: 20 * ms, CallerID: 5 * ms, NoAnswer: 30 * time.Second, Train: ms, Stall: 10 * time.Second}); o.Timing != w {
		t.Errorf("%+v", o.Timing)
	}
	if c.record != "calls" || c.level != 4 || o.Seed != 7 {
		t.Errorf("%+v", c)
	}
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", `exchange.toml:1: subscriber: missing; would be right: [[subscriber]] with number = "5551212" and at = "tcp://127.0.0.1:5600"`},
		{"[[subscriber]]", `exchange.toml:1: subscriber[1].at: missing; would be right: at = "tcp://127.0.0.1:5600"
exchange.toml:1: subscriber[1].number: missing; would be right: number = "5551212"`},
		{"[[subscriber]]\nnumber = \"555-1212\"\nat = \"pty\"",
			`exchange.toml:2: subscriber[1].number: "555-1212" is not a telephone number; would be right: digits, * and #, as in "5551212"`},
		{"[[subscriber]]\nnumber = \"1\"\nat = \"localhost:5600\"",
			`exchange.toml:3: subscriber[1].at: "localhost:5600" is not a port; would be right: "tcp://127.0.0.1:5600", "unix:///run/modem.sock" or "pty"`},
		{"[[subscriber]]\nnumber = \"1\"\nat = \"pty\"\nconnect = true",
			`exchange.toml:4: subscriber[1].connect: a pty cannot be connected to; would be right: connect = false`},
		{"[[subscriber]]\nnumber = \"1\"\nat = \"tcp://127.0.0.1:0\"\nlink = \"x\"",
			`exchange.toml:4: subscriber[1].link: only a pty has a link; would be right: at = "pty"`},
		{"[[subscriber]]\nnumber = \"1\"\nat = \"tcp://[::1]:1\"\n[[subscriber]]\nnumber = \"1\"\nat = \"tcp://[::1]:1\"",
			`exchange.toml:6: subscriber[2].at: "tcp://[::1]:1" stands on line 3 already; would be right: another one`},
		{"log = \"loud\"\n[[subscriber]]\nnumber = \"1\"\nat = \"pty\"\nnoise = 2\nbaud = 300",
			`exchange.toml:1: log: "loud" is no level; would be right: "debug", "info", "warn" or "error"
exchange.toml:5: subscriber[1].noise: 2 is out of range; would be right: a number from 0 to 1
exchange.toml:6: subscriber[1].baud: unknown key; would be right: `},
	} {
		_, err := parse(t, tt.text)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q:\n%v\nwant\n%s", tt.text, err, tt.want)
		}
	}
}

// The program serves a call between two TCP ports and records it.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "exchange.toml")
	text := strings.NewReplacer(`"calls"`, `"`+filepath.Join(dir, "calls")+`"`).Replace(`
record = "calls"
timing = {setup = "1ms", train = "1ms"}
[[subscriber]]
number = "1"
at     = "tcp://127.0.0.1:0"
[[subscriber]]
number = "2"
at     = "tcp://127.0.0.1:0"
`)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, w := io.Pipe()
	ended := make(chan error)
	go func() { ended <- run(ctx, []string{"-c", file}, w, io.Discard) }()
	lines := bufio.NewReader(out)
	var ports []net.Conn
	for range 2 {
		l, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", strings.TrimSpace(l[strings.LastIndexByte(l, '/')+1:]))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ports = append(ports, c)
	}
	talk(t, ports[1], "ATE0S0=1\r", "OK\r\n")
	talk(t, ports[0], "ATE0DT2\r", "CONNECT 115200\r\n")
	talk(t, ports[1], "", "CONNECT 115200\r\n")
	talk(t, ports[0], "hello", "")
	talk(t, ports[1], "", "hello")
	talk(t, ports[1], "welcome", "")
	talk(t, ports[0], "", "welcome")
	ports[0].Close()
	talk(t, ports[1], "", "NO CARRIER\r\n")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"0001-1-2.to-called": "hello", "0001-1-2.to-caller": "welcome"} {
		if b, err := os.ReadFile(filepath.Join(dir, "calls", name)); string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	r, err := newRecorder(filepath.Join(dir, "calls"))
	if err != nil || r.calls.Load() != 1 {
		t.Errorf("a new recorder begins after %d calls, %v", r.calls.Load(), err)
	}
}

func talk(t *testing.T, c net.Conn, say, want string) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte(say)); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for b := make([]byte, 1); !bytes.HasSuffix(got, []byte(want)); got = append(got, b[0]) {
		if _, err := c.Read(b); err != nil {
			t.Fatalf("got %q, want %q: %v", got, want, err)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"-c /nowhere/exchange.toml", "no such file"},
		{"start", `what is "start"?`},
		{"-d", "flag provided but not defined: -d"},
	} {
		err := run(t.Context(), strings.Fields(tt.args), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.args, err)
		}
	}
}

// The example of the documentation is a configuration without mistakes.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../../docs/exchange.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```toml\n")[1:]
	if len(blocks) < 2 {
		t.Fatalf("%d examples", len(blocks))
	}
	for _, b := range blocks {
		b, _, _ = strings.Cut(b, "```")
		if _, err := parse(t, b); err != nil {
			t.Errorf("%s\n%v", b, err)
		}
	}
	f, err := conf.Parse("", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = read(f)
	for _, key := range f.Known() {
		key = key[strings.LastIndexByte(key, '.')+1:]
		if !strings.Contains(string(text), "`"+key+"`") && !strings.Contains(string(text), "["+key+"]") {
			t.Errorf("key %s is not documented", key)
		}
	}
}
