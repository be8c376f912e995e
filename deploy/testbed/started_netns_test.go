//go:build netns

package testbed

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	configBlock = regexp.MustCompile("(?ms)^```toml\n# (\\w+)\\.toml\n(.*?)^```$")
	callerBlock = regexp.MustCompile("(?ms)^    (bin/caller [^\n]*)\n\n```\n(.*?)^```$")
	logLine     = regexp.MustCompile(`(?m)^time=\S+ (.*)$`)
	attribute   = regexp.MustCompile(`([a-z_]+)=("[^"]*"|\S+)`)
	duration    = regexp.MustCompile(`\d+\.\d+m?s`)
)

// What docs/getting-started.md says to do on one machine and on two is done
// here, and what it says will be seen is seen.
func TestGettingStarted(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(here(), "../../docs/getting-started.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(b), "\n## ")
	one, two := sections[1], sections[2]
	telephones := configBlock.FindString(one)
	bin := Programs(t)
	t.Run("one machine", func(t *testing.T) {
		h := NewHost(t, "one")
		intranet(t, h)
		follow(t, bin, one, map[string]*Host{"exchange": h, "pns": h, "pac": h})
	})
	t.Run("two machines", func(t *testing.T) {
		pop, office := NewHost(t, "pop"), NewHost(t, "office")
		Join(pop, "wan", "192.0.2.1/24", office, "wan", "198.51.100.7/24")
		pop.IP("route", "add", "198.51.100.7", "dev", "wan")
		office.IP("route", "add", "192.0.2.1", "dev", "wan")
		follow(t, bin, telephones+"\n"+two, map[string]*Host{"exchange": pop, "pns": office, "pac": pop})
	})
}

// intranet serves the page of the manual where it says.
func intranet(t *testing.T, h *Host) {
	t.Helper()
	var l net.Listener
	if err := h.Do(func() (err error) { l, err = net.Listen("tcp", "127.0.0.1:8080"); return err }); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the intranet\n") })}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
}

// follow does what a section says: its configurations, its programs on their
// hosts, its calls. Only the commands' sockets are elsewhere.
func follow(t *testing.T, bin, section string, on map[string]*Host) {
	dir := t.TempDir()
	var running []*Process
	for _, m := range configBlock.FindAllStringSubmatch(section, -1) {
		program, text, file := m[1], m[2], filepath.Join(dir, m[1]+".toml")
		if program != "exchange" {
			text = fmt.Sprintf("socket = %q\n", filepath.Join(dir, program+".sock")) +
				regexp.MustCompile(`(?m)^socket .*\n`).ReplaceAllString(text, "")
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"run", "-c", file}
		if program == "exchange" {
			args = args[1:]
		}
		running = append(running, Start(on[program], filepath.Join(bin, program), args...))
	}
	calls := callerBlock.FindAllStringSubmatch(section, -1)
	if len(running) != 3 || len(calls) != 1 {
		t.Fatalf("the section has %d programs and %d calls", len(running), len(calls))
	}
	for _, m := range calls {
		out, err := on["pac"].Command("sh", "-c", strings.ReplaceAll(m[1], "bin/", bin+"/")).CombinedOutput()
		got, want := duration.ReplaceAllString(string(out), "T"), duration.ReplaceAllString(m[2], "T")
		if err != nil || got != want {
			t.Errorf("%s\nprinted %q, want %q (%v)", m[1], got, want, err)
		}
	}
	var log strings.Builder
	for _, p := range running {
		log.WriteString(p.Stop())
	}
	lines := logLine.FindAllStringSubmatch(section, -1)
	for _, m := range lines {
		if !logs(log.String(), m[1]) {
			t.Errorf("nobody logged: %s", m[1])
		}
	}
	if len(lines) == 0 {
		t.Error("the section has no log lines")
	}
}

// logs finds a line of a manual, which is text, in logs that are JSON.
func logs(log, want string) bool {
	for line := range strings.Lines(log) {
		var got map[string]any
		if json.Unmarshal([]byte(line), &got) != nil {
			continue
		}
		attributes := attribute.FindAllStringSubmatch(want, -1)
		same := len(attributes) == len(got)-1 // the manual's time was cut off
		for _, a := range attributes {
			same = same && alike(a[1], strings.Trim(a[2], `"`), got[a[1]])
		}
		if same {
			return true
		}
	}
	return false
}

// alike compares the values of one attribute; some are different each time.
func alike(name, want string, got any) bool {
	switch name {
	case "duration", "after", "up", "down":
		return got != nil
	case "peer":
		return strings.Split(want, ":")[0] == strings.Split(fmt.Sprint(got), ":")[0]
	}
	return want == fmt.Sprint(got)
}
