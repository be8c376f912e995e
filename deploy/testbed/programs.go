package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Programs builds this tree's programs where make does, as make does, so that
// those of today are not linked again, and returns the folder that holds pac,
// pns, exchange and caller. With RACE set in the environment they have the race
// detector in them, are linked so that they run where there is no C library, and
// have a folder of their own. Who asks again gets what was built the first time.
func Programs(t testing.TB) string {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatalf("building the programs: %v", err)
	}
	return bin
}

var programs = sync.OnceValues(buildPrograms)

func buildPrograms() (string, error) {
	root := filepath.Join(here(), "..", "..")
	bin, args, cgo := filepath.Join(root, "bin"), []string{"build", "-trimpath"}, "CGO_ENABLED=0"
	if os.Getenv("RACE") != "" {
		bin, cgo = filepath.Join(bin, "race"), "CGO_ENABLED=1"
		args = append(args, "-race", "-tags", "netgo,osusergo", "-ldflags", "-linkmode external -extldflags -static")
	}
	cmd := exec.Command("go", append(args, "-o", bin+"/", "carrier/pac", "carrier/pns", "carrier/hardware/cmd/...")...)
	cmd.Dir = root
	cmd.Env = append(cmd.Environ(), cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return bin, nil
}
