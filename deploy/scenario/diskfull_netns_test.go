//go:build netns

package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"carrier/hardware/caller"
	"carrier/shared/capture"
	"carrier/shared/record"
)

// A disk is a folder on a small file system of its own.
type disk string

func newDisk(t *testing.T) disk {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=0700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return disk(dir)
}

func (d disk) ballast() string { return filepath.Join(string(d), "ballast") }

// fill leaves no room for anything.
func (d disk) fill(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(d.ballast(), make([]byte, 128<<10), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
}

// fullDisk is a disk on which nothing more fits.
func fullDisk(t *testing.T) string {
	t.Helper()
	d := newDisk(t)
	d.fill(t)
	return string(d)
}

// With a full disk calls go on; whatever cannot be kept is said where it was
// wanted.
func TestDiskFull(t *testing.T) {
	w := newWorld(t, setting{state: fullDisk(t), modems: 2})
	c := w.dial(0, sara())
	w.reads(c)
	w.pac.said("the call's serial number could not be noted", "no space left on device")

	err := w.pac.TakeOut(within(t), []string{"courier/2"}, "smoke")
	if err == nil || !strings.Contains(err.Error(), "ends with the next restart") || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("taking a line out: %v", err)
	}
	if l := w.line("courier/2"); l.Service != "out" {
		t.Errorf("%+v", l)
	}
	w.captures(w.pac, c, fullDisk(t))
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	w.pac.wants(w.pac.ended(1), record.CallerHungUp, "")
	w.reads(w.dial(0, bob()))
}

// captures has a program write what a call carries to a full disk: the capture
// ends and says so, and the call goes on.
func (w *world) captures(p *program, c *caller.Call, full string) {
	w.t.Helper()
	file, err := os.Create(filepath.Join(full, "capture"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer file.Close()
	captured := make(chan error, 1)
	go func() { captured <- p.Capture(within(w.t), capture.Filter{}, file) }()
	for {
		w.reads(c) // what is captured
		select {
		case err := <-captured:
			if !errors.Is(err, syscall.ENOSPC) {
				w.t.Errorf("the capture ended with %v", err)
			}
			return
		default:
		}
	}
}
