package cp

import (
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// rfcCell is one entry of the printed table: action/new-state and a footnote.
type rfcCell struct {
	do       Action
	next     State
	footnote string
}

var rfcEvents = map[string]Event{"Up": Up, "Down": Down, "Open": Open, "Close": Close, "TO+": TOPlus, "TO-": TOMinus,
	"RCR+": RCRPlus, "RCR-": RCRMinus, "RCA": RCA, "RCN": RCN, "RTR": RTR, "RTA": RTA, "RUC": RUC,
	"RXJ+": RXJPlus, "RXJ-": RXJMinus, "RXR": RXR}

var rfcActions = map[string]Action{"tlu": TLU, "tld": TLD, "tls": TLS, "tlf": TLF, "irc": IRC, "zrc": ZRC,
	"scr": SCR, "sca": SCA, "scn": SCN, "str": STR, "sta": STA, "scj": SCJ, "ser": SER}

// parsePrinted reads the RFC's table: each half begins with a row of state
// numbers and a row of their names.
func parsePrinted(t *testing.T) map[Event]map[State]rfcCell {
	cells := map[Event]map[State]rfcCell{}
	var columns []State
	for line := range strings.Lines(printed) {
		head, row, ok := strings.Cut(line, "|")
		if !ok {
			continue
		}
		head = strings.TrimSpace(head)
		fields := strings.Fields(row)
		switch {
		case head == "" && len(fields) > 1: // the states' numbers
			columns = nil
			for _, f := range fields {
				columns = append(columns, State(number(t, f)))
			}
		case head == "Events":
			for i, name := range fields {
				if columns[i].String() != name {
					t.Errorf("state %d is %q, the RFC says %q", columns[i], columns[i], name)
				}
			}
		case head != "":
			e, known := rfcEvents[head]
			if !known || len(fields) != len(columns) {
				t.Fatalf("row not understood: %q", line)
			}
			if cells[e] == nil {
				cells[e] = map[State]rfcCell{}
			}
			for i, f := range fields {
				cells[e][columns[i]] = parseCell(t, f)
			}
		}
	}
	return cells
}

var cellForm = regexp.MustCompile(`^(?:([a-z,]+)/)?(\d)([rpx]?)$`)

func parseCell(t *testing.T, s string) rfcCell {
	if s == "-" {
		return rfcCell{do: Illegal}
	}
	m := cellForm.FindStringSubmatch(s)
	if m == nil {
		t.Fatalf("cell not understood: %q", s)
	}
	c := rfcCell{next: State(number(t, m[2])), footnote: m[3]}
	for name := range strings.SplitSeq(m[1], ",") {
		if name == "" {
			continue
		}
		a, known := rfcActions[name]
		if !known {
			t.Fatalf("action not understood: %q", name)
		}
		c.do |= a
	}
	return c
}

func number(t *testing.T, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestEachCellIsTheRFCs(t *testing.T) {
	cells := parsePrinted(t)
	compared := 0
	for e := range events {
		for s := range states {
			want, ok := cells[e][s]
			if !ok {
				t.Errorf("event %d, state %v: not in the printed table", e, s)
				continue
			}
			a := Automaton{state: s}
			do := a.Step(e)
			next := want.next
			if want.do == Illegal {
				next = s // "No transition is taken"
			}
			if do != want.do || a.State() != next {
				t.Errorf("event %d in %v: %b and %v, the RFC prints %b and %v", e, s, do, a.State(), want.do, next)
			}
			compared++
		}
	}
	if compared != 160 {
		t.Errorf("compared %d cells of 160", compared)
	}
}

// The footnotes stand where implementations may choose. Neither option is
// taken: Open restarts nothing [r], and a negotiation that times out finishes
// [p]. That a crossed connection [x] begins anew is in the cells themselves.
func TestFootnotes(t *testing.T) {
	where := map[string]map[Event][]State{}
	cells := parsePrinted(t)
	for e := range events {
		for s := range states {
			if f := cells[e][s].footnote; f != "" {
				if where[f] == nil {
					where[f] = map[Event][]State{}
				}
				where[f][e] = append(where[f][e], s)
			}
		}
	}
	want := map[string]map[Event][]State{
		"r": {Open: {Stopped, Closing, Stopping, Opened}},
		"p": {TOMinus: {ReqSent, AckRcvd, AckSent}},
		"x": {RCA: {AckRcvd, Opened}, RCN: {AckRcvd, Opened}},
	}
	for f, w := range want {
		if !maps.EqualFunc(where[f], w, func(a, b []State) bool { return string(stateBytes(a)) == string(stateBytes(b)) }) {
			t.Errorf("footnote [%s] stands at %v", f, where[f])
		}
	}
	for _, s := range want["r"][Open] {
		if a := (Automaton{state: s}); a.Step(Open) != 0 || (s != Closing && a.State() != s) {
			t.Errorf("Open in %v: the restart option was taken", s)
		}
	}
	for _, s := range want["p"][TOMinus] {
		if a := (Automaton{state: s}); !a.Step(TOMinus).Has(TLF) {
			t.Errorf("TO- in %v: the passive option was taken", s)
		}
	}
}

func stateBytes(ss []State) []byte {
	b := make([]byte, len(ss))
	for i, s := range ss {
		b[i] = byte(s)
	}
	return b
}

func TestTimerRunsWhereTOOccurs(t *testing.T) {
	for s := range states {
		a := Automaton{state: s}
		if want := s >= Closing && s <= AckSent; a.TimerRuns() != want {
			t.Errorf("%v: Restart timer runs: %v", s, !want)
		}
	}
}
