package firewall

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
)

// rules is how a walk reads a table.
type rules interface {
	chain(name string) ([]*nftables.Rule, error)
	set(name string) (*nftables.Set, []nftables.SetElement, error)
}

// A fate is what a chain does with a packet.
type fate uint8

const (
	onward  fate = iota // it comes out at the chain's end
	passes              // it may be accepted
	dropped             // for certain
)

// A walk is one packet's through the chains of a table.
type walk struct {
	packet
	rules
}

// A premise is what rules have said of the packet on the way to one.
type premise struct {
	own    bool // that it is to or from callers
	single bool // that it is for one host
}

// A decision is what a rule does: one of the verdicts, if its condition holds.
type decision struct {
	holds    guess
	verdicts []expr.Verdict
	premise
}

// deepest is how many chains may call each other in the kernel.
const deepest = 16

// through is what becomes of the packet in a chain. An accept for one host alone
// is no way for callers, unless it is theirs.
func (w walk) through(chain string, before premise, depth int) (fate, error) {
	all, err := w.chain(chain)
	if err != nil || depth > deepest {
		return onward, err
	}
	for _, r := range all {
		d, err := w.decide(r.Exprs, before)
		if err != nil {
			return onward, err
		}
		for _, v := range d.verdicts {
			switch v.Kind {
			case expr.VerdictReturn:
				if d.holds == yes {
					return onward, nil
				}
			case expr.VerdictJump, expr.VerdictGoto:
				f, err := w.through(v.Chain, d.premise, depth+1)
				if err != nil || f == passes || f == dropped && d.holds == yes {
					return f, err
				}
				if v.Kind == expr.VerdictGoto && d.holds == yes {
					return onward, nil
				}
			case expr.VerdictDrop:
				if d.holds == yes {
					return dropped, nil
				}
			case expr.VerdictContinue, expr.VerdictBreak:
			default: // accepted, or handed to a program
				if d.own || !d.single {
					return passes, nil
				}
			}
		}
	}
	return onward, nil
}

// decide reads one rule. What it does not know may match.
func (w walk) decide(exprs []expr.Any, before premise) (decision, error) {
	d := decision{holds: yes, premise: before}
	loaded := make(map[uint32]fact)
	need := func(g guess, is bool, f fact) { // one condition of the rule: that something is, or is not
		d.holds = min(d.holds, g)
		d.own = d.own || f.own && is && g == yes
	}
	for _, e := range exprs {
		switch e := e.(type) {
		case *expr.Meta:
			loaded[e.Register] = w.meta(e.Key)
		case *expr.Ct:
			loaded[e.Register] = w.tracked(e.Key)
		case *expr.Payload:
			loaded[e.DestRegister] = w.payload(e.Base, e.Offset, e.Len)
		case *expr.Bitwise:
			loaded[e.DestRegister] = loaded[e.SourceRegister].masked(e.Mask, e.Xor)
		case *expr.Cmp:
			f := loaded[e.Register]
			need(f.compare(e.Op, e.Data), e.Op == expr.CmpOpEq, f)
			d.single = d.single || f.dst && f.value == nil && e.Op == expr.CmpOpEq && len(e.Data) == 4
		case *expr.Range:
			f := loaded[e.Register]
			g := min(f.compare(expr.CmpOpGte, e.FromData), f.compare(expr.CmpOpLte, e.ToData))
			if e.Op == expr.CmpOpNeq {
				g = g.not()
			}
			need(g, e.Op == expr.CmpOpEq, f)
		case *expr.Lookup:
			g, verdicts, err := w.lookUp(loaded[e.SourceRegister], e)
			if err != nil {
				return d, err
			}
			need(g, !e.Invert, loaded[e.SourceRegister])
			d.verdicts = append(d.verdicts, verdicts...)
			delete(loaded, e.DestRegister)
		case *expr.Match:
			need(w.match(e), false, fact{})
		case *expr.Verdict:
			d.verdicts = append(d.verdicts, *e)
		case *expr.Reject:
			d.verdicts = append(d.verdicts, expr.Verdict{Kind: expr.VerdictDrop})
		case *expr.Target:
			if e.Name == "REJECT" {
				d.verdicts = append(d.verdicts, expr.Verdict{Kind: expr.VerdictDrop})
			}
		case *expr.Queue:
			d.verdicts = append(d.verdicts, expr.Verdict{Kind: expr.VerdictAccept})
		case *expr.Counter, *expr.Log, *expr.Notrack:
		default:
			need(maybe, false, fact{})
			clear(loaded)
		}
		if d.holds == no {
			return decision{}, nil
		}
	}
	return d, nil
}

