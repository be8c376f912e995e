package rules

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	pac "carrier/pac/app"
	pns "carrier/pns/app"
	"carrier/shared/console"
	"carrier/shared/record"
)

// manuals are README.md and docs/, by their paths from the root of the tree.
func manuals(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(paths) < 5 {
		t.Fatalf("docs: %v, %v", paths, err)
	}
	all := map[string]string{}
	for _, path := range append(paths, "../../README.md") {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(path, "../../")] = string(b)
	}
	return all
}

var (
	linked  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile("(?m)^#+ (.*)$")
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
)

func TestLinksLeadSomewhere(t *testing.T) { follow(t, "../..", pages(t, "../..")) }

// The archive is read by those who have nothing else.
func TestLinksInTheArchive(t *testing.T) {
	dir := t.TempDir()
	for _, cmd := range []*exec.Cmd{exec.Command("../dist/dist.sh", dir, runtime.GOARCH), exec.Command("sh", "-ec", "cd \"$1\" && tar -xzf *.tar.gz", "sh", dir)} {
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	all := pages(t, dir)
	if len(all) < len(manuals(t)) {
		t.Errorf("the archive has only %d pages", len(all))
	}
	follow(t, dir, all)
}

// pages are all texts of a tree, by their paths in it.
func pages(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		all[name] = string(b)
		return err
	})
	if err != nil || len(all) < 5 {
		t.Fatalf("%d pages in %s: %v", len(all), root, err)
	}
	return all
}

// follow follows the links of pages below root.
func follow(t *testing.T, root string, all map[string]string) {
	t.Helper()
	for from, text := range all {
		for _, m := range linked.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			to := from
			if path != "" {
				to = filepath.Join(filepath.Dir(from), path)
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s: %s: %v", from, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(all[to]), anchor) {
				t.Errorf("%s: %s has no heading #%s", from, to, anchor)
			}
		}
	}
}

// anchors are the names that headings get in HTML.
func anchors(text string) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		all = append(all, strings.ReplaceAll(strings.ToLower(strings.Map(func(c rune) rune {
			if strings.ContainsRune("`.,:[]()…", c) {
				return -1
			}
			return c
		}, m[1])), " ", "-"))
	}
	return all
}

// The manual tells of every reason why a call can end, and of no other.
func TestManualHasEveryEndReason(t *testing.T) {
	_, text, _ := strings.Cut(manuals(t)["docs/operating.md"], "\n## Why a call ended\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var told []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (?:pac|pns|both) \\|").FindAllStringSubmatch(text, -1) {
		told = append(told, m[1])
	}
	var real []string
	for _, r := range record.EndReasons() {
		if r != record.Running {
			real = append(real, r.String())
		}
	}
	slices.Sort(told)
	slices.Sort(real)
	if !slices.Equal(told, real) {
		t.Errorf("docs/operating.md has the reasons\n%v, the programs have\n%v", told, real)
	}
}

var logged = regexp.MustCompile(`msg=(?:"([^"]+)"|(\S+))`)

// Each message in the manuals' log lines, and in the table of messages, is one
// that the code logs.
func TestManualsLogLinesAreReal(t *testing.T) {
	code := source(t)
	lines := 0
	check := func(file, message string) {
		lines++
		if !strings.Contains(code, `"`+message+`"`) && !strings.Contains(code, `"`+strings.TrimSuffix(message, "…")) {
			t.Errorf("%s: nothing logs %q", file, message)
		}
	}
	all := manuals(t)
	for file, text := range all {
		for _, m := range logged.FindAllStringSubmatch(text, -1) {
			check(file, m[1]+m[2])
		}
	}
	_, table, _ := strings.Cut(all["docs/operating.md"], "| message | of | |")
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.Lines(table) {
		first, _, _ := strings.Cut(strings.TrimPrefix(row, "|"), "|")
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(first, -1) {
			check("docs/operating.md", m[1])
		}
	}
	if lines < 30 {
		t.Errorf("only %d messages were looked at", lines)
	}
}

// Each message in the manual's tables is one that the code has, but for its
// variable words.
func TestManualsMessagesAreReal(t *testing.T) {
	code := source(t)
	_, text, _ := strings.Cut(manuals(t)["docs/operating.md"], "\n## Messages\n")
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(text, -1)
	if len(rows) < 10 {
		t.Fatalf("%d messages", len(rows))
	}
	for _, m := range rows {
		if m[1] == "connect: connection refused" { // the kernel's
			continue
		}
		constant := regexp.MustCompile(`\S*[.…_\d]\S*|: `).Split(m[1], -1)
		for _, words := range constant {
			if words = strings.TrimSpace(words); words != "" && !strings.Contains(code, words) {
				t.Errorf("nothing says %q of %q", words, m[1])
			}
		}
	}
}

// source is all code but tests.
func source(t *testing.T) string {
	t.Helper()
	var all bytes.Buffer
	for _, top := range []string{"pac", "pns", "shared", "hardware"} {
		err := filepath.WalkDir(filepath.Join("../..", top), func(path string, d os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			b, err := os.ReadFile(path)
			all.Write(b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

var configured = regexp.MustCompile("(?ms)^```toml\n# (pac|pns)\\.toml\n(.*?)^```$")

// Each whole configuration in the manuals is one without mistakes.
func TestManualsConfigurations(t *testing.T) {
	found := 0
	for name, text := range manuals(t) {
		for _, m := range configured.FindAllStringSubmatch(text, -1) {
			found++
			file := filepath.Join(t.TempDir(), m[1]+".toml")
			if err := os.WriteFile(file, []byte(m[2]), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if status := programs[m[1]](t.Context(), []string{"check", "-c", file}, console.Stdio{Out: &out, Err: &out}); status != 0 {
				t.Errorf("%s: %s", name, out.String())
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d configurations were found", found)
	}
}

// indented are runs of lines with four spaces before them.
var indented = regexp.MustCompile(`(?m)(?:^(?:    .*)?\n)+`)

// The parts of a configuration on the page about the LAN fit into a whole one.
func TestManualOfTheLAN(t *testing.T) {
	const rest = "name = \"denver\"\n[[pac]]\nname = \"atlanta\"\nfrom = [\"192.0.2.1\"]\n[[user]]\nname = \"saran\"\npassword = \"x\"\n"
	found := 0
	for _, part := range indented.FindAllString(manuals(t)["docs/lan.md"], -1) {
		at := strings.Index(part, "[lan") // a command may stand before it
		if at < 0 {
			continue
		}
		found++
		file := filepath.Join(t.TempDir(), "pns.toml")
		if err := os.WriteFile(file, []byte(rest+part[at:]), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if status := pns.Run(t.Context(), []string{"check", "-c", file}, console.Stdio{Out: &out, Err: &out}); status != 0 {
			t.Errorf("%s%s", part, out.String())
		}
	}
	if found != 8 {
		t.Errorf("%d parts were found", found)
	}
}

// Each of the examples to begin with is without mistakes.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/*.toml")
	if err != nil || len(files) < 3 {
		t.Fatalf("examples: %v, %v", files, err)
	}
	for _, file := range files {
		program, ok := programs[filepath.Base(file)[:3]]
		if !ok {
			t.Errorf("%s: whose is it?", file)
			continue
		}
		var out bytes.Buffer
		if status := program(t.Context(), []string{"check", "-c", file}, console.Stdio{Out: &out, Err: &out}); status != 0 {
			t.Error(out.String())
		}
	}
}

// programs are run as their users do.
var programs = map[string]func(context.Context, []string, console.Stdio) int{"pac": pac.Run, "pns": pns.Run}
