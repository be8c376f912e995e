package config

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A large file is read soon. What grows with the square of the number of users or
// pools takes many times the bound. Counted is the processors' time, which other
// work on the host does not change.
func TestLargeFilesAreReadSoon(t *testing.T) {
	for name, text := range map[string]string{
		"users":               manyUsers(10_000),
		"pools to and fro":    manyPools(1500, 1) + manyPools(1500, -1),
		"pools in a circle":   manyPools(3000, 1) + "next = 'to0'\n",
		"users of many pools": manyPools(3000, 1) + poolUsers(3000),
	} {
		start := worked(t)
		_, err := Parse("pns.toml", []byte(least+text))
		if took := worked(t) - start; took > 5*time.Second {
			t.Errorf("%s: %v", name, took)
		}
		if circle := strings.Contains(name, "circle"); circle != (err != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// worked is the processors' time that this process has had.
func worked(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// manyUsers are so many users with an address in a pool, and as many others, in
// a pool where theirs is the last.
func manyUsers(n int) string {
	var b strings.Builder
	a := netip.MustParseAddr("10.0.0.0")
	for i := range n {
		fmt.Fprintf(&b, "[[user]]\nname = 'own%d'\npassword = 'pw'\naddress = '%v'\n[[user]]\nname = 'u%[1]d'\npassword = 'pw'\npool = 'all'\n", i, a)
		a = a.Next()
	}
	return fmt.Sprintf("[[pool]]\nname = 'all'\naddresses = ['10.0.0.0-%v']\n", a) + b.String()
}

// manyPools are a chain of pools, as they stand or the other way round.
func manyPools(n, direction int) string {
	var b strings.Builder
	name, a := map[int]string{1: "to", -1: "fro"}[direction], netip.MustParseAddr("11.0.0.0")
	if direction < 0 {
		a = netip.MustParseAddr("12.0.0.0")
	}
	for i := range n {
		a = a.Next()
		fmt.Fprintf(&b, "[[pool]]\nname = '%s%d'\naddresses = ['%v']\n", name, i, a)
		if next := i + direction; next >= 0 && next < n {
			fmt.Fprintf(&b, "next = '%s%d'\n", name, next)
		}
	}
	return b.String()
}

// poolUsers are a user for each pool of a chain.
func poolUsers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "[[user]]\nname = 'p%d'\npassword = 'pw'\npool = 'to%d'\n", i, i)
	}
	return b.String()
}
