package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// A story in which a step is missing is no success.
func TestEveryStepMustBeSeen(t *testing.T) {
	var out bytes.Buffer
	s := newStory(&out)
	for _, st := range steps[1:] {
		s.logger(st.who).With("call", "atlanta/1").Info(st.message)
	}
	why := errors.New("enough")
	ctx, end := context.WithCancelCause(t.Context())
	end(why)
	if err := s.wait(ctx); !errors.Is(err, why) || !strings.Contains(err.Error(), "not seen: sara: dialling") {
		t.Errorf("with one step missing: %v", err)
	}
	s.happened("sara", "dialling", slog.LevelInfo, map[string]string{"text": "5551212"})
	if err := s.wait(t.Context()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "sara     dials 5551212 with her modem") {
		t.Errorf("the story:\n%s", out.String())
	}
}

func TestWarningsAreToldToo(t *testing.T) {
	var out bytes.Buffer
	s := newStory(&out)
	s.logger("denver").Warn("refused", "reason", "auth-failed")
	s.logger("denver").Info("something else")
	if got := out.String(); !strings.Contains(got, "auth-failed") || strings.Contains(got, "something") {
		t.Errorf("told %q", got)
	}
}

func TestTheStoryIsTrue(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, true); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
}