// masked is the expression bitwise.
func (f fact) masked(mask, xor []byte) fact {
	m := fact{dst: f.dst, own: f.own}
	if f.value == nil || len(mask) < len(f.value) || len(xor) < len(f.value) {
		return fact{}
	}
	for i, b := range f.value {
		m.value = append(m.value, b&mask[i]^xor[i])
	}
	return m
}

// match is an expression of iptables' own.
func (w walk) match(m *expr.Match) guess {
	switch info := m.Info.(type) {
	case *xt.Comment:
		return yes
	case *xt.ConntrackMtinfo3:
		const state = 1 // XT_CONNTRACK_STATE
		if info.MatchFlags != state || w.state == 0 {
			return maybe
		}
		g := sure(uint32(info.StateMask)&w.state != 0)
		if info.InvertFlags&state != 0 {
			return g.not()
		}
		return g
	}
	return maybe
}

// lookUp looks a fact up in a set or a map of verdicts. Of what is not known, and
// of facts in a row, each element may be it.
func (w walk) lookUp(f fact, e *expr.Lookup) (guess, []expr.Verdict, error) {
	set, elements, err := w.set(e.SetName)
	if err != nil {
		return maybe, nil, err
	}
	verdict := func(el nftables.SetElement) []expr.Verdict {
		if !set.IsMap || e.DestRegister != 0 { // where verdicts go
			return nil
		}
		return verdict(el)
	}
	row := slices.ContainsFunc(elements, func(el nftables.SetElement) bool { return len(el.Key) > (len(f.value)+3)&^3 })
	if f.value == nil || row {
		var all []expr.Verdict
		for _, el := range elements {
			all = append(all, verdict(el)...)
		}
		return maybe, all, nil
	}
	at := slices.IndexFunc(elements, func(el nftables.SetElement) bool { return !el.IntervalEnd && same(f.value, el.Key) })
	if set.Interval {
		at = interval(elements, f.value)
	}
	g := sure(at >= 0)
	if e.Invert {
		return g.not(), nil, nil
	}
	if at < 0 {
		return no, nil, nil
	}
	return g, verdict(elements[at]), nil
}

// same compares a value with the key of an element, which may be padded.
func same(value, key []byte) bool {
	return len(key) >= len(value) && bytes.Equal(key[:len(value)], value) && len(bytes.Trim(key[len(value):], "\x00")) == 0
}

// interval is the element in whose interval a value is; -1: none. Where one ends,
// there is an element that says so.
func interval(elements []nftables.SetElement, value []byte) int {
	best := -1
	for i, el := range elements {
		if len(el.Key) < len(value) || bytes.Compare(el.Key[:len(value)], value) > 0 {
			continue
		}
		if c := -1; best >= 0 {
			c = bytes.Compare(elements[best].Key, el.Key)
			if c > 0 || c == 0 && el.IntervalEnd { // one that begins where another ends
				continue
			}
		}
		best = i
	}
	if best >= 0 && elements[best].IntervalEnd {
		return -1
	}
	return best
}

// Attributes of a verdict (nf_tables.h).
const (
	verdictCode  = 1 // NFTA_VERDICT_CODE
	verdictChain = 2 // NFTA_VERDICT_CHAIN
)

// verdict is that of an element of a map; none: it is of a set.
func verdict(el nftables.SetElement) []expr.Verdict {
	if el.VerdictData != nil {
		return []expr.Verdict{*el.VerdictData}
	}
	var v expr.Verdict
	there := false
	for b := el.Val; len(b) >= 4; { // struct nlattr, and padding to 4 octets
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			break
		}
		switch value := b[4:size]; binary.NativeEndian.Uint16(b[2:]) & 0x3FFF {
		case verdictCode:
			if len(value) == 4 {
				v.Kind, there = expr.VerdictKind(int32(binary.BigEndian.Uint32(value))), true
			}
		case verdictChain:
			v.Chain = string(bytes.TrimRight(value, "\x00"))
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	if !there {
		return nil
	}
	return []expr.Verdict{v}
}
