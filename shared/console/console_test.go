package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/capture"
	"carrier/shared/conf"
	"carrier/shared/doctor"
	"carrier/shared/record"
	"carrier/shared/weakness"
)

// fake is a daemon with two calls.
type fake struct {
	hungUp  string
	spoilt  bool // the configuration
	restart []string
	filter  capture.Filter
	calls   []record.Call
}

type fakeLine struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

func (f *fake) Status() any {
	return struct {
		Name  string          `json:"name"`
		Up    bool            `json:"in_service"`
		Count struct{ N int } `json:"calls"`
		Peers []string        `json:"peers"`
		None  []fakeLine      `json:"tunnels"`
		Lines []fakeLine      `json:"lines"`
	}{"atlanta", true, struct{ N int }{2}, []string{"denver", "dallas"}, nil, []fakeLine{{"modem 1", "idle"}, {"m2", "quarantined"}}}
}

func (f *fake) Calls() []record.Call { return f.calls }

func (f *fake) Reload() ([]string, error) {
	if f.spoilt {
		return nil, conf.Mistakes{{File: "pac.toml", Line: 2, Key: "name", Text: "missing"}}
	}
	return f.restart, nil
}

func (f *fake) Pending() (doctor.Pending, error) {
	if f.spoilt {
		return doctor.Pending{}, errors.New("no such file")
	}
	return doctor.Pending{File: "/etc/x.toml", Changed: []string{"bank"}, Restart: []string{"name"}}, nil
}

func (f *fake) Hangup(call string) error {
	switch call {
	case "atlanta/4711":
		f.hungUp = call
		return nil
	case "broken":
		return errors.New("the line does not answer")
	}
	return ErrNoCall
}

// Capture writes a first piece, then, at its end, another.
func (f *fake) Capture(ctx context.Context, filter capture.Filter, w io.Writer) error {
	f.filter = filter
	if _, err := io.WriteString(w, "first "); err != nil {
		return err
	}
	if filter.Call == "short" {
		return nil
	}
	if filter.Call == "broken" {
		return errors.New("broken")
	}
	<-ctx.Done()
	_, err := io.WriteString(w, "last")
	return err
}

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.Local)

func newFake() *fake {
	return &fake{calls: []record.Call{
		{Name: "atlanta/4711", Started: time.Now(), Stage: record.Relaying, User: "saran", Line: "m1", Peer: "denver", Traffic: record.Traffic{OctetsUp: 12}},
		{Name: "atlanta/4710", Started: noon, Ended: noon.Add(90 * time.Second), Stage: record.Tunnelling, Reason: record.NoTunnel,
			User: "bob", Line: "m2", Text: "refused: \x1b[2Jno such user", Address: netip.MustParseAddr("2.1.1.130")},
		{Name: "atlanta/4709", Started: noon, Ended: noon, Stage: record.Answered, Reason: record.CallerSilent, Line: "m2"},
	}}
}

// start runs a server and returns its socket and a function that ends it.
func start(t *testing.T, p Program) (path string, stop func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pac.sock")
	s, err := Listen(path, "pac", p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		done <- nil
	}
	t.Cleanup(stop)
	return path, stop
}

// execute runs a command line of pac.
func execute(ctx context.Context, socket string, args ...string) (status int, out, errs string) {
	var o, e bytes.Buffer
	c := Commands{
		Name: "pac", Short: "PPTP access concentrator", Config: "pac.toml",
		Run: func(_ context.Context, config string, asJSON bool, std Stdio) error {
			_, err := io.WriteString(std.Out, "running "+config+map[bool]string{true: " in JSON"}[asJSON]+"\n")
			return err
		},
		Check: func(config string) error {
			switch config {
			case "bad.toml":
				return conf.Mistakes{{File: config, Line: 2, Key: "name", Text: "missing"}, {File: config, Line: 3, Text: "odd"}}
			case "none.toml":
				return os.ErrNotExist
			}
			return nil
		},
		Security: func(config string) (*weakness.Report, error) {
			r := weakness.NewReport(nil)
			if config == "weak.toml" {
				r.Find(weakness.PAP, "", "none of it")
			}
			return r, nil
		},
		Socket: func(config string) (string, error) {
			if config == "none.toml" {
				return "", os.ErrNotExist
			}
			return socket, nil
		},
	}
	status = c.Execute(ctx, args, Stdio{strings.NewReader(""), &o, &e})
	return status, o.String(), e.String()
}

