package rules

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The programs are plain Go: they build without a C compiler for every kind of
// small board that stands beside a modem.
func TestProgramsCrossBuild(t *testing.T) {
	for _, target := range []string{"amd64", "arm64", "arm GOARM=6", "386"} {
		t.Run(target, func(t *testing.T) {
			cmd := exec.Command("go", "build", "-o", t.TempDir()+"/", "carrier/pac", "carrier/pns", "carrier/hardware/cmd/...")
			cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
			arch, more, _ := strings.Cut(target, " ")
			cmd.Env = append(cmd.Env, "GOARCH="+arch)
			if more != "" {
				cmd.Env = append(cmd.Env, more)
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
