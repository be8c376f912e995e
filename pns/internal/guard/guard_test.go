package guard

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	policy  = Policy{Attempts: 5, Window: 10 * time.Minute, Time: 15 * time.Minute}
	atlanta = netip.MustParseAddr("192.0.2.1")
	macon   = netip.MustParseAddr("192.0.2.2")
	start   = time.Now()
)

// at is a time after the start.
func at(d time.Duration) time.Time { return start.Add(d) }

// wrong guesses n times at once, and returns the last ruling.
func wrong(g *Guard, now time.Time, n int, user string, from Source) (r Ruling) {
	for range n {
		r = g.Judge(now, user, from, false)
	}
	return r
}

// Five wrong answers lock a user out from one number: even her right password
// does not help there, and no other user or number notices.
func TestAPairIsLockedOut(t *testing.T) {
	g := New(policy)
	hers, his := From(atlanta, "4045550100"), From(atlanta, "4045550666")
	if r := wrong(g, at(0), 5, "saran", his); r.Locked != None {
		t.Errorf("the fifth answer is refused as %v, it should be looked at", r.Locked)
	}
	for _, tt := range []struct {
		name   string
		from   Source
		after  time.Duration
		locked Kind
		left   time.Duration
	}{
		{"saran", his, time.Second, UserSource, 15*time.Minute - time.Second},
		{`CORP\SARAN`, his, time.Second, UserSource, 15*time.Minute - time.Second},
		{"saran", hers, time.Second, None, 0},
		{"bob", his, time.Second, None, 0},
		{"saran", From(macon, "4045550666"), time.Second, None, 0},
		{"saran", his, 15*time.Minute - 1, UserSource, 1},
		{"saran", his, 15 * time.Minute, None, 0},
	} {
		if r := g.Judge(at(tt.after), tt.name, tt.from, true); r.Locked != tt.locked || r.Left != tt.left {
			t.Errorf("%s from %v after %v: %+v", tt.name, tt.from, tt.after, r)
		}
	}
}

// Certificates that do not count lock out as passwords do, but the user's answers
// come no later for them, and nobody is no user.
func TestCertificatesCount(t *testing.T) {
	his := From(atlanta, "4045550666")
	for _, tt := range []struct {
		from  Source
		users []string
		want  []Lock
	}{
		{his, []string{"saran", `CORP\Saran`, "saran", "SARAN", "saran", "saran"}, []Lock{{"saran", his.String(), at(policy.Time)}}},
		{his, slices.Repeat([]string{""}, 19), []Lock{}},
		{his, slices.Repeat([]string{""}, 20), []Lock{{"", his.String(), at(policy.Time)}}},
		{From(atlanta, ""), slices.Repeat([]string{""}, 50), []Lock{}},
		{From(atlanta, ""), slices.Repeat([]string{"saran"}, 5), []Lock{{"saran", atlanta.String(), at(policy.Time)}}},
	} {
		g := New(policy)
		for _, user := range tt.users {
			g.Unproven(at(0), user, tt.from)
		}
		g.Unproven(at(time.Minute), "saran", From(macon, ""))
		if got := g.Locks(at(0)); !slices.Equal(got, tt.want) {
			t.Errorf("%d of %q from %v: locked are %v, want %v", len(tt.users), tt.users[0], tt.from, got, tt.want)
		}
		if r := g.Judge(at(time.Minute), "saran", From(macon, "4045550100"), true); r != (Ruling{}) {
			t.Errorf("%d of %q from %v: her password elsewhere gets %+v", len(tt.users), tt.users[0], tt.from, r)
		}
	}
	g := New(Policy{})
	for range 100 {
		g.Unproven(at(0), "saran", his)
	}
	if g.Use(policy); g.Judge(at(0), "saran", his, true) != (Ruling{}) || len(g.Locks(at(0))) > 0 {
		t.Error("they counted where nothing does")
	}
}

