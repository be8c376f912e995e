package testbed

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Programs builds this tree's programs, without cgo as they are shipped, and
// returns the folder that holds pac, pns, exchange and caller. With RACE set in
// the environment they have the race detector in them, and are linked so that
// they run where there is no C library.
func Programs(t testing.TB) string {
	t.Helper()
	bin := t.TempDir()
	args, cgo := []string{"build", "-o", bin + "/"}, "CGO_ENABLED=0"
	if os.Getenv("RACE") != "" {
		args, cgo = append(args, "-race", "-tags", "netgo,osusergo", "-ldflags", "-linkmode external -extldflags -static"), "CGO_ENABLED=1"
	}
	cmd := exec.Command("go", append(args, "carrier/pac", "carrier/pns", "carrier/hardware/cmd/...")...)
	cmd.Dir = filepath.Join(here(), "..", "..")
	cmd.Env = append(cmd.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the programs: %v\n%s", err, out)
	}
	return bin
}
