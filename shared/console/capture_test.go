package console

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"carrier/shared/capture"
)

// watching tells of the first octets that arrive.
type watching struct {
	io.Writer
	first chan struct{}
}

func (w *watching) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	if w.first != nil {
		close(w.first)
		w.first = nil
	}
	return n, err
}

// capturing asks for a capture into a file until ctx ends.
func capturing(ctx context.Context, t *testing.T, socket string) (file *os.File, first <-chan struct{}, done <-chan error) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	w := &watching{file, make(chan struct{})}
	first = w.first
	end := make(chan error, 1)
	go func() { end <- NewClient(socket, "pac").Capture(ctx, capture.Filter{User: "saran", Peer: "a b&c"}, w) }()
	return file, first, end
}

func contents(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestACaptureIsLiveAndEndsWholeWithTheDaemon(t *testing.T) {
	f := newFake()
	socket, stop := start(t, f)
	file, first, done := capturing(t.Context(), t, socket)
	<-first
	if got := contents(t, file.Name()); got != "first " {
		t.Errorf("while it runs: %q", got)
	}
	if want := (capture.Filter{User: "saran", Peer: "a b&c"}); f.filter != want {
		t.Errorf("filter %+v", f.filter)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := contents(t, file.Name()); got != "first last" {
		t.Errorf("at its end: %q", got)
	}
}

func TestAnInterruptEndsACapture(t *testing.T) {
	socket, _ := start(t, newFake())
	ctx, interrupt := context.WithCancel(t.Context())
	_, first, done := capturing(ctx, t, socket)
	<-first
	interrupt()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCaptureIntoAFile(t *testing.T) {
	socket, _ := start(t, newFake())
	file := filepath.Join(t.TempDir(), "saran.pcapng")
	status, out, errs := execute(t.Context(), socket, "capture", "--call", "short", "-w", file)
	if status != 0 || out != "" || errs != file+": 6 octets\n" {
		t.Errorf("%d %q %q", status, out, errs)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a file with passwords in it: %v, %v", info.Mode(), err)
	}
	if got := contents(t, file); got != "first " {
		t.Errorf("%q", got)
	}
	_, out, _ = execute(t.Context(), socket, "capture", "--call", "short", "-w", file, "--json")
	if want := "{\n  \"file\": \"" + file + "\",\n  \"octets\": 6\n}\n"; out != want {
		t.Error(out)
	}
	status, _, errs = execute(t.Context(), socket, "capture", "-w", "/nowhere/x")
	if status != 1 || errs != "pac: open /nowhere/x: no such file or directory\n" {
		t.Errorf("%d %q", status, errs)
	}
}
