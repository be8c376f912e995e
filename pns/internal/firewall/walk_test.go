package firewall

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/xt"
	"golang.org/x/sys/unix"
)

// A chained table has no sets.
type chained map[string][][]expr.Any

func (c chained) chain(name string) (all []*nftables.Rule, err error) {
	for _, e := range c[name] {
		all = append(all, &nftables.Rule{Exprs: e})
	}
	return all, nil
}

func (chained) set(string) (*nftables.Set, []nftables.SetElement, error) {
	return new(nftables.Set), nil, nil
}

// iptables write their matches as expressions of their own. What is not known
// may match, and drops nothing for certain.
func TestRulesOfIptables(t *testing.T) {
	state := func(mask, invert uint16) expr.Any {
		m := &xt.ConntrackMtinfo3{}
		m.MatchFlags, m.InvertFlags, m.StateMask = 1, invert, mask
		return &expr.Match{Name: "conntrack", Rev: 3, Info: m}
	}
	comment := xt.Comment("ours")
	said, unknown := &expr.Match{Name: "comment", Info: &comment}, &expr.Match{Name: "set", Rev: 4, Info: new(xt.Unknown)}
	accept, drop := &expr.Verdict{Kind: expr.VerdictAccept}, &expr.Verdict{Kind: expr.VerdictDrop}
	jump := &expr.Verdict{Kind: expr.VerdictJump, Chain: "loop"}
	odd := &expr.Numgen{Register: 1}
	for name, tt := range map[string]struct {
		rules [][]expr.Any
		want  fate
	}{
		"established":            {[][]expr.Any{{state(2|4, 0), accept}}, onward},
		"new":                    {[][]expr.Any{{state(2|8, 0), accept}}, passes},
		"not established":        {[][]expr.Any{{state(2|4, 1), accept}}, passes},
		"a comment":              {[][]expr.Any{{said, drop}, {accept}}, dropped},
		"a set":                  {[][]expr.Any{{unknown, drop}, {unknown, accept}}, passes},
		"a set, and the rest":    {[][]expr.Any{{unknown, drop}, {&expr.Counter{}, drop}, {accept}}, dropped},
		"refused":                {[][]expr.Any{{&expr.Target{Name: "REJECT"}}, {accept}}, dropped},
		"marked":                 {[][]expr.Any{{&expr.Target{Name: "MARK"}}}, onward},
		"given to a program":     {[][]expr.Any{{&expr.Queue{}}, {drop}}, passes},
		"an odd value":           {[][]expr.Any{{odd, &expr.Cmp{Register: 1, Data: []byte{1}}, drop}}, onward},
		"a stale value":          {[][]expr.Any{{&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, odd, &expr.Cmp{Register: 1, Data: []byte{1}}, accept}}, passes},
		"chains that call again": {[][]expr.Any{{jump}, {drop}}, dropped},
	} {
		w := walk{packet{protocol: unix.IPPROTO_TCP, state: expr.CtStateBitNEW}, chained{"c": tt.rules, "loop": {{jump}}}}
		if got, err := w.through("c", premise{}, 0); got != tt.want || err != nil {
			t.Errorf("%s: %d, %v; want %d", name, got, err, tt.want)
		}
	}
}

// Before a connection is looked up its state is not known, and drops nothing for
// certain.
func TestStateBeforeItIsKnown(t *testing.T) {
	m := &xt.ConntrackMtinfo3{}
	m.MatchFlags, m.StateMask = 1, 1 // INVALID
	invalid := &expr.Match{Name: "conntrack", Rev: 3, Info: m}
	accept, drop := &expr.Verdict{Kind: expr.VerdictAccept}, &expr.Verdict{Kind: expr.VerdictDrop}
	for name, rules := range map[string][][]expr.Any{
		"dropped":      {{invalid, drop}, {accept}},
		"passes":       {{invalid, accept}, {drop}},
		"of nftables":  {{&expr.Ct{Key: expr.CtKeySTATE, Register: 1}, &expr.Cmp{Register: 1, Data: []byte{1, 0, 0, 0}}, accept}, {drop}},
		"its statuses": {{&expr.Ct{Key: expr.CtKeySTATUS, Register: 1}, &expr.Cmp{Register: 1, Data: []byte{1, 0, 0, 0}}, drop}, {accept}},
	} {
		w := walk{packet{protocol: unix.IPPROTO_GRE}, chained{"c": rules}}
		if got, err := w.through("c", premise{}, 0); got != passes || err != nil {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
}

func TestLegacy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ip_tables_names")
	for text, want := range map[string]bool{"": false, "nat\nfilter\n": true, "filter\n": true, "nat\nmangle\n": false} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := legacy(file); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	if legacy(filepath.Join(file, "none")) {
		t.Error("without the file")
	}
}
