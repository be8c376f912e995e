package daemon

import (
	"os"
	"runtime"
)

// SpareProcessor lets Go's scheduler use one processor more than there is. A
// thread that waits in the kernel for packets holds one while it waits; with none
// to spare the scheduler looks all the time whether to take it away, and the
// thread must get it back for every packet. GOMAXPROCS in the environment goes
// before it.
func SpareProcessor() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
