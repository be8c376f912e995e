package pool

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"sync"
	"testing"
)

var ip = netip.MustParseAddr

func ranges(t *testing.T, list ...string) []Range {
	t.Helper()
	var rs []Range
	for _, s := range list {
		r, err := ParseRange(s)
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	return rs
}

// hosts are addresses as New takes them.
func hosts(list ...netip.Addr) (all []netip.Prefix) {
	for _, a := range list {
		all = append(all, netip.PrefixFrom(a, a.BitLen()))
	}
	return all
}

// make4 makes one pool.
func make4(t *testing.T, keep []netip.Addr, list ...string) *Pools {
	t.Helper()
	p, err := New([]Options{{Name: Default, Ranges: ranges(t, list...)}}, hosts(keep...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// reserve takes an address for somebody new each time.
func reserve(p *Pools) (*Lease, error) { return p.Reserve(Default, strconv.Itoa(rand.Int())) }

// stats are those of all pools together.
func stats(p *Pools) (s Stats, fixed int) {
	fixed = p.Stats(func(_ string, one Stats) {
		s.Free, s.Reserved, s.Used, s.Avoided = s.Free+one.Free, s.Reserved+one.Reserved, s.Used+one.Used, s.Avoided+one.Avoided
	})
	return s, fixed
}

func wantStats(t *testing.T, p *Pools, want Stats, fixed int) {
	t.Helper()
	if got, f := stats(p); got != want || f != fixed {
		t.Errorf("%+v and %d fixed, want %+v and %d", got, f, want, fixed)
	}
}

func TestRanges(t *testing.T) {
	for s, want := range map[string]string{
		"2.1.1.129-2.1.1.190":   "2.1.1.129-2.1.1.190 62",
		"2.1.1.129 - 2.1.1.190": "2.1.1.129-2.1.1.190 62",
		"2.1.1.7":               "2.1.1.7 1",
		"2.1.1.128/26":          "2.1.1.129-2.1.1.190 62",
		"2.1.1.4/31":            "2.1.1.4-2.1.1.5 2",
		"2.1.1.4/32":            "2.1.1.4 1",
		"0.0.0.0/0":             "0.0.0.1-255.255.255.254 4294967294",
		"255.255.255.255":       "255.255.255.255 1",
	} {
		r, err := ParseRange(s)
		if err != nil || fmt.Sprintf("%v %d", r, uint32(r.size())) != want {
			t.Errorf("%s: %v of %d, %v; want %s", s, r, r.size(), err, want)
		}
	}
	for s, want := range map[string]string{
		"2.1.1.190-2.1.1.129": "2.1.1.190 is beyond 2.1.1.129",
		"2.1.1.129-":          `"" is not an IPv4 address`,
		"":                    `"" is not an IPv4 address`,
		"2.1.1.300":           `"2.1.1.300" is not an IPv4 address`,
		"fd00::1-fd00::2":     `"fd00::1" is not an IPv4 address`,
		"2.1.1.129/26":        `"2.1.1.129/26" has bits beyond its length; 2.1.1.128/26 would be right`,
		"2.1.1.129/33":        `"2.1.1.129/33" is not an IPv4 prefix`,
		"fd00::/64":           `"fd00::/64" is not an IPv4 prefix`,
	} {
		if r, err := ParseRange(s); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %v; want %s", s, r, err, want)
		}
	}
}

func TestOverlapsAreRefused(t *testing.T) {
	for _, list := range [][]string{
		{"2.1.1.1-2.1.1.9", "2.1.1.9-2.1.1.12"},
		{"2.1.1.5", "2.1.1.1-2.1.1.9"},
		{"2.1.1.1-2.1.1.9", "2.1.1.5"},
	} {
		_, err := New([]Options{{Ranges: ranges(t, list...)}}, nil)
		if want := fmt.Sprintf("%s and %s overlap", list[0], list[1]); err == nil || err.Error() != want {
			t.Errorf("%v: %v", list, err)
		}
	}
}

// take reserves n addresses, commits them, and lists them.
func take(t *testing.T, p *Pools, n int) (ls []*Lease, text string) {
	t.Helper()
	for range n {
		l, err := reserve(p)
		if err != nil {
			t.Fatal(err)
		}
		l.Commit()
		ls = append(ls, l)
		text += fmt.Sprint(l.Addr().As4()[3], " ")
	}
	return ls, text
}

func TestTheLongestUnusedComesFirst(t *testing.T) {
	p := make4(t, []netip.Addr{ip("2.1.1.2"), ip("2.1.1.9"), ip("9.9.9.9")}, "2.1.1.1-2.1.1.4", "2.1.1.9-2.1.1.10")
	ls, got := take(t, p, 2)
	if got != "1 3 " {
		t.Errorf("got %s", got)
	}
	ls[1].Release()
	ls[1].Release() // twice is once
	ls[0].Release()
	ls, got = take(t, p, 4) // those never used are the longest unused
	if got != "4 10 3 1 " {
		t.Errorf("got %s", got)
	}
	if l, err := reserve(p); !errors.Is(err, ErrFull) || l != nil {
		t.Errorf("%v, %v", l, err)
	}
	for _, l := range ls {
		l.Release()
	}
	vain, _ := reserve(p) // 4
	vain.Release()
	if _, got = take(t, p, 4); got != "4 10 3 1 " {
		t.Errorf("got %s", got)
	}
}

func TestFixedAddresses(t *testing.T) {
	p := make4(t, []netip.Addr{ip("2.1.1.1"), ip("9.9.9.9"), ip("2.1.1.1")}, "2.1.1.1-2.1.1.2")
	inside, err := p.ReserveFixed(ip("2.1.1.1"))
	if err != nil || inside.Addr() != ip("2.1.1.1") {
		t.Fatal(inside, err)
	}
	if _, err := p.ReserveFixed(ip("2.1.1.1")); !errors.Is(err, ErrInUse) {
		t.Errorf("twice: %v", err)
	}
	if _, err := p.ReserveFixed(ip("9.9.9.9")); err != nil {
		t.Errorf("outside the ranges: %v", err)
	}
	if _, err := p.ReserveFixed(ip("2.1.1.2")); err == nil {
		t.Error("an address of the pool was taken as fixed")
	}
	wantStats(t, p, Stats{Free: 1}, 2)
	inside.Release()
	if _, got := take(t, p, 1); got != "2 " {
		t.Errorf("got %s", got)
	}
	if _, err := reserve(p); !errors.Is(err, ErrFull) {
		t.Errorf("a fixed address was given out: %v", err)
	}
	if _, err := p.ReserveFixed(ip("2.1.1.1")); err != nil {
		t.Errorf("after its release: %v", err)
	}
}

func TestStats(t *testing.T) {
	p := make4(t, nil, "2.1.1.0/29") // 6 addresses
	a, _ := reserve(p)
	b, _ := reserve(p)
	b.Commit()
	wantStats(t, p, Stats{Free: 4, Reserved: 1, Used: 1}, 0)
	a.Release()
	b.Release()
	wantStats(t, p, Stats{Free: 6}, 0)
	if _, err := reserve(make4(t, nil)); !errors.Is(err, ErrFull) {
		t.Errorf("a pool without addresses: %v", err)
	}
}

// Eight goroutines take and give back 10,000 addresses; nobody gets one that
// another has.
func TestManyAtOnce(t *testing.T) {
	p := make4(t, nil, "10.0.0.1-10.0.39.16")
	var mu sync.Mutex
	held := map[netip.Addr]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				var mine []*Lease
				for range 1250 {
					l, err := reserve(p)
					mu.Lock()
					if err != nil || held[l.Addr()] {
						t.Errorf("%v, %v", l, err)
						mu.Unlock()
						return
					}
					held[l.Addr()] = true
					mu.Unlock()
					l.Commit()
					mine = append(mine, l)
				}
				for _, l := range mine {
					mu.Lock()
					delete(held, l.Addr())
					mu.Unlock()
					l.Release()
				}
			}
		})
	}
	wg.Wait()
	wantStats(t, p, Stats{Free: 10000}, 0)
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"2.1.1.129-2.1.1.190", "2.1.1.128/26", "2.1.1.1", "0.0.0.0/0", "-", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRange(s)
		if err != nil {
			return
		}
		if again, err := ParseRange(r.String()); err != nil || again != r || !r.Contains(r.First) || !r.Contains(r.Last) {
			t.Errorf("%q: %v again %v, %v", s, r, again, err)
		}
	})
}
