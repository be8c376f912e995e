package testbed

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// A Block is a piece of a page that is meant to be used as it stands: a file, or
// commands. The comment before it in the page says on which host ("both" is each
// of them), for which setup, and the file's path or the commands' name.
type Block struct{ Host, Setup, Name, Text string }

var block = regexp.MustCompile("(?ms)^<!-- (\\S+) (\\S+) (\\S+) -->\n```\\w*\n(.*?)^```$")

// Blocks are those of one of the pages in docs.
func Blocks(t testing.TB, page string) []Block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(here(), "..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var all []Block
	for _, m := range block.FindAllStringSubmatch(string(text), -1) {
		all = append(all, Block{m[1], m[2], m[3], m[4]})
	}
	return all
}
