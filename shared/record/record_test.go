package record

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEveryReasonHasANameAndSurvivesJSON(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range EndReasons() {
		if r.String() == "" || seen[r.String()] {
			t.Errorf("reason %d: name %q missing or taken", r, r)
		}
		seen[r.String()] = true
		b, err := json.Marshal(Call{Reason: r})
		var c Call
		if err != nil || json.Unmarshal(b, &c) != nil || c.Reason != r {
			t.Errorf("%v came back as %v (%v)", r, c.Reason, err)
		}
		if code := r.ResultCode(); code < 1 || code > 4 {
			t.Errorf("%v: result code %d is not in RFC 2637 §2.13", r, code)
		}
	}
	if c, f := CarrierLost.ResultCode(), LineFault.ResultCode(); c != 1 || f != 1 {
		t.Errorf("without a carrier, be it the port's fault or not, the result code is %d and %d, want 1, Lost Carrier", c, f)
	}
	var newer EndReason
	if err := newer.UnmarshalText([]byte("abducted")); err != nil || newer.String() != "unknown" {
		t.Errorf("a reason of the future reads as %v, %v", newer, err)
	}
}

func TestHistoryForgetsTheOldest(t *testing.T) {
	h := NewHistory(3)
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		h.Add(Call{Name: n})
	}
	var names []string
	for _, c := range h.Latest() {
		names = append(names, c.Name)
	}
	if got := strings.Join(names, ""); got != "edc" {
		t.Errorf("kept %s", got)
	}
}

func TestSerialsGoOnAfterARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	last := uint16(0)
	for range 3 {
		s, err := OpenSerials(dir)
		if err != nil {
			t.Fatal(err)
		}
		for range reserve + 10 {
			n, err := s.Next()
			if err != nil || n <= last {
				t.Fatalf("%d after %d, %v", n, last, err)
			}
			last = n
		}
	}
	if last > 3*2*reserve {
		t.Errorf("%d: more than the reserve was skipped", last)
	}
}

func TestSerialsWrapPastZero(t *testing.T) {
	s := &Serials{next: 65535}
	a, _ := s.Next()
	b, _ := s.Next()
	if a != 65535 || b != 1 {
		t.Errorf("%d then %d", a, b)
	}
}

func TestSerialsSurviveAFileThatIsNone(t *testing.T) {
	for _, text := range []string{"", "70000\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "serial"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenSerials(dir)
		if s == nil || err == nil || !strings.Contains(err.Error(), "is not a call serial number") {
			t.Fatalf("%q: got %v, %v", text, s, err)
		}
		if n, err := s.Next(); n == 0 || err != nil {
			t.Errorf("%q: first number %d, %v", text, n, err)
		}
		if _, err := OpenSerials(dir); err != nil {
			t.Errorf("%q: the file was not mended: %v", text, err)
		}
	}
}

func TestSerialsWithoutDiskStillCount(t *testing.T) {
	s, err := OpenSerials(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.file = filepath.Join(s.file, "not", "a", "folder")
	n, err := s.Next()
	if n != 1 || err == nil {
		t.Errorf("%d, %v: want 1 and an error", n, err)
	}
}

func TestCountersAreWhatSnapshotShows(t *testing.T) {
	var c Counters
	c.Up(10)
	c.Up(5)
	c.Down(7)
	c.Errors.Add(1)
	if got, want := c.Snapshot(), (Traffic{FramesUp: 2, OctetsUp: 15, FramesDown: 1, OctetsDown: 7, Errors: 1}); got != want {
		t.Errorf("%+v", got)
	}
	b, _ := json.Marshal(Call{Started: time.Unix(0, 0)})
	if strings.Contains(string(b), "ended") {
		t.Errorf("a running call shows an end: %s", b)
	}
}