// Who tries one password on many users is locked out by his number; but never
// a PAC that does not say who calls, for all its callers would be.
func TestASourceIsLockedOut(t *testing.T) {
	for _, tt := range []struct {
		number string
		want   Kind
	}{{"4045550666", WholeSource}, {"", None}} {
		g := New(policy)
		from := From(atlanta, tt.number)
		for n := range 20 {
			if r := g.Judge(at(0), fmt.Sprint("user", n), from, false); r.Locked != None {
				t.Fatalf("%q is locked out after %d", tt.number, n)
			}
		}
		if r := g.Judge(at(1), "saran", from, true); r.Locked != tt.want {
			t.Errorf("from %q: %v", tt.number, r.Locked)
		}
	}
}

// Wrong answers for a user from everywhere hold the next ones back, longer and
// longer, and lock nobody out.
func TestAUserAloneIsOnlySlowed(t *testing.T) {
	g := New(policy)
	var delays []time.Duration
	for n := range 7 {
		r := g.Judge(at(0), "saran", From(atlanta, fmt.Sprint(n)), false)
		delays = append(delays, r.Delay/time.Second)
	}
	if want := []time.Duration{0, 1, 2, 4, 8, 8, 8}; !slices.Equal(delays, want) {
		t.Errorf("delays of %d s, want %d", delays, want)
	}
	if r := g.Judge(at(0), "saran", From(atlanta, "hers"), true); r.Locked != None || r.Delay != 8*time.Second {
		t.Errorf("she gets %+v", r)
	}
	if r := g.Judge(at(0), "bob", From(atlanta, "hers"), true); r.Delay != 0 {
		t.Errorf("another user waits %v", r.Delay)
	}
	if r := g.Judge(at(policy.Window+1), "saran", From(atlanta, "hers"), true); r.Delay != 0 {
		t.Errorf("when it is long ago she waits %v", r.Delay)
	}
}

// A right answer clears the pair, and not the source: who knows one password
// could guess at others for ever.
func TestWhatARightAnswerClears(t *testing.T) {
	g := New(policy)
	from := From(atlanta, "4045550666")
	for n := range 5 {
		wrong(g, at(0), 4, fmt.Sprint("user", n), from)
		if r := g.Judge(at(0), fmt.Sprint("user", n), from, true); (r.Locked != None) != (n == 4) {
			t.Errorf("user %d, four wrong and one right answer: %v", n, r.Locked)
		}
	}
	if r := g.Judge(at(0), "user9", from, true); r.Locked != WholeSource {
		t.Errorf("twenty wrong answers among right ones: %v", r.Locked)
	}
	g = New(policy)
	wrong(g, at(0), 4, "saran", from)
	g.Judge(at(0), "saran", from, true)
	wrong(g, at(0), 4, "saran", from)
	if r := g.Judge(at(0), "saran", from, true); r.Locked != None {
		t.Errorf("four, right, four: %v", r.Locked)
	}
}

// Wrong answers outside the window do not add up.
func TestTheWindow(t *testing.T) {
	g := New(policy)
	from := From(atlanta, "1")
	wrong(g, at(0), 4, "saran", from)
	wrong(g, at(policy.Window+1), 4, "saran", from)
	if r := g.Judge(at(policy.Window+2), "saran", from, true); r.Locked != None {
		t.Error("locked out by what is long ago")
	}
}

// Whatever comes, memory is bounded, and a flood pushes no lock out.
func TestMemoryIsBounded(t *testing.T) {
	g := New(policy)
	his := From(atlanta, "4045550666")
	wrong(g, at(0), 5, "saran", his)
	for n := range capacity + 100 {
		name := fmt.Sprint(n) + strings.Repeat("x", 100_000)
		g.Judge(at(time.Second), name, From(macon, name), false)
	}
	if u, p, s := len(g.users), len(g.pairs), len(g.sources); u != capacity || p != capacity || s != capacity {
		t.Errorf("%d users, %d pairs, %d sources are remembered", u, p, s)
	}
	for k := range g.pairs {
		if len(k.user) > longest || len(k.from.Number) > longest {
			t.Fatalf("a name of %d, a number of %d octets", len(k.user), len(k.from.Number))
		}
	}
	if r := g.Judge(at(time.Minute), "saran", his, true); r.Locked != UserSource {
		t.Errorf("the flood ended a lock: %+v", r)
	}
}

