// Package guard slows down and stops those who guess passwords. It counts wrong
// answers by where they come from, by the user that they are for, and by both.
// Both are locked out for a time; a user alone never is, or anybody could lock
// her out: there the answers only come later and later.
package guard

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"carrier/shared/ppp/auth"
	"carrier/shared/record"
)

// A Policy is how much is let pass. With no Attempts everything is.
type Policy struct {
	Attempts int           // wrong answers for one user from one source that lock this pair out
	Window   time.Duration // in which they count
	Time     time.Duration // that a lock lasts
}

// sourceAttempts are as many times Attempts of one source, for whatever users,
// as lock the source out.
const sourceAttempts = 4

// Limits of what is remembered, whatever comes.
const (
	capacity = 4096 // of each of the three tables
	longest  = 64   // octets of a name or number
)

// The answer to a user's next claim is held back after a wrong one: this long,
// twice as long after each more. Callers' machines repeat a PAP request for 30 s.
const (
	firstDelay = time.Second
	lastDelay  = 8 * time.Second
)

// A Source is where a claim comes from: who brought the call, and the calling
// number, which the telephone network vouches for.
type Source struct {
	Peer   netip.Addr
	Number string // "": none; then all callers of Peer look alike
	// Shared: many callers look like this one. Such a source is never locked out
	// as a whole, only with each user.
	Shared bool
}

// From is the source of a call that a PAC brings. Callers without a number
// cannot be told apart, and one of them must not lock out the rest.
func From(pac netip.Addr, calling string) Source {
	return Source{Peer: pac.Unmap(), Number: short(calling), Shared: calling == ""}
}

// String is the number and the peer, as an operator reads and writes it.
func (s Source) String() string {
	if s.Number == "" {
		return s.Peer.String()
	}
	return s.Number + "@" + s.Peer.String()
}

// A Ruling is what becomes of a claim.
type Ruling struct {
	Delay  time.Duration // to wait before the answer, whatever that is
	Locked Kind          // refuse it, right or wrong
	Left   time.Duration // of the lock
}

// A Kind of lock.
type Kind uint8

// The kinds; the zero one is none.
const (
	None       Kind = iota
	UserSource      // this user from this source
	WholeSource
	kinds
)

var kindNames = [kinds]string{None: "none", UserSource: "user", WholeSource: "source"}

// String is the kind's name in metrics.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// A Lock is one that holds.
type Lock struct {
	User   string // "": all of the source's
	Source string
	Until  time.Time
}

// pair is a user at a source.
type pair struct {
	user string
	from Source
}

// A Guard counts. Any goroutine may use it.
type Guard struct {
	mu      sync.Mutex
	policy  Policy
	users   table[string]
	pairs   table[pair]
	sources table[Source]

	made [kinds]atomic.Uint64
}

// New is a guard that has seen nobody.
func New(p Policy) *Guard {
	return &Guard{policy: p, users: table[string]{}, pairs: table[pair]{}, sources: table[Source]{}}
}

// Use has another policy hold from now on. Locks that hold last as they were
// made; under a policy without Attempts nobody looks at them.
func (g *Guard) Use(p Policy) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.policy = p
}

// Judge counts a claim as it comes, before it is answered, so that nobody gets
// away by not waiting for the answer. right tells that its proof was. What a
// locked caller claims does not count: her lock ends when it would.
func (g *Guard) Judge(now time.Time, name string, from Source, right bool) Ruling {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.policy.Attempts <= 0 {
		return Ruling{}
	}
	user := bare(name)
	one := pair{user, from}
	r := Ruling{Delay: delay(g.users.count(now, g.policy, user))}
	if r.Locked, r.Left = g.locked(now, one); r.Locked != None {
		return r
	}
	if right {
		delete(g.pairs, one) // not the source: he may know one password and guess at others
		return r
	}
	g.users.add(now, g.policy, user, 0)
	g.add(now, one)
	return r
}

// Locked tells what Judge would refuse whatever it proves, and for how long still. It
// counts nothing.
func (g *Guard) Locked(now time.Time, name string, from Source) Ruling {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.policy.Attempts <= 0 {
		return Ruling{}
	}
	var r Ruling
	r.Locked, r.Left = g.locked(now, pair{bare(name), from})
	return r
}

// locked is the lock that holds for a pair, and how long still; mu is held.
func (g *Guard) locked(now time.Time, one pair) (Kind, time.Duration) {
	if left := g.sources.left(now, one.from); left > 0 {
		return WholeSource, left
	}
	if left := g.pairs.left(now, one); left > 0 {
		return UserSource, left
	}
	return None, 0
}

// Unproven counts a certificate that does not count, for its user at its source
// and for the source, unless one of them is locked out. The user's next answers
// come no later: nobody comes nearer to a certificate by trying.
func (g *Guard) Unproven(now time.Time, name string, from Source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := pair{bare(name), from}
	if g.policy.Attempts > 0 && g.sources.left(now, from) <= 0 && g.pairs.left(now, one) <= 0 {
		g.add(now, one)
	}
}

// add counts a wrong answer. Nobody is no user who could be locked out.
func (g *Guard) add(now time.Time, one pair) {
	if one.user != "" && g.pairs.add(now, g.policy, one, g.policy.Attempts) {
		g.made[UserSource].Add(1)
	}
	if !one.from.Shared && g.sources.add(now, g.policy, one.from, sourceAttempts*g.policy.Attempts) {
		g.made[WholeSource].Add(1)
	}
}

// delay is that before an answer, after so many wrong ones.
func delay(wrong int) time.Duration {
	if wrong == 0 {
		return 0
	}
	return min(firstDelay<<min(wrong-1, 8), lastDelay)
}

// Locks lists the locks that hold, the longest first.
func (g *Guard) Locks(now time.Time) []Lock {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := []Lock{}
	for k, e := range g.sources {
		if e.until.After(now) {
			all = append(all, Lock{"", k.String(), e.until})
		}
	}
	for k, e := range g.pairs {
		if e.until.After(now) {
			all = append(all, Lock{k.user, k.from.String(), e.until})
		}
	}
	slices.SortFunc(all, func(a, b Lock) int {
		if c := b.Until.Compare(a.Until); c != 0 {
			return c
		}
		return strings.Compare(a.User+" "+a.Source, b.User+" "+b.Source)
	})
	return all
}

// Unlock forgets what is held against a user, wherever from, or a source,
// whatever user: who is as Lock has it, or a source's address or number alone.
// It returns how many locks that ended.
func (g *Guard) Unlock(now time.Time, who string) (ended int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	user := bare(who)
	delete(g.users, user)
	ended = g.pairs.forget(now, func(k pair) bool { return k.user == user || k.from.is(who) })
	return ended + g.sources.forget(now, func(k Source) bool { return k.is(who) })
}

func (s Source) is(who string) bool {
	return who != "" && (who == s.String() || who == s.Number || who == s.Peer.String())
}

// Made is how many locks of each kind there have been.
func (g *Guard) Made(f func(kind string, n uint64)) {
	for k := UserSource; k < kinds; k++ {
		f(k.String(), g.made[k].Load())
	}
}

// bare is a user's name without domain and capitals, whether there is such a
// user or not: who asks for another domain each time gains nothing, and nothing
// tells him that there is one.
func bare(name string) string {
	user, _ := auth.SplitName(name)
	return strings.ToLower(short(user))
}

// short is a copy that keeps nothing larger in memory.
func short(s string) string { return strings.Clone(record.Shown(s[:min(len(s), longest)])) }
