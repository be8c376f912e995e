package rules

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var metricNames = regexp.MustCompile(`"(?:pac|pns)_[a-z0-9_]+"`)

// What a program counts is on some dashboard, or in a rule of which a dashboard shows
// what comes out.
func TestDashboardsShowEveryMetric(t *testing.T) {
	shown := ""
	for _, pattern := range []string{"../grafana/*.json", "../prometheus/rules.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, f := range files {
			shown += read(t, f)
		}
	}
	for _, f := range []string{"../../pac/app/metrics.go", "../../pns/app/metrics.go"} {
		names := metricNames.FindAllString(read(t, f), -1)
		if len(names) < 10 {
			t.Errorf("%s registers only %q", f, names)
		}
		for _, name := range names {
			name = strings.Trim(name, `"`)
			if !regexp.MustCompile(`\b` + name + `(_sum|_count|_bucket)?\b`).MatchString(shown) {
				t.Errorf("%s of %s is on no dashboard", name, f)
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
