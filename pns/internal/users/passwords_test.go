package users

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"carrier/shared/ppp/auth"
)

func table(t *testing.T, list ...User) *Table {
	t.Helper()
	table, err := New(list)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func open(t *testing.T, dir string) *Passwords {
	t.Helper()
	p, err := OpenPasswords(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// takes tells which password lets a user in now.
func takes(p *Passwords, u User, passwords ...string) (which string) {
	now := p.Current(u)
	for _, password := range passwords {
		if auth.Typed(u.Name, password).Check(now.Secret).OK {
			which += password
		}
	}
	return fmt.Sprint(which, " ", now.Expired)
}

func TestAChangedPassword(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "pns") // which is not there yet
	sara := User{Name: "saran", Secret: auth.NewPassword("old"), Expired: true}
	p := open(t, dir)
	if got := takes(p, sara, "old", "new"); got != "old true" {
		t.Errorf("before: %s", got)
	}
	if err := p.Change(sara, auth.NewPassword("new")); err != nil {
		t.Fatal(err)
	}
	edited, hashed, other := sara, sara, sara
	edited.Secret, hashed.Secret, other.Name = auth.NewPassword("edited"), auth.NewNTHash(auth.NTHash("old")), "tom"
	check := func(when string, p *Passwords) {
		t.Helper()
		for _, tt := range []struct {
			name string
			u    User
			want string
		}{
			{"as it was", sara, "new false"}, {"only the hash of the same", hashed, "new false"},
			{"edited", edited, "edited true"}, {"somebody else", other, "old true"},
		} {
			if got := takes(p, tt.u, "old", "new", "edited"); got != tt.want {
				t.Errorf("%s, %s: %s, want %s", when, tt.name, got, tt.want)
			}
		}
	}
	check("now", p)
	check("after a restart", open(t, dir))
	if !p.Current(sara).Secret.Verifies(auth.MSCHAPv2) || p.Current(sara).Secret.Verifies(auth.CHAPMD5) || p.Current(sara).Secret.Verifies(auth.EAPTLS) {
		t.Error("the new secret is not an NT hash alone")
	}
	sara.Secret = sara.Secret.OrCertificate()
	if !p.Current(sara).Secret.Verifies(auth.EAPTLS) {
		t.Error("a certificate is no longer enough")
	}
	info, err := os.Stat(filepath.Join(dir, "passwords"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("the folder holds %v", all)
	}
	if s := fmt.Sprintf("%v %+v %#v", p.changed, p.changed, p.changed); !strings.Contains(s, "[secret]") || strings.Contains(strings.ToLower(s), fmt.Sprintf("%x", auth.NTHash("new"))[:8]) {
		t.Errorf("a hash shows: %s", s)
	}
}

// Whoever edits a password in the configuration decides anew, for good; one who
// takes a user out and back has her keep hers.
func TestTheConfigurationReplacesAChange(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir)
	sara, tom := User{Name: "saran", Secret: auth.NewPassword("old")}, User{Name: "tom", Secret: auth.NewPassword("old")}
	for _, u := range []User{sara, tom} {
		if err := p.Change(u, auth.NewPassword("new")); err != nil {
			t.Fatal(err)
		}
	}
	edited := sara
	edited.Secret = auth.NewPassword("edited")
	for _, list := range [][]User{{sara, tom}, {sara}, {tom}, {edited}, {sara, tom}} {
		if err := p.Settle(table(t, list...)); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []*Passwords{p, open(t, dir)} {
		if s, o := takes(p, sara, "old", "new"), takes(p, tom, "old", "new"); s != "old false" || o != "new false" {
			t.Errorf("saran %s, tom %s", s, o)
		}
	}
}

func TestPasswordsThatAreNotTaken(t *testing.T) {
	dir := t.TempDir()
	p, sara := open(t, dir), User{Name: "saran", Secret: auth.NewPassword("old")}
	if err := p.Change(sara, auth.NewPassword("")); !errors.Is(err, ErrEmptyPassword) {
		t.Errorf("an empty one: %v", err)
	}
	if err := p.Change(sara, auth.NewPassword("old")); !errors.Is(err, ErrSamePassword) {
		t.Errorf("the same: %v", err)
	}
	if err := open(t, "").Change(sara, auth.NewPassword("new")); !errors.Is(err, errNoFolder) {
		t.Errorf("nowhere to keep it: %v", err)
	}
	// Of two calls at once one is told no.
	var calls sync.WaitGroup
	errs := make(chan error, 2)
	for _, next := range []string{"new", "newer"} {
		calls.Go(func() { errs <- p.Change(sara, auth.NewPassword(next)) })
	}
	calls.Wait()
	if a, b := <-errs, <-errs; errors.Is(a, errChanged) == errors.Is(b, errChanged) || a != nil && b != nil {
		t.Errorf("two calls: %v, %v", a, b)
	}
	was := takes(p, sara, "old", "new", "newer")
	if err := os.Mkdir(filepath.Join(dir, "passwords.new"), 0o700); err != nil { // so that nothing can be written
		t.Fatal(err)
	}
	if err := p.Change(User{Name: "tom", Secret: sara.Secret}, auth.NewPassword("x")); err == nil || !strings.HasPrefix(err.Error(), "state: ") {
		t.Errorf("no place on the disk: %v", err)
	}
	if got := takes(p, User{Name: "tom", Secret: sara.Secret}, "old", "x"); got != "old false" {
		t.Errorf("what was not kept holds: %s", got)
	}
	if got := takes(open(t, dir), sara, "old", "new", "newer"); got != was {
		t.Errorf("after a restart %s, before %s", got, was)
	}
}

func TestASpoiledFileOfPasswords(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "{", `[{"user": "saran", "nt_hash": "44", "instead_of": "44"}]`, `[{"user": "saran", "nt_hash": "zz"}]`} {
		if err := os.WriteFile(filepath.Join(dir, "passwords"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := OpenPasswords(dir); p != nil || err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "passwords")+": ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "passwords")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "passwords"), 0o700); err != nil {
		t.Fatal(err)
	}
	if p, err := OpenPasswords(dir); p != nil || err == nil {
		t.Errorf("a folder: %v", err)
	}
	if p, err := OpenPasswords(filepath.Join(dir, "passwords", "x\x00")); p != nil || err == nil {
		t.Errorf("no folder: %v", err)
	}
}
