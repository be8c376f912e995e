// Package doctor is what the commands `pac doctor` and `pns doctor` share: a
// report of what was looked at and what is wrong, and the looks that both
// programs need.
package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

// A Finding is one thing that is wrong, in one sentence with what to do.
type Finding struct {
	About string `json:"about"` // "port /dev/ttyS0"
	Text  string `json:"text"`
}

// A Note is what was found and is not wrong: what a modem says it is.
type Note struct {
	About string `json:"about"`
	Text  string `json:"text"`
}

// A Report is what a doctor found. Its methods may be called from any goroutine.
type Report struct {
	mu       sync.Mutex
	looked   []string
	notes    []Note
	findings []Finding
}

// Look notes that something was looked at. An error is a finding in one
// sentence; joined ones are a finding each.
func (r *Report) Look(about string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looked = append(r.looked, about)
	r.find(about, err)
}

// find notes findings; mu is held.
func (r *Report) find(about string, err error) {
	if err == nil {
		return
	}
	if all, ok := err.(interface{ Unwrap() []error }); ok && strings.Contains(err.Error(), "\n") {
		for _, e := range all.Unwrap() {
			r.find(about, e)
		}
		return
	}
	r.findings = append(r.findings, Finding{about, err.Error()})
}

// Findings are what is wrong, in the order in which it was found.
func (r *Report) Findings() []Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Finding{}, r.findings...)
}

// Note notes what is worth to be told though nothing is wrong.
func (r *Report) Note(about, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, Note{about, text})
}

// Notes are what was noted, in that order.
func (r *Report) Notes() []Note {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Note{}, r.notes...)
}

// Looked is what was looked at.
func (r *Report) Looked() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.looked...)
}

// MarshalJSON writes {"ok", "findings", "notes", "looked"}.
func (r *Report) MarshalJSON() ([]byte, error) {
	findings := r.Findings()
	return json.Marshal(struct {
		OK       bool      `json:"ok"`
		Findings []Finding `json:"findings"`
		Notes    []Note    `json:"notes"`
		Looked   []string  `json:"looked"`
	}{len(findings) == 0, findings, r.Notes(), r.Looked()})
}

// Write prints the notes and then the findings, a line each, and how many things
// were looked at.
func (r *Report) Write(w io.Writer) error {
	findings, looked := r.Findings(), len(r.Looked())
	for _, n := range r.Notes() {
		if _, err := fmt.Fprintf(w, "%s: %s\n", n.About, n.Text); err != nil {
			return err
		}
	}
	for _, f := range findings {
		if _, err := fmt.Fprintf(w, "%s: %s\n", f.About, f.Text); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%d findings in %d looks", len(findings), looked)
	switch len(findings) {
	case 0:
		text = fmt.Sprintf("nothing wrong in %d looks", looked)
	case 1:
		text = fmt.Sprintf("1 finding in %d looks", looked)
	}
	_, err := fmt.Fprintln(w, text)
	return err
}
