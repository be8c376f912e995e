package weakness

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Write prints the findings, a line each, what is accepted, and how many there
// are.
func (r *Report) Write(w io.Writer) error {
	findings, silenced := r.Findings(), r.Silenced()
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "%s: %s\n", f.Key(), f.Text); err != nil {
			return err
		}
	}
	for _, f := range silenced {
		if _, err := fmt.Fprintf(w, "accepted: %s\n", f.Key()); err != nil {
			return err
		}
	}
	for _, a := range r.Idle() {
		if _, err := fmt.Fprintf(w, "security.accept has %q, which is not found\n", a); err != nil {
			return err
		}
	}
	text := "nothing weak was found"
	switch n := len(findings); {
	case n == 1:
		text = "1 weak point"
	case n > 1:
		text = fmt.Sprintf("%d weak points, the heaviest first", n)
	case len(silenced) > 0:
		text = "nothing weak was found but what is accepted"
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// MarshalJSON writes {"ok", "findings", "accepted", "idle"}.
func (r *Report) MarshalJSON() ([]byte, error) {
	findings := r.Findings()
	return json.Marshal(struct {
		OK       bool      `json:"ok"`
		Findings []Finding `json:"findings"`
		Accepted []Finding `json:"accepted"`
		Idle     []string  `json:"idle"`
	}{len(findings) == 0, findings, r.Silenced(), r.Idle()})
}

// Warn tells a daemon's log in one line that there are findings; nothing is said
// when there is none. command shows them in full.
func (r *Report) Warn(log *slog.Logger, command string) {
	if f := r.Findings(); len(f) > 0 {
		log.Warn("the configuration has weak points", "findings", len(f), "heaviest", f[0].Key(), "see", command)
	}
}
