package conf

import (
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

const everyForm = `# a comment with [ and = "
top = "a # no comment" # a comment
'literal key' = 'it''s'
"quoted.key" = 1
a.b."c d" = [1, [2,
  3], # ]
  { x = 1, y.z = "}" },
]
long = """
[not.a.table]
x = 1 \""" ""\
"""""
raw = '''
y = 2''''
date = 1979-05-27 07:32:00
[t]
k = 1
[ t . "u" ]
k = 2
[[arr]]
k = 3
[arr.sub]
k = 4
[[arr]]
k = 5
  [[arr.deep]]
  k = 6
`

func TestPlaces(t *testing.T) {
	p := scan(everyForm)
	for _, tt := range []struct {
		place *place
		want  string // the line without blanks begins with it
	}{
		{p.keys["top"], "top"},
		{p.keys["quoted.key"], `"quoted.key"`},
		{p.keys["a"].keys["b"].keys["c d"], "a.b"},
		{p.keys["a"].keys["b"].keys["c d"].items[1].items[1], "3]"},
		{p.keys["a"].keys["b"].keys["c d"].items[2].keys["y"].keys["z"], "{ x = 1"},
		{p.keys["long"], "long"},
		{p.keys["raw"], "raw"},
		{p.keys["date"], "date"},
		{p.keys["t"], "[t]"},
		{p.keys["t"].keys["u"].keys["k"], "k = 2"},
		{p.keys["arr"], "[[arr]]"},
		{p.keys["arr"].items[0].keys["k"], "k = 3"},
		{p.keys["arr"].items[0].keys["sub"].keys["k"], "k = 4"},
		{p.keys["arr"].items[1].keys["k"], "k = 5"},
		{p.keys["arr"].items[1].keys["deep"].items[0].keys["k"], "k = 6"},
	} {
		if line := lineOf(everyForm, tt.place); !strings.HasPrefix(strings.TrimSpace(line), tt.want) {
			t.Errorf("found %q, want %q", line, tt.want)
		}
	}
}

// FuzzScan holds the scanner against the library: where that accepts a file,
// every key and item has a place, on a line that holds the key.
func FuzzScan(f *testing.F) {
	f.Add(everyForm)
	f.Add("a = [[{b = ''}]]\n[[x]]\n[x.y.z]\n[[x.w]]")
	f.Add("a = {\n b = 1,\n c = [\n],\n}\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		root := scan(text) // ends, whatever it is given
		values := make(map[string]any)
		if _, err := toml.Decode(text, &values); err == nil {
			compare(t, text, values, root)
		}
	})
}

func compare(t *testing.T, text string, v any, p *place) {
	switch v := v.(type) {
	case map[string]any:
		for k, v := range v {
			if strings.Trim(k, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" || k == "" {
				continue // quoted keys may be written in many ways
			}
			sub := p.keys[k]
			if sub == nil {
				t.Fatalf("%q has no place for %s", text, k)
			}
			if !strings.Contains(lineOf(text, sub), k) && !strings.Contains(text, `\`) {
				t.Fatalf("%q: %s is not on line %d", text, k, sub.line)
			}
			compare(t, text, v, sub)
		}
	case []any:
		if len(v) != len(p.items) {
			t.Fatalf("%q: %d items, %d places", text, len(v), len(p.items))
		}
		for i := range v {
			compare(t, text, v[i], p.items[i])
		}
	case []map[string]any:
		if len(v) != len(p.items) {
			t.Fatalf("%q: %d tables, %d places", text, len(v), len(p.items))
		}
		for i := range v {
			compare(t, text, v[i], p.items[i])
		}
	}
}

func lineOf(text string, p *place) string {
	if p == nil {
		return "nowhere"
	}
	return strings.Split(text, "\n")[p.line-1]
}
