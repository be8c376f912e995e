package main

import (
	"context"
	"fmt"
	"math"
)

// A Row is one line of the table: a claim about our programs.
type Row struct {
	Name   string // what is measured
	Unit   string // of every figure of the row
	Bars   []Bar  // all must be met
	Rounds int    // at most so many, where a figure hardly varies; 0: as many as asked for
	// Prepare makes ready what all rounds share and returns the candidates: ours
	// first, then the rivals. What it started ends by Workshop.Cleanup.
	Prepare func(context.Context, *Workshop) ([]Candidate, error)
}

// A Candidate can do a row's work.
type Candidate struct {
	Name string
	Run  func(context.Context) (float64, error) // one round, in the row's unit
}

// A Bar is what our figure must reach.
type Bar struct {
	Rival   string  // a candidate's name: the bar is for ours divided by its figure; "": for ours itself
	AtLeast float64 // 0: no lower bar
	AtMost  float64 // +Inf: no upper bar
}

// AtLeast is the bar that ours must come up to.
func AtLeast(x float64, rival string) Bar { return Bar{Rival: rival, AtLeast: x, AtMost: math.Inf(1)} }

// AtMost is the bar that ours must stay below.
func AtMost(x float64, rival string) Bar { return Bar{Rival: rival, AtMost: x} }

// Beside is no bar: ours is shown beside a rival.
func Beside(rival string) Bar { return Bar{Rival: rival, AtMost: math.Inf(1)} }

func (b Bar) none() bool { return b.AtLeast == 0 && math.IsInf(b.AtMost, 1) }

func (b Bar) met(x float64) bool { return x >= b.AtLeast && x <= b.AtMost }

func (b Bar) String() string {
	times := ""
	if b.Rival != "" {
		times = " ×"
	}
	if b.none() {
		return "none"
	}
	if math.IsInf(b.AtMost, 1) {
		return fmt.Sprintf("≥ %g%s", b.AtLeast, times)
	}
	return fmt.Sprintf("≤ %g%s", b.AtMost, times)
}
