package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"carrier/shared/ppp/codectest"
)

// figures is a row whose candidates say what they are told to, round by round.
func figures(bars []Bar, ours, rival []float64) Row {
	say := func(order *[]string, name string, x []float64) Candidate {
		n := 0
		return Candidate{name, func(context.Context) (float64, error) {
			*order = append(*order, name)
			if n == len(x) {
				return 0, errors.New("nothing more to say")
			}
			n++
			return x[n-1], nil
		}}
	}
	return Row{Name: "row", Unit: "MB/s", Bars: bars, Prepare: func(context.Context, *Workshop) ([]Candidate, error) {
		var order []string
		return []Candidate{say(&order, "ours", ours), say(&order, "rival", rival), {"order", func(context.Context) (float64, error) {
			if !slices.Equal(order, []string{"ours", "rival"}) {
				return 0, errors.New("ran in the order " + strings.Join(order, " "))
			}
			order = nil
			return 0, nil
		}}}, nil
	}}
}

func TestVerdicts(t *testing.T) {
	for _, tt := range []struct {
		name        string
		bar         Bar
		ours, rival []float64
		want        Verdict
	}{
		{"ratio of the medians", AtLeast(2, "rival"), []float64{8, 4, 6}, []float64{2, 4, 3}, Verdict{Value: 2, Min: 1, Max: 4, Met: true}},
		{"ratio missed", AtLeast(2.1, "rival"), []float64{8, 4, 6}, []float64{2, 4, 3}, Verdict{Value: 2, Min: 1, Max: 4}},
		{"limit", AtMost(6, ""), []float64{8, 4, 6}, []float64{1, 1, 1}, Verdict{Value: 6, Min: 4, Max: 8, Met: true}},
		{"limit missed", AtMost(5, ""), []float64{8, 4, 6}, []float64{1, 1, 1}, Verdict{Value: 6, Min: 4, Max: 8}},
		{"nothing at all", AtMost(0, ""), []float64{0, 0, 0}, []float64{1, 1, 1}, Verdict{Met: true}},
		{"even number of rounds", AtLeast(1, ""), []float64{1, 2}, []float64{1, 1}, Verdict{Value: 1.5, Min: 1, Max: 2, Met: true}},
	} {
		r := measure(t.Context(), figures([]Bar{tt.bar}, tt.ours, tt.rival), len(tt.ours))
		if r.Err != nil {
			t.Fatalf("%s: %v", tt.name, r.Err)
		}
		tt.want.Bar = tt.bar
		if got := r.verdicts(); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
		if r.met() != tt.want.Met {
			t.Errorf("%s: met: %v", tt.name, r.met())
		}
	}
}

// One bar missed of two is a row not met; a candidate that fails is one too, and
// its words stand in the table.
func TestRowsNotMet(t *testing.T) {
	r := measure(t.Context(), figures([]Bar{AtLeast(1, "rival"), AtMost(1, "")}, []float64{2}, []float64{1}), 1)
	if lines := r.lines(); r.met() || len(lines) != 2 || !strings.Contains(lines[0], "| yes |") || !strings.Contains(lines[1], "| **no** |") {
		t.Errorf("met: %v, %q", r.met(), lines)
	}
	r = measure(t.Context(), figures([]Bar{AtLeast(1, "rival")}, []float64{2, 2}, []float64{1}), 2)
	if lines := r.lines(); r.met() || len(lines) != 1 || !strings.Contains(lines[0], "rival: nothing more to say") {
		t.Errorf("met: %v, %q", r.met(), lines)
	}
}

// Every bar names a candidate that the row has: those of HDLC, whose rival is
// compiled for it, run once.
func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows() {
		if seen[r.Name] || r.Unit == "" || len(r.Bars) == 0 {
			t.Errorf("row %+v", r)
		}
		seen[r.Name] = true
	}
	for _, r := range hdlcRows() {
		if got := measure(t.Context(), r, 1); got.Err != nil || len(got.verdicts()) != 1 || got.verdicts()[0].Value <= 0 {
			t.Errorf("%s: %v, %+v", r.Name, got.Err, got.Figures)
		}
	}
}

// Each method of coding goes through its mill, there and back, as long as it takes once.
func TestMills(t *testing.T) {
	for _, r := range millRows(effort{cpu: 1, turns: 2}) {
		got := measure(t.Context(), r, 1)
		if got.Err != nil {
			t.Errorf("%s: %v", r.Name, got.Err)
			continue
		}
		if objects := r.Unit == "objects"; objects && !codectest.Raced && !got.met() || !objects && got.Figures[0][0] <= 0 {
			t.Errorf("%s: %v", r.Name, got.Figures)
		}
	}
}

func TestWrite(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	result := func(name string) Result {
		return measure(t.Context(), Row{Name: name, Unit: "s", Bars: []Bar{AtMost(1, ""), AtMost(2, "")},
			Prepare: func(context.Context, *Workshop) ([]Candidate, error) {
				return []Candidate{{"ours", func(context.Context) (float64, error) { return 1, nil }}}, nil
			}}, 1)
	}
	row := func(name, bar string) string {
		return "| " + name + " | 1 s |  | ≤ " + bar + " | 1 (1–1) | yes |\n"
	}
	b := row("b", "1") + row("b", "2")
	const about, other = "machine\nheading\n", "another\nheading\n"
	for _, tt := range []struct {
		whole         bool
		before, after string
	}{
		{true, "a\n" + begin + "old\n" + end + "z\n", "a\n" + begin + about + b + end + "z\n"},
		{true, "a\n" + begin + end, "a\n" + begin + about + b + end},
		{true, "a\n" + begin + "old\n", ""},
		{true, "a\n", ""},
		{false, begin + about + "| a | 3 |\n| b | 4 |\n| b | 5 |\n| b c | 6 |\n" + end, begin + about + "| a | 3 |\n" + b + "| b c | 6 |\n" + end},
		{false, begin + about + "| a | 3 |\n" + end, begin + about + "| a | 3 |\n" + b + end},
		{false, begin + other + "| b | 4 |\n" + end, ""},
	} {
		if err := os.WriteFile(page, []byte(tt.before), 0o600); err != nil {
			t.Fatal(err)
		}
		err := write(page, about, []Result{result("b")}, tt.whole)
		got, _ := os.ReadFile(page)
		if tt.after == "" && (err == nil || string(got) != tt.before) || tt.after != "" && (err != nil || string(got) != tt.after) {
			t.Errorf("%q became %q, %v", tt.before, got, err)
		}
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0: "0", 0.123: "0.12", 1: "1", 2.345: "2.35", 23.45: "23.4", 234.5: "234", 1234567.8: "1234568"} {
		if got := number(x); got != want {
			t.Errorf("%v: %s, want %s", x, got, want)
		}
	}
}