const (
	flags    = "--config, --json, --socket"
	commands = "calls, capture, check, completion, hangup, reload, run, status"
)

func TestCommandLines(t *testing.T) {
	path, _ := start(t, newFake())
	absent := filepath.Join(t.TempDir(), "none.sock")
	for _, tt := range []struct {
		args      string
		status    int
		out, errs string
	}{
		{"run", 0, "running pac.toml\n", ""},
		{"run -c x.toml --json", 0, "running x.toml in JSON\n", ""},
		{"check", 0, "pac.toml: no mistakes\n", ""},
		{"check -c bad.toml", 1, "", "bad.toml:2: name: missing\nbad.toml:3: odd\n"},
		{"check -c none.toml", 1, "", "pac: file does not exist\n"},
		{"check --json", 0, "{\n  \"ok\": true,\n  \"mistakes\": []\n}\n", ""},
		{"check --security", 0, "nothing weak was found\n", ""},
		{"check --security -c weak.toml", 1, "pap: none of it\n1 weak point\n", ""},
		{"check --security -c bad.toml", 1, "", "bad.toml:2: name: missing\nbad.toml:3: odd\n"},
		{"check --security -c weak.toml --json", 1, `{
  "ok": false,
  "findings": [
    {
      "kind": "pap",
      "text": "none of it"
    }
  ],
  "accepted": [],
  "idle": []
}
`, ""},
		{"check -c weak.toml", 0, "weak.toml: no mistakes\n", ""},
		{"hangup atlanta/4711", 0, "atlanta/4711 is being hung up\n", ""},
		{"hangup atlanta/4711 --json", 0, "{\n  \"hung_up\": \"atlanta/4711\"\n}\n", ""},
		{"hangup nobody", 1, "", "pac: \"nobody\": no such call; `pac calls` lists them\n"},
		{"hangup broken", 1, "", "pac: the line does not answer\n"},
		{"hangup broken --json", 1, "", "{\"error\":\"the line does not answer\"}\n"},
		{"hangup", 2, "", "pac: pac hangup needs the name of one call; `pac calls` lists them\n"},
		{"hangup a b", 2, "", "pac: pac hangup needs the name of one call; `pac calls` lists them\n"},
		{"status --socket " + absent, 1, "", "pac: not running: nobody listens at " + absent + "\n"},
		{"status -c none.toml", 1, "", "pac: file does not exist\n"},
		{"", 2, "", "pac: no command; pac has the commands " + commands + " and the flags " + flags + "\n"},
		{"clals", 2, "", "pac: unknown command \"clals\"; pac has the commands " + commands + " and the flags " + flags + "\n"},
		{"status --jsn", 2, "", "pac: unknown flag: --jsn; pac status has the flags --config, --help, --json, --socket\n"},
		{"status now", 2, "", "pac: pac status takes no argument \"now\"; pac status has the flags --config, --help, --json, --socket\n"},
		{"calls --last -1", 2, "", "pac: --last is how many ended calls to list: 0 or more\n"},
		{"calls --last many", 2, "", "pac: invalid argument \"many\" for \"--last\" flag: strconv.ParseInt: parsing \"many\": invalid syntax; pac calls has the flags --config, --help, --json, --last, --socket\n"},
		{"capture --call broken", 1, "first ", "pac: unexpected EOF\n"},
		{"capture --call short", 0, "first ", ""},
	} {
		status, out, errs := execute(t.Context(), path, strings.Fields(tt.args)...)
		if strings.HasSuffix(tt.errs, flags+"\n") { // cobra adds --help when it likes
			errs = strings.ReplaceAll(errs, "--help, ", "")
		}
		if status != tt.status || out != tt.out || errs != tt.errs {
			t.Errorf("pac %s: status %d\n%s%s want %d\n%s%s", tt.args, status, out, errs, tt.status, tt.out, tt.errs)
		}
	}
}

