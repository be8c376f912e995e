package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carrier/shared/console"
)

// A program is run and asked as from the command line.
type program struct {
	t    *testing.T
	file string
}

// write writes the configuration; more is added to what is needed.
func (p program) write(name, more string) {
	p.t.Helper()
	text := fmt.Sprintf("name = %q\nsocket = %q\n[[bank]]\nname = \"unused\"\nports = [\"unix:///nowhere\"]\n[[pns]]\nname = \"d\"\nat = \"192.0.2.1\"\ntransport = \"udp\"\n[default]\ntunnel = [\"d\"]\n%s",
		name, p.file+".sock", more)
	if err := os.WriteFile(p.file, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p program) ask(args ...string) (out string, status int) {
	var b bytes.Buffer
	status = Run(p.t.Context(), append(args, "-c", p.file), console.Stdio{Out: &b, Err: &b})
	return b.String(), status
}

// run runs the daemon, which answers when run returns. end stops it, and returns
// its log and its status.
func (p program) run() (end func() (log string, status int)) {
	ctx, stop := context.WithCancel(p.t.Context())
	done := make(chan int, 1)
	var log bytes.Buffer
	go func() { done <- Run(ctx, []string{"run", "-c", p.file}, console.Stdio{Out: &log, Err: &log}) }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for status := 1; status != 0; <-tick.C {
		_, status = p.ask("status")
	}
	return func() (string, int) {
		stop()
		status := <-done
		return log.String(), status
	}
}

// The configuration's file is read again: a mistake changes nothing and is read
// where it was asked for; what needs a restart is named.
func TestReloadReadsTheFile(t *testing.T) {
	p := program{t, filepath.Join(t.TempDir(), "pac.toml")}
	p.write("atlanta", "")
	end := p.run()
	for _, tt := range []struct {
		name, more string
		out        string
		status     int
		lines      []string
	}{
		{"atlanta", "[[bank]]\nname = \"more\"\nports = [\"unix:///there\"]\n", "reloaded\n", 0, []string{"unused/1", "more/1"}},
		{"macon", "log = 5\n", "", 1, []string{"unused/1", "more/1"}},
		{"macon", "", "reloaded, but for what needs a restart: name\n", 0, []string{"unused/1"}},
		{"atlanta", "[[user]]\nname = \"g\"\ntunnel = [\"192.0.2.7\"]\n", "reloaded, but for what needs a restart: transport\n", 0, []string{"unused/1"}},
	} {
		p.write(tt.name, tt.more)
		out, status := p.ask("reload")
		if status != tt.status || tt.out != "" && out != tt.out || tt.out == "" && !strings.Contains(out, "pac.toml:") {
			t.Errorf("%d, %q; want %q", status, out, tt.out)
		}
		out, _ = p.ask("lines")
		for _, l := range tt.lines {
			if !strings.Contains(out, l) || strings.Count(out, "\n") != len(tt.lines)+1 {
				t.Errorf("the lines are\n%s", out)
			}
		}
	}
	log, status := end()
	if status != 0 {
		t.Errorf("it ended with %d:\n%s", status, log)
	}
	for _, want := range []string{`"msg":"not reloaded"`, `"msg":"reloaded"`} {
		if !strings.Contains(log, want) {
			t.Errorf("no %s in the log:\n%s", want, log)
		}
	}
}
