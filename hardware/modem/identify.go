package modem

import (
	"context"
	"errors"
	"strings"
	"time"
)

const (
	// answerTime is how long a modem may take for each line of an answer.
	answerTime = time.Second
	// identifyTime bounds all questions what a modem is.
	identifyTime = 3 * time.Second
	// maxAnswer is the most lines of an answer that are kept.
	maxAnswer = 64
	// maxDevice is the most of a modem's name for itself that is kept, octets.
	maxDevice = 40
)

// questions ask a modem what it is, those first that most modems answer with a
// name: product (most makers), manufacturer and model (V.250 §6.1.4), and what
// Hayes had.
var questions = []string{"ATI3", "AT+GMI", "AT+GMM", "ATI0"}

// identify finds out what the modem is, once for each opening of its port. What
// it answers, sense or nonsense, is no fault; an error means that the port is
// lost.
func (m *Modem) identify(ctx context.Context) error {
	if m.known {
		return nil
	}
	m.profile = byName(m.o.Profile)
	var said []string
	if m.o.Profile == Auto {
		end := time.Now().Add(identifyTime)
		for _, q := range questions {
			if !time.Now().Before(end) {
				break
			}
			lines, err := m.talk.ask(ctx, q, end)
			if err != nil && !errors.Is(err, errRefused) && !errors.Is(err, errSilent) {
				return err
			}
			said = append(said, lines...)
			p, ok := recognise(lines)
			if ok {
				m.profile = p
				break
			}
		}
		m.o.Log.Info("modem recognised", "profile", m.profile.Name, "device", device(said))
	}
	m.known = true
	m.mu.Lock()
	defer m.mu.Unlock()
	m.health.Device, m.health.Profile = device(said), m.profile.Name
	return nil
}

// device is the modem's name: the first of its answers with a letter in it.
func device(said []string) string {
	for _, s := range said {
		if strings.ContainsAny(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			return s[:min(len(s), maxDevice)]
		}
	}
	return ""
}

// ask sends a command and returns the lines before its OK, until a time at the
// latest. A modem that shows its answer in pages is given a key for each.
func (d *dialogue) ask(ctx context.Context, s string, end time.Time) (lines []string, err error) {
	if err := d.settle(ctx); err != nil {
		return nil, err
	}
	if err := d.write(ctx, s+"\r"); err != nil {
		return nil, err
	}
	for pages := 0; ; {
		until := time.Now().Add(answerTime)
		if end.Before(until) {
			until = end
		}
		a, err := d.next(ctx, until)
		switch {
		case errors.Is(err, errSilent) && pages < 4 && d.paging() && time.Now().Before(end):
			pages++
			if err := d.write(ctx, " "); err != nil {
				return lines, err
			}
			d.scan = scanner{}
		case err != nil:
			return lines, err
		case a.code == okay:
			return lines, nil
		case a.code == failed:
			return lines, errRefused
		case a.code == ring, strings.EqualFold(strings.TrimSpace(a.text), s):
		case len(lines) < maxAnswer:
			lines = append(lines, strings.TrimSpace(a.text))
		}
	}
}

// paging says that the modem waits for a key: "Press any key to continue".
func (d *dialogue) paging() bool {
	return strings.Contains(strings.ToLower(string(d.scan.line)), "key")
}
