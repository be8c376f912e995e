package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"carrier/shared/console"
)

const least = `
name   = "denver"
listen = "127.0.0.1:0"
udp    = "127.0.0.1:0"
[[pac]]
name      = "atlanta"
from      = ["192.0.2.0/24"]
transport = "udp"
[lan]
addresses = ["2.1.1.129-2.1.1.190"]
[[user]]
name     = "saran"
password = "blue moon"
`

// A journal is a log that is written and read at once.
type journal struct {
	mu    sync.Mutex
	text  string
	wrote chan struct{} // closed at the next writing
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text += string(b)
	close(j.wrote)
	j.wrote = make(chan struct{})
	return len(b), nil
}

// has waits until a text stands in the log so many times.
func (j *journal) has(t *testing.T, text string, times int) {
	t.Helper()
	for end := time.After(10 * time.Second); ; {
		j.mu.Lock()
		all, wrote := j.text, j.wrote
		j.mu.Unlock()
		if strings.Count(all, text) >= times {
			return
		}
		select {
		case <-wrote:
		case <-end:
			t.Fatalf("the log does not have %q %d times:\n%s", text, times, all)
		}
	}
}

// place is where a configuration and the commands' socket are, and writes the
// file, to which the socket is added.
func place(t *testing.T) (file, socket string, write func(text string)) {
	dir := t.TempDir()
	file, socket = filepath.Join(dir, "pns.toml"), filepath.Join(dir, "socket")
	return file, socket, func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("socket = \""+socket+"\"\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The daemon reads its file again when it is asked to, or gets a SIGHUP. A
// mistake is told whole and changes nothing.
func TestReload(t *testing.T) {
	file, socket, write := place(t)
	write(least)
	ctx, end := context.WithCancel(t.Context())
	log, out := &journal{wrote: make(chan struct{})}, new(bytes.Buffer)
	ended := make(chan int)
	go func() { ended <- Run(ctx, []string{"run", "-c", file}, console.Stdio{Out: out, Err: log}) }()
	log.has(t, `"msg":"ready"`, 1)
	client := console.NewClient(socket, "pns")
	doctor := func() string {
		var out bytes.Buffer
		Run(ctx, []string{"doctor", "-c", file}, console.Stdio{Out: &out, Err: &out})
		return out.String()
	}
	if said := doctor(); said != "nothing wrong in 2 looks\n" {
		t.Errorf("before all: the doctor says %s", said)
	}

	write(strings.Replace(least, "blue moon", "red sun", 1) + "[limits]\nidle = 5\nsession = \"x\"\n")
	_, err := client.Reload(ctx)
	if err == nil || !strings.Contains(err.Error(), "pns.toml:16: limits.idle: 5 is not text in quotes") || !strings.Contains(err.Error(), "limits.session") {
		t.Errorf("a wrong file: %v", err)
	}
	log.has(t, `"msg":"not reloaded"`, 1)

	write(strings.NewReplacer("denver", "boulder", "127.0.0.1:0\"\nudp", "127.0.0.1:1\"\nudp").Replace(least) + "[lan.tun]\nname = \"x\"\n")
	if _, err := client.Reload(ctx); err == nil {
		t.Error("a TUN beside mode = userspace is good")
	}
	write(strings.NewReplacer("denver", "boulder", "127.0.0.1:0\"\nudp", "127.0.0.1:1\"\nudp", "[lan]\n", "[lan]\nmode = \"tun\"\nlocal = \"2.1.1.60\"\n",
		"129", "130", "= \"udp\"", "= \"gre\"").Replace(least))
	const old = "the daemon: it goes on with the old name, listen, transport, lan.mode, lan.local, whatever the file says: `systemctl restart pns` takes the new\n"
	if said := doctor(); !strings.HasPrefix(said, "the daemon: it runs with another configuration than the file has now, which differs in lan, pac: "+
		"`systemctl reload pns`, `pns reload` or SIGHUP takes it\n"+old) {
		t.Errorf("before a reload: the doctor says %s", said)
	}
	restart, err := client.Reload(ctx)
	if want := []string{"name", "listen", "transport", "lan.mode", "lan.local"}; err != nil || !slices.Equal(restart, want) {
		t.Errorf("what needs a restart: %q, want %q, %v", restart, want, err)
	}
	if said := doctor(); !strings.HasPrefix(said, old) {
		t.Errorf("after a reload: the doctor says %s", said)
	}
	status, err := client.Status(ctx)
	if err != nil || !strings.Contains(string(status), `"denver"`) || !strings.Contains(string(status), `"addresses_free":61`) {
		t.Errorf("afterwards: %s, %v", status, err)
	}

	write("log = \"error\"\n" + least)
	if restart, err := client.Reload(ctx); err != nil || len(restart) > 0 {
		t.Errorf("the log's level: %q, %v", restart, err)
	}
	write("log = \"debug\"\n" + least)
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	log.has(t, `"msg":"reloaded"`, 2)
	end()
	if status := <-ended; status != 0 || strings.Count(log.text, `"msg":"reloaded"`) != 2 { // one was below the level
		t.Errorf("ended with %d:\n%s", status, log.text)
	}
}
