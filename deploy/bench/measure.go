package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// patience is how long one round of one candidate may take.
const patience = 3 * time.Minute

// A Result is what came out for a row: each candidate's figures, round by round.
type Result struct {
	Row
	Names   []string // of the candidates; ours first
	Figures [][]float64
	Err     error // the row could not be measured
}

// measure runs a row's candidates one after the other, round by round, so that
// what else the machine does meets all of them.
func measure(ctx context.Context, r Row, rounds int) Result {
	w, err := newWorkshop()
	if err != nil {
		return Result{Row: r, Err: err}
	}
	defer w.close()
	candidates, err := r.Prepare(ctx, w)
	if err != nil {
		return Result{Row: r, Err: err}
	}
	if r.Rounds > 0 {
		rounds = min(rounds, r.Rounds)
	}
	out := Result{Row: r, Figures: make([][]float64, len(candidates))}
	for _, c := range candidates {
		out.Names = append(out.Names, c.Name)
	}
	for range rounds {
		for i, c := range candidates {
			x, err := once(ctx, c)
			if err != nil {
				out.Err = fmt.Errorf("%s: %w", c.Name, err)
				return out
			}
			out.Figures[i] = append(out.Figures[i], x)
		}
	}
	return out
}

func once(ctx context.Context, c Candidate) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.Run(ctx)
}

// A Verdict is how a result stands to one bar.
type Verdict struct {
	Bar
	Value    float64 // ours, or the ratio of the medians
	Min, Max float64 // over the rounds
	Met      bool
}

// verdicts judges a result that has figures.
func (r Result) verdicts() (all []Verdict) {
	for _, b := range r.Bars {
		v := Verdict{Bar: b, Value: median(r.Figures[0])}
		per := slices.Clone(r.Figures[0])
		if b.Rival != "" {
			i := slices.Index(r.Names, b.Rival)
			if i < 0 {
				panic(fmt.Sprintf("%s: there is no candidate %q", r.Name, b.Rival))
			}
			v.Value /= median(r.Figures[i])
			for k := range per {
				per[k] /= r.Figures[i][k]
			}
		}
		v.Min, v.Max = slices.Min(per), slices.Max(per)
		v.Met = b.met(v.Value)
		all = append(all, v)
	}
	return all
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
