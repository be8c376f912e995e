//go:build peers

package scenario

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// asked is all that a dashboard asks, as Grafana would ask it, by where it stands
// in the file: panels, variables, annotations.
func asked(t *testing.T, file string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var board any
	if err := json.Unmarshal(b, &board); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	variables := strings.NewReplacer("$instance", ".*", "$bank", ".*", "$pool", ".*", "$__rate_interval", "1m", "$__range", "1h")
	var walk func(where string, v any)
	walk = func(where string, v any) {
		switch v := v.(type) {
		case []any:
			for n, one := range v {
				walk(fmt.Sprintf("%s %d", where, n), one)
			}
		case map[string]any:
			if v["type"] == "datasource" {
				return // its query is a kind of data source
			}
			for key, one := range v {
				text, isText := one.(string)
				if isText && (key == "expr" || key == "query") {
					all[where] = variables.Replace(text)
				}
				walk(where+" "+key, one)
			}
		}
	}
	walk(filepath.Base(file), board)
	if len(all) == 0 {
		t.Fatalf("%s asks nothing", file)
	}
	return all
}

var labelValuesOf = regexp.MustCompile(`^label_values\((.+), *(\w+)\)$`)

// labelValues takes a variable's query to pieces, which only Grafana knows.
func labelValues(query string) (metric, label string, ok bool) {
	m := labelValuesOf.FindStringSubmatch(query)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// values are those that a label has in the series that a selector has.
func (m *monitor) values(metric, label string) (all []string) {
	m.t.Helper()
	m.get("label/"+label+"/values", url.Values{"match[]": {metric}}, &all)
	return all
}

// A rule is one that Prometheus has taken.
type rule struct{ Type, Name, Query string }

func (m *monitor) rules() (all []rule) {
	m.t.Helper()
	var data struct {
		Groups []struct{ Rules []rule }
	}
	m.get("rules", nil, &data)
	for _, g := range data.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

var (
	selectors = regexp.MustCompile(`\b(up|(?:pac|pns|process|go)[_:][\w:]+)(?:\{([^}]*)\})?`)
	matchers  = regexp.MustCompile(`(\w+) *(?:=|!=|=~|!~) *"([^"]*)"`)
	groupings = regexp.MustCompile(`\b(?:by|without|on|ignoring) *\(([^)]*)\)`)
)

// knows checks that there are series for each name in a query: each metric, each
// value that a label is compared with, each label that is grouped by.
func (m *monitor) knows(where, query string) {
	m.t.Helper()
	all := selectors.FindAllStringSubmatch(query, -1)
	if len(all) == 0 {
		m.t.Errorf("%s: no metric in %s", where, query)
	}
	exists := func(selector string) bool { return len(m.ask("count("+selector+")")) > 0 }
	for _, s := range all {
		if !exists(s[1]) {
			m.t.Errorf("%s: there is no %s", where, s[1])
		}
		for _, c := range matchers.FindAllStringSubmatch(s[2], -1) {
			for value := range strings.SplitSeq(c[2], "|") {
				if one := fmt.Sprintf("%s{%s=~%q}", s[1], c[1], value); !exists(one) {
					m.t.Errorf("%s: there is no %s", where, one)
				}
			}
		}
	}
	for _, g := range groupings.FindAllStringSubmatch(query, -1) {
		for label := range strings.SplitSeq(g[1], ",") {
			label = strings.TrimSpace(label)
			found := label == "le"
			for _, s := range all {
				found = found || exists(fmt.Sprintf("%s{%s!=\"\"}", s[1], label))
			}
			if !found {
				m.t.Errorf("%s: no series of %s has a label %s", where, query, label)
			}
		}
	}
}
