package console

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Lines is what a Program with telephone lines has besides. Errors are shown as
// they are.
type Lines interface {
	Lines() []Line
	// TakeOut takes lines out of service, PutIn puts them back; their calls go
	// on. If one is no line nothing is changed.
	TakeOut(lines []string, why string) error
	PutIn(lines []string) error
	// Drain has a line, a bank or "all" take no more calls, until Undrain; the
	// calls that they have, so many, go on for so long, or as they like if within
	// is negative.
	Drain(what string, within time.Duration) (calls int, err error)
	Undrain(what string) error
}

// A Line is one line as `lines` shows it.
type Line struct {
	Line    string    `json:"line"`
	Bank    string    `json:"bank"`
	Port    string    `json:"port,omitempty"`
	Device  string    `json:"device,omitempty"`  // what it calls itself
	Profile string    `json:"profile,omitempty"` // as which make of modem it is used
	State   string    `json:"state"`
	Since   time.Time `json:"since,omitzero"`
	Call    string    `json:"call,omitempty"`
	User    string    `json:"user,omitempty"`
	Rate    int       `json:"rate,omitempty"` // bit/s of the call
	Faults  int       `json:"faults"`
	Service string    `json:"service,omitempty"`
	Why     string    `json:"why,omitempty"` // of Service
}

// drained is the answer to a drain.
type drained struct {
	Calls int `json:"calls"`
}

// Lines lists the program's lines.
func (c *Client) Lines(ctx context.Context) ([]Line, error) {
	var v []Line
	return v, c.get(ctx, "/lines", &v)
}

// TakeOut takes lines out of service, for a reason that others will read.
func (c *Client) TakeOut(ctx context.Context, lines []string, why string) error {
	return c.tell(ctx, "/lines/out", url.Values{"line": lines, "why": {why}})
}

// PutIn puts lines back into service.
func (c *Client) PutIn(ctx context.Context, lines []string) error {
	return c.tell(ctx, "/lines/in", url.Values{"line": lines})
}

// Drain has a line, a bank or "all" take no more calls. It returns how many they
// have, which go on for so long, or without limit if within is negative.
func (c *Client) Drain(ctx context.Context, what string, within time.Duration) (calls int, err error) {
	var v drained
	q := url.Values{"what": {what}, "within": {within.String()}}
	return v.Calls, c.ask(ctx, "POST", "/drain?"+q.Encode(), &v)
}

// Undrain undoes Drain.
func (c *Client) Undrain(ctx context.Context, what string) error {
	return c.tell(ctx, "/undrain", url.Values{"what": {what}})
}

// tell asks for what has no answer.
func (c *Client) tell(ctx context.Context, path string, q url.Values) error {
	r, err := c.do(ctx, "POST", path+"?"+q.Encode())
	if err != nil {
		return err
	}
	return r.Body.Close()
}

// handleLines answers for a program's lines.
func handleLines(mux *http.ServeMux, p Lines) {
	done := func(w http.ResponseWriter, err error) {
		if err != nil {
			reply(w, http.StatusConflict, failure{err.Error()})
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
	mux.HandleFunc("GET /lines", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, append([]Line{}, p.Lines()...)) })
	mux.HandleFunc("POST /lines/out", func(w http.ResponseWriter, r *http.Request) {
		done(w, p.TakeOut(r.URL.Query()["line"], r.FormValue("why")))
	})
	mux.HandleFunc("POST /lines/in", func(w http.ResponseWriter, r *http.Request) { done(w, p.PutIn(r.URL.Query()["line"])) })
	mux.HandleFunc("POST /undrain", func(w http.ResponseWriter, r *http.Request) { done(w, p.Undrain(r.FormValue("what"))) })
	mux.HandleFunc("POST /drain", func(w http.ResponseWriter, r *http.Request) {
		within, err := time.ParseDuration(r.FormValue("within"))
		if err != nil {
			done(w, fmt.Errorf("within: %w", err))
			return
		}
		n, err := p.Drain(r.FormValue("what"), within)
		if err != nil {
			done(w, err)
			return
		}
		reply(w, http.StatusOK, drained{n})
	})
}

// writeLines writes lines as a table.
func writeLines(w io.Writer, lines []Line) error {
	rows := [][]string{{"LINE", "PORT", "DEVICE", "STATE", "SINCE", "CALL", "USER", "RATE", "FAULTS", "SERVICE", "WHY"}}
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	for _, l := range lines {
		since := ""
		if !l.Since.IsZero() {
			since = l.Since.Local().Format(time.DateTime)
		}
		rows = append(rows, []string{l.Line, l.Port, l.Device, l.State, since, l.Call, l.User, number(l.Rate), number(l.Faults), l.Service, l.Why})
	}
	return writeTable(w, "", rows)
}
