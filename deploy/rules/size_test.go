package rules

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file that grows past this wants to be two.
const longest = 500

func TestFilesStayReadable(t *testing.T) {
	files := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if n := bytes.Count(b, []byte("\n")); n > longest {
			t.Errorf("%s has %d lines", path, n)
		}
		if !strings.HasSuffix(path, "_test.go") && bytes.Contains(b, []byte("\nfunc init()")) {
			t.Errorf("%s has an init function", path)
		}
		return nil
	})
	if err != nil || files < 30 {
		t.Errorf("looked at %d files: %v", files, err)
	}
}
