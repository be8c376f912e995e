package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// sources are the rivals that are written in C.
//
//go:embed rivals/*.c
var sources embed.FS

// A Workshop is the place where a row's candidates are built and run. It goes
// when the row is done.
type Workshop struct {
	Folder string
	ends   []func()
}

func newWorkshop() (*Workshop, error) {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	return &Workshop{Folder: folder}, nil
}

// anew has each round of a candidate run in a workshop of its own.
func anew(round func(context.Context, *Workshop) (float64, error)) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		w, err := newWorkshop()
		if err != nil {
			return 0, err
		}
		defer w.close()
		return round(ctx, w)
	}
}

// Cleanup has f called when the row is done, the last one first.
func (w *Workshop) Cleanup(f func()) { w.ends = append(w.ends, f) }

func (w *Workshop) close() {
	for _, f := range slices.Backward(w.ends) {
		f()
	}
	os.RemoveAll(w.Folder)
}

// Program builds a program of this tree ("pac", "hardware/cmd/caller") as it is
// shipped, and returns its path.
func (w *Workshop) Program(ctx context.Context, pkg string) (string, error) {
	bin := filepath.Join(w.Folder, filepath.Base(pkg))
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", bin, "carrier/"+pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return bin, run(cmd)
}

// C compiles one of rivals/*.c as distributions do, and returns the program's
// path.
func (w *Workshop) C(ctx context.Context, source string) (string, error) {
	text, err := sources.ReadFile("rivals/" + source)
	if err != nil {
		return "", err
	}
	path := filepath.Join(w.Folder, source)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return "", err
	}
	bin := strings.TrimSuffix(path, ".c")
	return bin, run(exec.CommandContext(ctx, "gcc", "-O2", "-o", bin, path))
}

// run runs a command whose words are of interest only when it fails.
func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
