package ccp

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
)

var (
	high = level{option: 26, most: 15, acks: true}
	low  = level{option: 21, most: 9, acks: true}
)

func opt(typ uint8, data ...byte) cp.Option { return cp.Option{Type: typ, Data: data} }

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name string
		send []Method
		opts []cp.Option
		want cp.Answer
		is   string
	}{
		{"what we like", []Method{high, low}, []cp.Option{opt(26, 15)}, cp.Answer{}, "option 26, 0f"},
		{"nothing", []Method{high, low}, nil, cp.Answer{}, "none"},
		{"too much", []Method{low}, []cp.Option{opt(21, 12)}, cp.Answer{Nak: []cp.Option{opt(21, 9)}}, "none"},
		{"nonsense", []Method{low}, []cp.Option{opt(21)}, cp.Answer{Reject: []cp.Option{opt(21)}}, "none"},
		{"unknown", []Method{low}, []cp.Option{opt(1), opt(21, 9)}, cp.Answer{Reject: []cp.Option{opt(1)}}, "option 21, 09"},
		{"our order counts", []Method{high, low}, []cp.Option{opt(21, 9), opt(26, 8)}, cp.Answer{Reject: []cp.Option{opt(21, 9)}}, "option 26, 08"},
		{"the best, put right", []Method{high, low}, []cp.Option{opt(21, 9), opt(26, 16)},
			cp.Answer{Reject: []cp.Option{opt(21, 9)}, Nak: []cp.Option{opt(26, 15)}}, "none"},
		{"twice", []Method{low}, []cp.Option{opt(21, 9), opt(21, 9)}, cp.Answer{Reject: []cp.Option{opt(21, 9)}}, "option 21, 09"},
		{"we send by nothing", nil, []cp.Option{opt(21, 9)}, cp.Answer{Reject: []cp.Option{opt(21, 9)}}, "none"},
	} {
		n := New(Options{Send: tt.send})
		n.Reset()
		got, err := n.Judge(tt.opts)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, %v, want %v", tt.name, got, err, tt.want)
		}
		if is := n.Agreed().Send.String(); is != tt.is {
			t.Errorf("%s: we send by %s, want %s", tt.name, is, tt.is)
		}
	}
}

func TestWhatWeAskFor(t *testing.T) {
	both := []cp.Option{opt(26, 15), opt(21, 9)}
	for _, tt := range []struct {
		name     string
		naked    []cp.Option
		rejected []cp.Option
		want     []cp.Option
	}{
		{"at first", nil, nil, both},
		{"one is rejected", nil, []cp.Option{opt(26, 15)}, []cp.Option{opt(21, 9)}},
		{"both are", nil, both, []cp.Option{}},
		{"a suggestion stands alone", []cp.Option{opt(21, 8)}, nil, []cp.Option{opt(21, 8)}},
		{"the better of two", []cp.Option{opt(21, 8), opt(26, 10)}, nil, []cp.Option{opt(26, 10)}},
		{"one that we cannot do", []cp.Option{opt(26, 16)}, nil, []cp.Option{opt(21, 9)}},
		{"one that we never asked for", []cp.Option{opt(1, 1)}, nil, both},
	} {
		n := New(Options{Receive: []Method{high, low}})
		n.Reset()
		if tt.naked != nil {
			if err := n.Naked(tt.naked); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if tt.rejected != nil {
			if err := n.Rejected(tt.rejected); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if got := n.Request(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestRequired has a peer that leaves out, rejects or spoils what is required.
func TestRequired(t *testing.T) {
	required := func() *CCP {
		n := New(Options{Receive: []Method{high}, Send: []Method{high}, Required: true})
		n.Reset()
		return n
	}
	if err := required().Rejected([]cp.Option{opt(26, 15)}); !errors.Is(err, ErrRequired) {
		t.Errorf("rejected: %v", err)
	}
	if err := required().Naked([]cp.Option{opt(26, 0)}); !errors.Is(err, ErrRequired) {
		t.Errorf("spoilt: %v", err)
	}
	n := required()
	for i := range maxMissed {
		if a, err := n.Judge(nil); err != nil || len(a.Nak) != 1 || !a.Nak[0].Equal(opt(26, 15)) {
			t.Errorf("left out, %d: %v, %v", i, a, err)
		}
	}
	if _, err := n.Judge(nil); !errors.Is(err, ErrRequired) {
		t.Errorf("left out once more: %v", err)
	}
	n.Reset()
	if _, err := n.Judge(nil); err != nil {
		t.Errorf("left out in a new negotiation: %v", err)
	}
}

// converge lets two ends negotiate on a perfect line until neither speaks.
func converge(t *testing.T, a, b *CCP) [2]cp.State {
	t.Helper()
	now := time.Unix(1000, 0)
	m := [2]*cp.Machine{cp.NewMachine(ppp.CCP, a, cp.Options{}), cp.NewMachine(ppp.CCP, b, cp.Options{})}
	var out [2]ppp.Outbox
	for i := range m {
		m[i].Open(now, &out[i])
		m[i].Up(now, &out[i])
	}
	for range 100 {
		quiet := true
		for i := range m {
			for _, frame := range out[i].Take() {
				_, info, _ := ppp.Split(frame)
				p, err := cp.Parse(info)
				if err != nil {
					t.Fatal(err)
				}
				m[1-i].Receive(now, p, &out[1-i])
				quiet = false
			}
		}
		if quiet {
			return [2]cp.State{m[0].State(), m[1].State()}
		}
	}
	t.Fatal("no end")
	return [2]cp.State{}
}

func TestTwoEnds(t *testing.T) {
	opened := [2]cp.State{cp.Opened, cp.Opened}
	for _, tt := range []struct {
		name   string
		a, b   Options
		states [2]cp.State
		ab, ba string // how a sends to b, and b to a
	}{
		{"both the same", Options{Receive: []Method{high}, Send: []Method{high}}, Options{Receive: []Method{high}, Send: []Method{high}}, opened, "option 26, 0f", "option 26, 0f"},
		{"one direction", Options{Receive: []Method{low}}, Options{Send: []Method{low}}, opened, "none", "option 21, 09"},
		{"the sender's order", Options{Receive: []Method{high, low}}, Options{Send: []Method{low, high}}, opened, "none", "option 21, 09"},
		{"the sender can do less", Options{Receive: []Method{high}}, Options{Send: []Method{level{option: 26, most: 10}}}, opened, "none", "option 26, 0a"},
		{"nothing in common", Options{Receive: []Method{high}, Send: []Method{high}}, Options{Receive: []Method{low}, Send: []Method{low}}, opened, "none", "none"},
	} {
		a, b := New(tt.a), New(tt.b)
		if got := converge(t, a, b); got != tt.states {
			t.Errorf("%s: %v", tt.name, got)
		}
		for _, way := range []struct{ send, receive Choice }{{a.Agreed().Send, b.Agreed().Receive}, {b.Agreed().Send, a.Agreed().Receive}} {
			if way.send.String() != way.receive.String() {
				t.Errorf("%s: sent by %v, received by %v", tt.name, way.send, way.receive)
			}
		}
		if ab, ba := a.Agreed().Send.String(), b.Agreed().Send.String(); ab != tt.ab || ba != tt.ba {
			t.Errorf("%s: %s and %s, want %s and %s", tt.name, ab, ba, tt.ab, tt.ba)
		}
	}
	needy := New(Options{Receive: []Method{high}, Send: []Method{high}, Required: true})
	if got := converge(t, needy, New(Options{})); got[0] == cp.Opened || got[1] == cp.Opened {
		t.Errorf("opened without what is required: %v", got)
	}
}
