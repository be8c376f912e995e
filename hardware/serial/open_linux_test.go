package serial

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const kind = "it is no serial port, which has a name like /dev/ttyS0 or /dev/ttyUSB0"
	for path, want := range map[string]string{
		filepath.Join(dir, "ttyUSB0"): "there is no such device",
		file:                          kind,
		dir:                           kind,
		"/dev/null":                   kind,
	} {
		_, err := Open(t.Context(), path, Options{})
		if err == nil || err.Error() != fmt.Sprintf("port %q: %s", path, want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
		if absent := want == "there is no such device"; errors.Is(err, fs.ErrNotExist) != absent {
			t.Errorf("%s: absent is %v", path, !absent)
		}
	}
	for _, code := range absentCodes {
		if err := explain(&fs.PathError{Err: code}); !errors.Is(err, fs.ErrNotExist) || err.Error() != "there is no device behind it" {
			t.Errorf("%v is explained as %v", code, err)
		}
	}
	if err := explain(unix.EACCES); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "dialout") {
		t.Errorf("without the right: %v", err)
	}
}

// Whoever holds a port keeps it, whatever way she keeps others out, and is
// named where that can be known.
func TestBusy(t *testing.T) {
	for name, claim := range map[string]func(fd int) error{
		"exclusive": func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCEXCL, 0) },
		"locked":    func(fd int) error { return unix.Flock(fd, unix.LOCK_EX) },
	} {
		t.Run(name, func(t *testing.T) {
			_, path := pty(t)
			fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := claim(fd); err != nil {
				t.Fatal(err)
			}
			before := speedOf(t, fd)
			if _, err := Open(t.Context(), path, Options{Speed: 1200}); !errors.Is(err, ErrBusy) {
				t.Errorf("opened: %v", err)
			}
			if after := speedOf(t, fd); after != before {
				t.Errorf("its speed was changed from %d to %d", before, after)
			}
			if err := unix.IoctlSetInt(fd, unix.TIOCNXCL, 0); err != nil {
				t.Fatal(err)
			}
			unix.Close(fd)
			p, err := Open(t.Context(), path, Options{})
			if err != nil {
				t.Fatalf("when it was given back: %v", err)
			}
			if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrBusy) {
				t.Errorf("opened twice: %v", err)
			}
			p.Close()
		})
	}
}

func speedOf(t *testing.T, fd int) uint32 {
	set, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
	if err != nil {
		t.Fatal(err)
	}
	return set.Ospeed
}

// A program that keeps nobody out is found by its open file.
func TestTheHolderIsNamed(t *testing.T) {
	_, path := pty(t)
	near, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cat := exec.Command("sleep", "60")
	cat.Stdin = near
	if err := cat.Start(); err != nil {
		t.Fatal(err)
	}
	defer cat.Wait()
	defer cat.Process.Kill()
	near.Close()
	want := fmt.Sprintf("port %q: it is in use by sleep (process %d)", path, cat.Process.Pid)
	if _, err := Open(t.Context(), path, Options{}); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestLockFiles(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]int{
		fmt.Sprintf("%10d\n", os.Getppid()): os.Getppid(),
		fmt.Sprintf("%d mgetty\n", 1):       1,
		fmt.Sprintf("%10d\n", os.Getpid()):  0, // our own
		"4194305\n":                         0, // more than Linux ever gives
		"-1\n":                              0,
		"":                                  0,
		"nonsense":                          0,
	} {
		if err := os.WriteFile(filepath.Join(dir, "LCK..ttyS1"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := lockHolder(dir, "/dev/ttyS1"); got != want {
			t.Errorf("%q: process %d, want %d", text, got, want)
		}
	}
	if got := lockHolder(dir, "/dev/ttyS2"); got != 0 {
		t.Errorf("without a file: process %d", got)
	}
}

// One device has one identity, whatever it is called.
func TestIdentify(t *testing.T) {
	_, path := pty(t)
	_, other := pty(t)
	link := filepath.Join(t.TempDir(), "usb-modem")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	ids := map[string]ID{}
	for _, name := range []string{path, link, other} {
		id, err := Identify(name)
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = id
	}
	if ids[path] != ids[link] || ids[path] == ids[other] {
		t.Errorf("%v", ids)
	}
	if _, err := Identify(link + "?"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing is identified: %v", err)
	}
	p, err := Open(t.Context(), link, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if p.String() != link {
		t.Errorf("the port is called %s", p)
	}
}
