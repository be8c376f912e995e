//go:build netns

package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"carrier/shared/capture"
	"carrier/shared/record"
)

// fullDisk is a folder on a file system of its own, on which nothing more fits.
func fullDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16k,mode=0700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 64<<10), 0o600)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	return dir
}

// With a full disk calls go on; whatever cannot be kept is said where it was
// wanted.
func TestDiskFull(t *testing.T) {
	w := newWorld(t, setting{state: fullDisk(t), modems: 2})
	c := w.dial(0, sara())
	w.reads(c)

	err := w.pac.TakeOut(within(t), []string{"courier/2"}, "smoke")
	if err == nil || !strings.Contains(err.Error(), "ends with the next restart") || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("taking a line out: %v", err)
	}
	if l := w.line("courier/2"); l.Service != "out" {
		t.Errorf("%+v", l)
	}
	file, err := os.Create(filepath.Join(fullDisk(t), "capture"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	captured := make(chan error, 1)
	go func() { captured <- w.pac.Capture(within(t), capture.Filter{}, file) }()
	for ended := false; !ended; {
		w.reads(c) // what is captured
		select {
		case err := <-captured:
			ended = true
			if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("the capture ended with %v", err)
			}
		default:
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	w.pac.wants(w.pac.ended(1), record.CallerHungUp, "")
	w.reads(w.dial(0, bob()))
}
