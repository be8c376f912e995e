package app

import (
	"path/filepath"
	"strings"
	"testing"
)

// As pns: one line at the start and after each reload that finds something.
func TestWeakPointsAreToldInTheLog(t *testing.T) {
	p := program{t, filepath.Join(t.TempDir(), "pac.toml")}
	p.write("atlanta", "")
	end := p.run()
	if out, status := p.ask("check", "--security"); status != 1 || !strings.HasPrefix(out, "open-tunnel d: ") || !strings.HasSuffix(out, "\n4 weak points, the heaviest first\n") {
		t.Errorf("status %d: %s", status, out)
	}
	p.write("atlanta", "[identify]\ntext = false\nmethods = [\"mschap-v2\"]\n[security]\naccept = [\"open-tunnel d\"]\n")
	if out, status := p.ask("reload"); status != 0 {
		t.Fatal(out)
	}
	if out, status := p.ask("check", "--security"); status != 0 || out != "accepted: open-tunnel d\nnothing weak was found but what is accepted\n" {
		t.Errorf("status %d: %s", status, out)
	}
	text, _ := end()
	const told = `"msg":"the configuration has weak points"`
	if strings.Count(text, told) != 1 || !strings.Contains(text, told+`,"findings":4,"heaviest":"open-tunnel d","see":"pac check --security -c `+p.file+`"`) {
		t.Errorf("the log does not tell of 4 weak points, once:\n%s", text)
	}
}
