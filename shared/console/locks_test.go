package console

import (
	"strings"
	"testing"
)

// guarded is a daemon that locks out; two locks are saran's.
type guarded struct {
	*fake
	who []string
}

func (g *guarded) Unlock(who string) int {
	g.who = append(g.who, who)
	return strings.Count(who, "saran") * 2
}

func TestUnlock(t *testing.T) {
	p := &guarded{fake: newFake()}
	path, _ := start(t, p)
	for _, tt := range []struct {
		args      []string
		status    int
		out, errs string
	}{
		{[]string{"unlock", `CORP\saran`}, 0, "CORP\\saran: locks ended: 2\n", ""},
		{[]string{"unlock", "404 555&0100@192.0.2.1", "--json"}, 0, "{\n  \"locks\": 0\n}\n", ""},
		{[]string{"unlock"}, 2, "", "pac: pac unlock needs one user or source; `pac status` lists who is locked out\n"},
		{[]string{"unlock", ""}, 2, "", "pac: pac unlock needs one user or source; `pac status` lists who is locked out\n"},
		{[]string{"unlock", "a", "b"}, 2, "", "pac: pac unlock needs one user or source; `pac status` lists who is locked out\n"},
	} {
		var o, e strings.Builder
		c := Commands{Name: "pac", Locks: true, Socket: func(string) (string, error) { return path, nil }}
		status := c.Execute(t.Context(), tt.args, Stdio{strings.NewReader(""), &o, &e})
		if status != tt.status || o.String() != tt.out || e.String() != tt.errs {
			t.Errorf("%q: %d, %q, %q", tt.args, status, o.String(), e.String())
		}
	}
	if got := strings.Join(p.who, "; "); got != `CORP\saran; 404 555&0100@192.0.2.1` {
		t.Errorf("the program was asked to unlock %q", got)
	}
}
