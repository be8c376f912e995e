package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// number is x with three digits that matter, or with all before the point.
func number(x float64) string {
	switch {
	case x >= 100 || x == float64(int64(x)):
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// lines are a result's lines of the table, one for each bar.
func (r Result) lines() []string {
	if r.Err != nil {
		return []string{fmt.Sprintf("| %s | not measured: %s | | | | **no** |\n", r.Name, oneLine(r.Err.Error()))}
	}
	var all []string
	ours := number(median(r.Figures[0])) + " " + r.Unit
	for _, v := range r.verdicts() {
		rival := ""
		for i, name := range r.Names[1:] {
			if name == v.Rival {
				rival = fmt.Sprintf("%s: %s %s", name, number(median(r.Figures[i+1])), r.Unit)
			}
		}
		met := "yes"
		switch {
		case v.Bar.none():
			met = ""
		case !v.Met:
			met = "**no**"
		}
		all = append(all, fmt.Sprintf("| %s | %s | %s | %s | %s (%s–%s) | %s |\n",
			r.Name, ours, rival, v.Bar, number(v.Value), number(v.Min), number(v.Max), met))
	}
	return all
}

// oneLine makes a text fit a cell.
func oneLine(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", "/")
}

// met says that a result meets all its bars.
func (r Result) met() bool {
	if r.Err != nil {
		return false
	}
	for _, v := range r.verdicts() {
		if !v.Met {
			return false
		}
	}
	return true
}

const heading = "| what | ours | compared with | bar | reached (over the rounds) | met |\n|---|---|---|---|---|---|\n"

// Where the manual has the table.
const (
	begin = "<!-- made by make bench -->\n"
	end   = "<!-- end -->\n"
)

// write puts what was measured into a page, between its two marks: the whole
// table, or only some rows, if the table is of the same machine.
// about is the machine and the table's heading.
func write(page, about string, measured []Result, whole bool) error {
	b, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(b), begin)
	table, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return fmt.Errorf("%s has no %q and %q", page, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	if whole {
		table = about
	} else if !strings.HasPrefix(table, about) {
		return fmt.Errorf("the table in %s is another machine's: measure all rows", page)
	}
	for _, r := range measured {
		table = r.into(table)
	}
	return os.WriteFile(page, []byte(before+begin+table+end+after), 0o644)
}

// into puts the row into a table, in place of what it was or at its end.
func (r Result) into(table string) string {
	now := strings.Join(r.lines(), "")
	var out strings.Builder
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| "+r.Name+" | ") {
			out.WriteString(line)
			continue
		}
		out.WriteString(now)
		now = ""
	}
	return out.String() + now
}

// machine names what the figures are true for.
func machine() string {
	cpu := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, model, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(model)
				break
			}
		}
	}
	var u unix.Utsname
	unix.Uname(&u)
	return fmt.Sprintf("%s, %d cores, Linux %s, %s\n", cpu, runtime.NumCPU(), unix.ByteSliceToString(u.Release[:]), runtime.Version())
}