func TestUnlock(t *testing.T) {
	his := From(atlanta, "4045550666")
	lock := func() *Guard {
		g := New(policy)
		wrong(g, at(0), 5, "saran", his)
		for n := range 15 {
			g.Judge(at(time.Second), fmt.Sprint(n), his, false)
		}
		return g
	}
	g := lock()
	want := []Lock{{"", "4045550666@192.0.2.1", at(15*time.Minute + time.Second)},
		{"saran", "4045550666@192.0.2.1", at(15 * time.Minute)}}
	if got := g.Locks(at(time.Minute)); !slices.Equal(got, want) {
		t.Errorf("locked are %v, want %v", got, want)
	}
	if got := g.Locks(at(time.Hour)); len(got) != 0 {
		t.Errorf("an hour later %v", got)
	}
	for who, want := range map[string]int{"4045550666": 2, "192.0.2.1": 2, "4045550666@192.0.2.1": 2, `CORP\Saran`: 1, "bob": 0, "": 0, "192.0.2.2": 0} {
		g := lock()
		if n := g.Unlock(at(time.Minute), who); n != want || len(g.Locks(at(time.Minute))) != 2-want {
			t.Errorf("%q ends %d locks, want %d", who, n, want)
		}
	}
	g.Unlock(at(time.Minute), "saran")
	g.Unlock(at(time.Minute), "4045550666")
	if r := g.Judge(at(time.Minute), "saran", his, true); r != (Ruling{}) {
		t.Errorf("unlocked, and still %+v", r)
	}
	made := map[string]uint64{}
	g.Made(func(kind string, n uint64) { made[kind] = n })
	if made["user"] != 1 || made["source"] != 1 || len(made) != 2 {
		t.Errorf("locks made: %v", made)
	}
}

// Without attempts in the policy nothing is held against anybody; a reload can
// change it.
func TestNoPolicy(t *testing.T) {
	g := New(Policy{})
	from := From(atlanta, "1")
	if r := wrong(g, at(0), 100, "saran", from); r != (Ruling{}) {
		t.Errorf("%+v", r)
	}
	g.Use(policy)
	wrong(g, at(0), 5, "saran", from)
	if r := g.Judge(at(1), "saran", from, true); r.Locked != UserSource {
		t.Errorf("%+v", r)
	}
}

// Locked says what Judge would, and counts nothing: however often it is asked, nobody is
// locked out by it, nor for longer.
func TestLockedIsOnlyALook(t *testing.T) {
	his := From(atlanta, "4045550666")
	for _, n := range []int{4, 5, 20} {
		g := New(policy)
		for i := range n {
			user := "saran"
			if i >= 5 {
				user = fmt.Sprint("guess", i)
			}
			wrong(g, at(0), 1, user, his)
		}
		locks := g.Locks(at(0))
		for range 50 {
			g.Locked(at(time.Second), "saran", his)
			g.Locked(at(time.Second), "tom", his)
		}
		if after := g.Locks(at(0)); !slices.Equal(after, locks) {
			t.Errorf("after %d wrong answers %v, and once looked at %v", n, locks, after)
		}
		for _, user := range []string{`CORP\Saran`, "tom"} {
			for _, after := range []time.Duration{time.Second, policy.Time - 1, policy.Time} {
				look := g.Locked(at(after), user, his)
				if r := g.Judge(at(after), user, his, true); look.Locked != r.Locked || r.Locked != None && look.Left != r.Left {
					t.Errorf("%d wrong answers, %s after %v: %+v, and judged %+v", n, user, after, look, r)
				}
			}
		}
		g.Use(Policy{})
		if r := g.Locked(at(time.Second), "saran", his); r != (Ruling{}) {
			t.Errorf("where nobody is locked out: %+v", r)
		}
	}
}
