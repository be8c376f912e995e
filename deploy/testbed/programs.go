package testbed

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// Programs builds this tree's programs, without cgo as they are shipped, and
// returns the folder that holds pac, pns, exchange and caller.
func Programs(t testing.TB) string {
	t.Helper()
	bin := t.TempDir()
	cmd := exec.Command("go", "build", "-o", bin+"/", "carrier/pac", "carrier/pns", "carrier/hardware/cmd/...")
	cmd.Dir = filepath.Join(here(), "..", "..")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the programs: %v\n%s", err, out)
	}
	return bin
}
