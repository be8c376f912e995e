package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const tutorial, example = "docs/adding-a-protocol.md", "deploy/example/ipxcp/ipxcp.go"

var codeBlock = regexp.MustCompile("(?ms)^```go\n// (\\S+\\.go)\n(.*?)^```$")

// Each block of code on the page is a part of the file that its first line
// names, and those of the example's package are all of it, in its order.
func TestTutorialIsTheCode(t *testing.T) {
	page := manuals(t)[tutorial]
	blocks := codeBlock.FindAllStringSubmatch(page, -1)
	if n := strings.Count(page, "```go"); len(blocks) != n || n < 12 {
		t.Fatalf("%d blocks of code, %d of which name their file", n, len(blocks))
	}
	files, whole := map[string]string{}, ""
	for _, m := range blocks {
		name, code := m[1], m[2]
		if files[name] == "" {
			b, err := os.ReadFile(filepath.Join("../..", name))
			if err != nil {
				t.Fatal(err)
			}
			files[name] = "\n" + string(b)
		}
		if !strings.Contains(files[name], "\n"+code) {
			t.Errorf("%s does not have\n%s", name, code)
		}
		if name == example {
			whole += "\n" + code
		}
	}
	if got, want := squeezed(whole), squeezed(files[example]); got != want {
		t.Errorf("the blocks of %s together are not the file", example)
	}
	if files[strings.TrimSuffix(example, ".go")+"_test.go"] == "" {
		t.Error("the page shows no test of the example")
	}
}

// squeezed leaves out empty lines.
func squeezed(s string) string {
	return strings.TrimSpace(regexp.MustCompile(`\n\n+`).ReplaceAllString(s, "\n"))
}
