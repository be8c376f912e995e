// Command bench measures our programs beside the lines to compare them with,
// and says whether the bars are met. It needs root, gcc and the packages of
// deploy/testbed/guest/packages.
//
//	go run ./deploy/bench [-only REGEXP] [-rounds 5] [-md FILE]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
)

func main() {
	only := flag.String("only", "", "measure only the rows whose name matches this regular expression")
	rounds := flag.Int("rounds", 5, "how often each candidate runs")
	page := flag.String("md", "", "write the table, or with -only its rows, into this page, between its marks")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	met, err := bench(ctx, *only, *rounds, *page)
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
	}
	if err != nil || !met {
		os.Exit(1)
	}
}

// bench measures and tells whether every bar was met.
func bench(ctx context.Context, only string, rounds int, page string) (met bool, err error) {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return false, err
	}
	if rounds < 1 {
		return false, fmt.Errorf("-rounds %d: at least 1 is needed", rounds)
	}
	about := machine() + "\n" + heading
	fmt.Print(about)
	met = true
	var measured []Result
	for _, r := range rows() {
		if !wanted.MatchString(r.Name) {
			continue
		}
		result := measure(ctx, r, rounds)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		fmt.Print(strings.Join(result.lines(), ""))
		measured = append(measured, result)
		met = met && result.met()
	}
	if page == "" {
		return met, nil
	}
	return met, write(page, about, measured, only == "")
}
