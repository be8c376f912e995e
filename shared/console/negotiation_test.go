package console

import (
	"fmt"
	"strings"
	"testing"
)

// speaking is a daemon that speaks PPP with its callers.
type speaking struct {
	*fake
	asked []string
}

func (s *speaking) Renegotiate(call string) error {
	s.asked = append(s.asked, call)
	return map[string]error{"atlanta/4710": ErrNotOnline, "atlanta/1": ErrNoCall, "broken": fmt.Errorf("out of order")}[call]
}

func TestRenegotiate(t *testing.T) {
	p := &speaking{fake: newFake()}
	path, _ := start(t, p)
	for _, tt := range []struct {
		args      []string
		status    int
		out, errs string
	}{
		{[]string{"atlanta/4711"}, 0, "atlanta/4711 is being negotiated afresh\n", ""},
		{[]string{"a b/1", "--json"}, 0, "{\n  \"renegotiated\": \"a b/1\"\n}\n", ""},
		{[]string{"atlanta/4710"}, 1, "", "pac: \"atlanta/4710\": the call is not online; `pac calls` lists them\n"},
		{[]string{"atlanta/1"}, 1, "", "pac: \"atlanta/1\": no such call; `pac calls` lists them\n"},
		{[]string{"broken"}, 1, "", "pac: out of order\n"},
		{[]string{}, 2, "", "pac: pac renegotiate needs the name of one call; `pac calls` lists them\n"},
		{[]string{"a", "b"}, 2, "", "pac: pac renegotiate needs the name of one call; `pac calls` lists them\n"},
	} {
		var o, e strings.Builder
		c := Commands{Name: "pac", Negotiation: true, Socket: func(string) (string, error) { return path, nil }}
		status := c.Execute(t.Context(), append([]string{"renegotiate"}, tt.args...), Stdio{strings.NewReader(""), &o, &e})
		if status != tt.status || o.String() != tt.out || e.String() != tt.errs {
			t.Errorf("%q: %d, %q, %q", tt.args, status, o.String(), e.String())
		}
	}
	if got := strings.Join(p.asked, "; "); got != "atlanta/4711; a b/1; atlanta/4710; atlanta/1; broken" {
		t.Errorf("the program was asked for %q", got)
	}
}
