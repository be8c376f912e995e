package keep

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// watch tells what happened in a folder, and to itself, since the last call.
func watch(t *testing.T, folder string) (events func() []string) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, folder, unix.IN_CREATE|unix.IN_MOVED_TO|unix.IN_OPEN|unix.IN_CLOSE); err != nil {
		t.Fatal(err)
	}
	names := map[uint32]string{unix.IN_CREATE: "create", unix.IN_MOVED_TO: "move to", unix.IN_OPEN: "open",
		unix.IN_CLOSE_WRITE: "close", unix.IN_OPEN | unix.IN_ISDIR: "open folder", unix.IN_CLOSE_NOWRITE | unix.IN_ISDIR: "close folder"}
	return func() (all []string) {
		b := make([]byte, 4096)
		n, err := unix.Read(fd, b)
		if err != nil {
			t.Fatal(err)
		}
		for b = b[:n]; len(b) > 0; {
			end := unix.SizeofInotifyEvent + binary.NativeEndian.Uint32(b[12:])
			name := strings.TrimRight(string(b[unix.SizeofInotifyEvent:end]), "\x00")
			all = append(all, strings.TrimSpace(fmt.Sprint(names[binary.NativeEndian.Uint32(b[4:])], " ", name)))
			b = b[end:]
		}
		return all
	}
}

// The new file is closed before it takes the old one's place, and then the
// folder is opened, whose name for it must reach the disk too.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "passwords")
	events := watch(t, dir)
	for _, text := range []string{"the first, which is longer", "the second"} {
		if err := Write(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		want := []string{"create passwords.new", "open passwords.new", "close passwords.new", "move to passwords", "open folder", "close folder"}
		got, left := events(), want
		for _, e := range got { // others of this host may look into the folder as well
			if len(left) > 0 && e == left[0] {
				left = left[1:]
			}
		}
		if len(left) > 0 {
			t.Errorf("%q, want %q", got, want)
		}
		b, err := os.ReadFile(file)
		info, also := os.Stat(file)
		if err != nil || also != nil || string(b) != text || info.Mode() != 0o600 {
			t.Errorf("%q, %v, %v, %v", b, info, err, also)
		}
		events()
	}
}

// What cannot be written leaves the old file.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "serial"), filepath.Join(dir, "taken")
	if err := Write(file, []byte("1\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file + ".new", folder} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(file, []byte("2\n"), 0o640); err == nil {
		t.Error("written where a folder is in the way")
	}
	if b, err := os.ReadFile(file); string(b) != "1\n" {
		t.Errorf("%q, %v", b, err)
	}
	if err := Write(folder, []byte("2\n"), 0o640); err == nil {
		t.Error("a folder was replaced")
	}
}
