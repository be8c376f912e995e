//go:build demo

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What the README promises first works on a fresh clone with empty caches: the
// story is told to its end.
func TestRunOnAFreshClone(t *testing.T) {
	dir := t.TempDir()
	clone := filepath.Join(dir, "carrier")
	if out, err := exec.Command("git", "clone", "--quiet", "../..", clone).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command("make", "run", "ONCE=1")
	cmd.Dir = clone
	cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "cache"), "GOMODCACHE="+filepath.Join(dir, "modules"),
		"GOFLAGS=-modcacherw") // so that the test can remove it
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"CONNECT 28800", `"saran"`, "[2.1.1.60]", "saran is 2.1.1.129", "Sales, western region"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the story lacks %q:\n%s", want, out)
		}
	}
}
