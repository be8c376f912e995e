package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"carrier/shared/capture"
)

// fakeLines is a daemon with two lines; it writes down what it is told.
type fakeLines struct {
	*fake
	told []string
}

func (f *fakeLines) Lines() []Line {
	return []Line{{Line: "courier/1", Bank: "courier", Port: "/dev/ttyS0", State: "connected", Since: noon, Call: "atlanta/1", User: "saran", Rate: 28800},
		{Line: "courier/2", Bank: "courier", Port: "tcp://192.0.2.9:1", State: "quarantined", Faults: 3, Service: "faulty", Why: "the modem does not \x1banswer"}}
}

func (f *fakeLines) tell(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	f.told = append(f.told, text)
	if strings.Contains(text, "curier") {
		return errors.New("\"curier\" is no line")
	}
	return nil
}

func (f *fakeLines) TakeOut(lines []string, why string) error { return f.tell("out %q %s", lines, why) }
func (f *fakeLines) PutIn(lines []string) error               { return f.tell("in %q", lines) }
func (f *fakeLines) Undrain(what string) error                { return f.tell("undrain %s", what) }
func (f *fakeLines) Drain(what string, within time.Duration) (int, error) {
	return len(what) - 3, f.tell("drain %s %v", what, within)
}

func TestLines(t *testing.T) {
	f := &fakeLines{fake: newFake()}
	path, _ := start(t, f)
	for _, tt := range []struct {
		line      string
		status    int
		told      string
		out, errs string
	}{
		{"lines", 0, "", "LINE       PORT               STATE        SINCE                CALL       USER   RATE   FAULTS  SERVICE  WHY\n" +
			"courier/1  /dev/ttyS0         connected    2026-09-01 12:00:00  atlanta/1  saran  28800\n" +
			"courier/2  tcp://192.0.2.9:1  quarantined                                                3       faulty   the modem does not ?answer\n", ""},
		{"lines out courier/1 courier/2 --why smoke", 0, `out ["courier/1" "courier/2"] smoke`, "courier/1, courier/2: out of service\n", ""},
		{"lines in courier/1", 0, `in ["courier/1"] `, "courier/1: in service\n", ""},
		{"lines in curier", 1, `in ["curier"]`, "", "pac: \"curier\" is no line\n"},
		{"lines out", 2, "", "", "pac: pac lines out needs the names of lines; `pac lines` lists them\n"},
		{"drain", 0, "drain all -1ns", "all: drained\n", ""},
		{"drain courier", 0, "drain courier -1ns", "courier: draining, calls that go on: 4\n", ""},
		{"drain courier --within 10m", 0, "drain courier 10m0s", "courier: draining, calls that go on for 10m0s at most: 4\n", ""},
		{"drain courier --within 0s --json", 0, "drain courier 0s", "{\n  \"calls\": 4\n}\n", ""},
		{"drain courier --within=-1m", 2, "", "", "pac: --within is how long running calls may go on: 0s or more\n"},
		{"drain curier", 1, "drain curier -1ns", "", "pac: \"curier\" is no line\n"},
		{"drain a b", 2, "", "", "pac: pac drain takes one line or bank, or all, not 2\n"},
		{"undrain courier", 0, "undrain courier", "courier: in service\n", ""},
	} {
		f.told = nil
		var out, errs bytes.Buffer
		c := Commands{Name: "pac", Lines: true, Socket: func(string) (string, error) { return path, nil }}
		status := c.Execute(t.Context(), strings.Fields(tt.line), Stdio{nil, &out, &errs})
		if status != tt.status || strings.Join(f.told, ";") != strings.TrimSpace(tt.told) || out.String() != tt.out || errs.String() != tt.errs {
			t.Errorf("%s: status %d, told %q, out %q, errors %q", tt.line, status, f.told, &out, &errs)
		}
	}
}

// A program without lines says so.
func TestNoLines(t *testing.T) {
	path, _ := start(t, newFake())
	if _, err := NewClient(path, "pac").Lines(context.Background()); err == nil || !strings.Contains(err.Error(), "restart it") {
		t.Error(err)
	}
}

// Another program's socket is refused, whatever is asked there, and nothing is
// done; who names no program is answered.
func TestAnotherProgramsSocket(t *testing.T) {
	f := &fakeLines{fake: newFake()}
	path, _ := start(t, f)
	ctx, end := context.WithTimeout(t.Context(), 10*time.Second) // a capture would go on
	defer end()
	c := Commands{Name: "pns", Lines: true, Socket: func(string) (string, error) { return path, nil }}
	want := "pns: another program: at " + path + " listens pac, not pns\n"
	for _, line := range []string{"status", "calls", "reload", "hangup atlanta/4711", "capture", "lines", "lines out courier/1", "lines in courier/1", "drain", "undrain"} {
		var out, errs bytes.Buffer
		if status := c.Execute(ctx, strings.Fields(line), Stdio{nil, &out, &errs}); status != 1 || out.Len() > 0 || errs.String() != want {
			t.Errorf("%s: status %d, out %q, errors %q", line, status, &out, &errs)
		}
	}
	if _, err := NewClient(path, "pns").Pending(t.Context()); !errors.Is(err, ErrOther) {
		t.Errorf("pending: %v", err)
	}
	if f.hungUp != "" || f.told != nil || f.filter != (capture.Filter{}) {
		t.Errorf("it hung up %q, did %q, captured %+v", f.hungUp, f.told, f.filter)
	}
	if _, err := NewClient(path, "").Status(t.Context()); err != nil {
		t.Errorf("a client of no program: %v", err)
	}
}
