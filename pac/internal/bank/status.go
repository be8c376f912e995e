package bank

import "carrier/hardware/line"

// A Status is one line as the operator sees it.
type Status struct {
	Line  string     `json:"line"`
	Bank  string     `json:"bank"`
	State line.State `json:"state"`
}

// Status tells of every line, in the order of Options.Lines.
func (b *Bank) Status() []Status {
	all := make([]Status, len(b.o.Lines))
	for i, l := range b.o.Lines {
		all[i] = Status{Line: l.Name(), Bank: b.o.Name, State: l.State()}
	}
	return all
}

// States counts the lines in each state, zeros included.
func (b *Bank) States() map[line.State]int {
	n := make(map[line.State]int)
	for _, s := range line.States() {
		n[s] = 0
	}
	for _, l := range b.o.Lines {
		n[l.State()]++
	}
	return n
}

// Name is the bank's name.
func (b *Bank) Name() string { return b.o.Name }
