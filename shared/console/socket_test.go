package console

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSocketIsForOwnerAndGroup(t *testing.T) {
	path, stop := start(t, newFake())
	info, err := os.Stat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket || info.Mode().Perm() != 0o660 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	stop()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after the end: %v", err)
	}
}

func TestALivingDaemonKeepsItsSocket(t *testing.T) {
	path, _ := start(t, newFake())
	_, err := Listen(path, "pac", newFake())
	if want := fmt.Sprintf("socket %s: already running as process %d", path, os.Getpid()); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if _, err := NewClient(path, "pac").Calls(t.Context()); err != nil {
		t.Errorf("the first one does not answer any more: %v", err)
	}
}

func TestADeadDaemonsSocketIsReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pac.sock")
	for _, name := range []string{path, path + ".new"} { // it died at work, or while it began
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
	}
	if err := os.WriteFile(path+".lock", []byte("999999999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient(path, "pac").Status(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("a dead daemon: %v", err)
	}
	s, err := Listen(path, "pac", newFake())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	if _, err := NewClient(path, "pac").Status(t.Context()); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestASocketThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Listen(filepath.Join(file, "pac.sock"), "pac", newFake())
	if want := "socket: mkdir " + file + ": not a directory; choose another place with `socket`"; err == nil || err.Error() != want {
		t.Error(err)
	}
	_, err = Listen(file, "pac", newFake())
	if want := "socket: " + file + " is there, and no socket; choose another place with `socket`"; err == nil || err.Error() != want {
		t.Error(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the file is gone: %v", err)
	}
	_, err = Listen(filepath.Join(t.TempDir(), strings.Repeat("x", 120)), "pac", newFake())
	if err == nil || !strings.Contains(err.Error(), "invalid argument") {
		t.Errorf("a path too long for a socket: %v", err)
	}
}
