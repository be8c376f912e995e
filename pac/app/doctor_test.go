package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/console"
)

// A clinic is a daemon, its file, and a doctor for both.
type clinic struct {
	program
	pns  string // an address where no PNS is
	logs *bytes.Buffer
}

// examined is what of the doctor's findings is said of the daemon and of ports,
// and what it looked at of those.
func (c clinic) examined() (found, looked []string) {
	c.t.Helper()
	out, _ := c.ask("doctor", "--json")
	var d struct {
		Findings []struct{ About, Text string }
		Looked   []string
	}
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	ours := func(about string) bool {
		return about == "the daemon" || strings.HasPrefix(about, "port") || strings.HasPrefix(about, "bank")
	}
	for _, f := range d.Findings {
		if ours(f.About) {
			found = append(found, f.About+": "+f.Text)
		}
	}
	for _, l := range d.Looked {
		if ours(l) {
			looked = append(looked, l)
		}
	}
	slices.Sort(looked)
	return found, looked
}

// write writes a configuration to which only the name and the banks are missing.
func (c clinic) write(more string) {
	c.t.Helper()
	text := fmt.Sprintf("socket = %q\n%s[[pns]]\nname = 'd'\nat = %q\ntransport = 'udp'\n[default]\ntunnel = ['d']\n", c.file+".sock", more, c.pns)
	if err := os.WriteFile(c.file, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// nobody is an address of this host where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// runs runs the daemon until the test ends.
func (c clinic) runs() {
	ctx, stop := context.WithCancel(c.t.Context())
	done := make(chan int, 1)
	go func() {
		done <- Run(ctx, []string{"run", "-c", c.file}, console.Stdio{Out: c.logs, Err: c.logs})
	}()
	c.t.Cleanup(func() {
		stop()
		if status := <-done; status != 0 {
			c.t.Errorf("the daemon ended with %d:\n%s", status, c.logs)
		}
	})
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for status := 1; status != 0; <-tick.C {
		_, status = c.ask("status")
	}
}

// Who edits the file and runs the doctor is told that the daemon does not know
// of it yet; the new ports, which the daemon does not have, are looked at.
func TestDoctorAfterAnEdit(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	calls, foreign, dead := nobody(t), held.Addr().String(), nobody(t)
	c := clinic{program{t, filepath.Join(t.TempDir(), "pac.toml")}, nobody(t), new(bytes.Buffer)}
	old := fmt.Sprintf("name = 'atlanta'\n[[bank]]\nname = 'emulators'\nlisten = 'tcp://%s'\nlines = 2\n", calls)
	c.write(old + "[[bank]]\nname = 'gone'\nports = ['unix:///nowhere']\n")
	c.runs()
	if found, _ := c.examined(); len(found) > 0 {
		t.Errorf("before the edit: %q", found)
	}
	_, port, _ := net.SplitHostPort(calls)
	moved := strings.Replace(old, calls, "0.0.0.0:"+port, 1)
	c.write("# a comment\n" + old + "[[bank]]\nname = 'gone'\nports = ['unix:///nowhere']\n")
	if found, _ := c.examined(); len(found) > 0 {
		t.Errorf("after a comment: %q", found)
	}
	c.write(strings.Replace(moved, "atlanta", "macon", 1) + fmt.Sprintf("[[bank]]\nname = 'new'\nports = ['tcp://%s']\n[[bank]]\nname = 'more'\nlisten = 'tcp://%s'\n[[user]]\nname = 'u'\ntunnel = ['d']\n", dead, foreign))
	found, looked := c.examined()
	want := []string{
		fmt.Sprintf("the daemon: it runs with another configuration than the file has now, which differs in bank, user "+
			"(new: tcp://0.0.0.0:%s of bank emulators, tcp://%s of bank new, tcp://%s of bank more; gone: tcp://%s of bank emulators, unix:///nowhere of bank gone): "+
			"`systemctl reload pac`, `pac reload` or SIGHUP takes it", port, dead, foreign, calls),
		"the daemon: it goes on with the old name, whatever the file says: `systemctl restart pac` takes the new",
		fmt.Sprintf("bank more: port \"tcp://%s\": in use by another program: listen tcp %[1]s: bind: address already in use; end the program that has it (`ss -lp` names it), or correct `listen`", foreign),
		fmt.Sprintf("port tcp://%s: dial tcp %[1]s: connect: connection refused; is the terminal server on, and its address in `ports` right?", dead),
	}
	if !slices.Equal(found, want) {
		t.Errorf("after the edit:\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
	if want := []string{"bank emulators", "bank more", "port tcp://" + dead, "the daemon"}; !slices.Equal(looked, want) {
		t.Errorf("looked at %q, want %q", looked, want)
	}
	if out, status := c.ask("reload"); status == 0 {
		t.Errorf("reloaded: %s", out)
	}
	held.Close()
	if out, status := c.ask("reload"); status != 0 {
		t.Errorf("not reloaded: %s", out)
	}
	if found, looked := c.examined(); !slices.Equal(found, want[1:2]) || !slices.Equal(looked, []string{"the daemon"}) {
		t.Errorf("after the reload: %q, looked at %q", found, looked)
	}
}