func TestCheckTellsMistakesInJSON(t *testing.T) {
	_, out, _ := execute(t.Context(), "", "check", "-c", "bad.toml", "--json")
	want := `{
  "ok": false,
  "mistakes": [
    {
      "file": "bad.toml",
      "line": 2,
      "key": "name",
      "text": "missing"
    },
    {
      "file": "bad.toml",
      "line": 3,
      "text": "odd"
    }
  ]
}
`
	if out != want {
		t.Error(out)
	}
}

func TestStatus(t *testing.T) {
	path, _ := start(t, newFake())
	_, out, _ := execute(t.Context(), path, "status")
	want := `name        atlanta
in service  true
calls N     2
peers       denver, dallas
tunnels

lines
  NAME     STATE
  modem 1  idle
  m2       quarantined
`
	if out != want {
		t.Errorf("got\n%s", out)
	}
	_, out, _ = execute(t.Context(), path, "status", "--json")
	if !strings.HasPrefix(out, "{\n  \"name\": \"atlanta\",\n") {
		t.Error(out)
	}
}

func TestCalls(t *testing.T) {
	path, _ := start(t, newFake())
	_, out, _ := execute(t.Context(), path, "calls")
	lines := strings.Split(out, "\n")
	if len(lines) != 5 || strings.Contains(out, "CALLED") || strings.Contains(out, "\x1b") {
		t.Fatalf("got\n%s", out)
	}
	for i, want := range []string{
		"CALL          STARTED              LASTED  USER   LINE  PEER    ADDRESS    STAGE       END            UP  DOWN  TEXT",
		"0s      saran  m1    denver             relaying                   12  0",
		"atlanta/4710  2026-09-01 12:00:00  1m30s   bob    m2            2.1.1.130  tunnelling  no-tunnel      0   0     refused: ?[2Jno such user",
	} {
		if !strings.HasSuffix(lines[i], want) {
			t.Errorf("got  %s\nwant %s", lines[i], want)
		}
	}
	for args, want := range map[string]int{"--last 1": 2, "--last 0": 1, "--last 9": 3} {
		_, out, _ := execute(t.Context(), path, append([]string{"calls", "--json"}, strings.Fields(args)...)...)
		if got := strings.Count(out, `"name"`); got != want {
			t.Errorf("%s: %d calls", args, got)
		}
	}
	idle := newFake()
	idle.calls = slices.DeleteFunc(idle.calls, func(c record.Call) bool { return c.Reason == record.Running })
	over, _ := start(t, idle)
	if _, out, _ := execute(t.Context(), over, "calls", "--last", "0"); out != "no call runs\n" {
		t.Error(out)
	}
	empty, _ := start(t, &fake{})
	if _, out, _ := execute(t.Context(), empty, "calls"); out != "no calls\n" {
		t.Error(out)
	}
	if _, out, _ := execute(t.Context(), empty, "calls", "--json"); out != "[]\n" {
		t.Error(out)
	}
}

func TestHangupReachesTheProgram(t *testing.T) {
	f := newFake()
	path, _ := start(t, f)
	execute(t.Context(), path, "hangup", "atlanta/4711")
	if f.hungUp != "atlanta/4711" {
		t.Errorf("hung up %q", f.hungUp)
	}
}

func TestReload(t *testing.T) {
	f := newFake()
	path, _ := start(t, f)
	run := func(want int, out, errs string, args ...string) {
		t.Helper()
		status, o, e := execute(t.Context(), path, append([]string{"reload"}, args...)...)
		if status != want || o != out || e != errs {
			t.Errorf("%d, %q, %q", status, o, e)
		}
	}
	run(0, "reloaded\n", "")
	run(0, "{\n  \"restart\": []\n}\n", "", "--json")
	f.restart = []string{"name", "socket"}
	run(0, "reloaded, but for what needs a restart: name, socket\n", "")
	c := NewClient(path, "pac")
	if p, err := c.Pending(t.Context()); err != nil || fmt.Sprint(p) != "{/etc/x.toml [bank] [name]}" {
		t.Errorf("pending: %v, %v", p, err)
	}
	f.spoilt = true
	if p, err := c.Pending(t.Context()); err == nil || err.Error() != "no such file" {
		t.Errorf("pending: %v, %v", p, err)
	}
	run(1, "", "pac: pac.toml:2: name: missing\n")
}
