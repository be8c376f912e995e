package console

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"carrier/shared/doctor"
)

func TestDoctor(t *testing.T) {
	path, _ := start(t, newFake())
	for _, tt := range []struct {
		args   string
		wrong  error
		status int
		out    string
	}{
		{"doctor", nil, 0, "nothing wrong in 2 looks\n"},
		{"doctor", errors.New("it is in use"), 1, "port a: it is in use\n1 finding in 2 looks\n"},
		{"doctor --json", nil, 0, `{"ok":true,"findings":[],"notes":[],"looked":["the daemon","port a"]}`},
		{"doctor --json", errors.New("it is in use"), 1, `{"ok":false,"findings":[{"about":"port a","text":"it is in use"}],"notes":[],"looked":["the daemon","port a"]}`},
		{"doctor --socket /nowhere", nil, 1, "the daemon: not running: nobody listens at /nowhere\n1 finding in 2 looks\n"},
	} {
		var out, errs bytes.Buffer
		c := Commands{Name: "pac", Socket: func(string) (string, error) { return path, nil },
			Doctor: func(ctx context.Context, _ string, c *Client) *doctor.Report {
				var r doctor.Report
				_, err := c.Status(ctx)
				r.Look("the daemon", err)
				r.Look("port a", tt.wrong)
				return &r
			}}
		status := c.Execute(t.Context(), strings.Fields(tt.args), Stdio{nil, &out, &errs})
		got := strings.TrimSpace(out.String())
		if strings.Contains(tt.args, "json") {
			got = strings.Join(strings.Fields(got), "")
			tt.out = strings.ReplaceAll(tt.out, " ", "")
		}
		if status != tt.status || got != strings.TrimSpace(tt.out) || errs.Len() > 0 {
			t.Errorf("%s: status %d, %q, %q", tt.args, status, got, errs.String())
		}
	}
}
