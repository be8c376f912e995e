package daemon

import (
	"runtime"
	"testing"
)

func TestSpareProcessor(t *testing.T) {
	was := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(was)
	t.Setenv("GOMAXPROCS", "")
	SpareProcessor()
	if n := runtime.GOMAXPROCS(0); n != was+1 {
		t.Errorf("%d processors after %d", n, was)
	}
	t.Setenv("GOMAXPROCS", "1")
	SpareProcessor()
	if n := runtime.GOMAXPROCS(0); n != was+1 {
		t.Errorf("%d processors though the environment says how many", n)
	}
}
