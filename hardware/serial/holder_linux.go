package serial

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockFolder is where programs say which ports they use (FHS 3.0 §5.9).
const lockFolder = "/var/lock"

// busy is ErrBusy with the name of who holds the port, if that is known.
func busy(who string) error {
	if who == "" {
		return ErrBusy
	}
	return fmt.Errorf("%w by %s", ErrBusy, who)
}

// lockHolder is the process that has locked a device by a file, as mgetty,
// minicom and pppd do; 0 when none has that still runs.
func lockHolder(folder, device string) int {
	text, err := os.ReadFile(filepath.Join(folder, "LCK.."+filepath.Base(device)))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) == 0 {
		return 0
	}
	pid, err := strconv.Atoi(fields[0])
	if err != nil || pid <= 0 || pid == os.Getpid() {
		return 0
	}
	if err := unix.Kill(pid, 0); err == unix.ESRCH {
		return 0
	}
	return pid
}

// holder looks for another process that has the device open and names it; ""
// when there is none, or we may not see it. This process counts only as the
// last: it asks because something holds the device, or before it does itself.
func holder(id ID) string {
	files, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, f := range files {
		pid, err := strconv.Atoi(strings.Split(f, "/")[2])
		if err != nil || pid == os.Getpid() {
			continue
		}
		if to, err := os.Readlink(f); err != nil || !strings.HasPrefix(to, "/dev/") {
			continue
		}
		var at unix.Stat_t
		if unix.Stat(f, &at) == nil && at.Mode&unix.S_IFMT == unix.S_IFCHR && at.Rdev == id.rdev {
			return program(pid)
		}
	}
	return ""
}

// program names a process.
func program(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return fmt.Sprintf("process %d", pid)
	}
	return fmt.Sprintf("%s (process %d)", strings.TrimSpace(string(name)), pid)
}
