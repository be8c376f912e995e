package users

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"carrier/shared/keep"
	"carrier/shared/ppp/auth"
)

// Why a new password is not taken.
var (
	ErrEmptyPassword = errors.New("the new password is empty")
	ErrSamePassword  = errors.New("the new password is the old one")
	errChanged       = errors.New("another call has changed the password meanwhile")
	errNothing       = errors.New("nothing is to be forgotten")
	errNoFolder      = errors.New("there is no state folder to keep the new password in")
)

// File is the name of the file of passwords in the folder of OpenPasswords.
const File = "passwords"

// Passwords are those that users have changed themselves. Of each only the NT
// hash is kept, in a file that outlasts a restart. It holds for as long as the
// configuration has the password that it took the place of: who edits that one
// decides anew. Any goroutine may call its methods.
type Passwords struct {
	file    string     // empty: none can be changed
	writing sync.Mutex // the file; mu is never held beside it for long

	mu      sync.Mutex
	changed map[string]change // by auth.Fold of the user's name
}

// A change is one user's new password.
type change struct {
	User    string    `json:"user"`
	Hash    hash      `json:"nt_hash"`
	Instead hash      `json:"instead_of"` // the configured password's
	Since   time.Time `json:"since"`
}

// A hash is an NT hash. It is hexadecimal digits in the file, and nothing at all
// to fmt.
type hash [16]byte

func (h hash) String() string               { return "[secret]" }
func (h hash) GoString() string             { return "[secret]" }
func (h hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

func (h *hash) UnmarshalText(b []byte) error {
	if n, err := hex.Decode(make([]byte, len(b)), b); err != nil || n != len(h) {
		return errors.New("not 32 hexadecimal digits")
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// OpenPasswords reads what is kept in the folder dir, which it makes; with an
// empty dir nothing can be changed. What cannot be read is an error: without it
// old passwords would hold again.
func OpenPasswords(dir string) (*Passwords, error) {
	p := &Passwords{changed: map[string]change{}}
	if dir == "" {
		return p, nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	p.file = filepath.Join(dir, File)
	b, err := os.ReadFile(p.file)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	var all []change
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("state: %s: %w; it has the passwords that users have changed: restore it, or remove it so that the configured ones hold again", p.file, err)
	}
	for _, c := range all {
		p.changed[auth.Fold(c.User)] = c
	}
	return p, nil
}

// Current is the user as she may log in now: with the password that she has
// changed to, if she has.
func (p *Passwords) Current(u User) User {
	configured, ok := u.Secret.NTHash()
	p.mu.Lock()
	c, changed := p.changed[auth.Fold(u.Name)]
	p.mu.Unlock()
	if !ok || !changed || c.Instead != configured {
		return u
	}
	certificate := u.Secret.Verifies(auth.EAPTLS)
	u.Secret, u.Expired = auth.NewNTHash(c.Hash), false
	if certificate {
		u.Secret = u.Secret.OrCertificate()
	}
	return u
}

// Change gives a user, who has her configured password, a new one; it is kept
// when Change returns. An error leaves the old one: ErrEmptyPassword,
// ErrSamePassword, or why it cannot be kept.
func (p *Passwords) Change(u User, next auth.Secret) error {
	configured, _ := u.Secret.NTHash()
	wanted, _ := next.NTHash()
	switch {
	case wanted == auth.NTHash(""):
		return ErrEmptyPassword
	case wanted == configured:
		return ErrSamePassword
	}
	return p.edit(func(all map[string]change) error {
		key := auth.Fold(u.Name)
		if c, ok := all[key]; ok && c.Instead == configured {
			return errChanged
		}
		all[key] = change{u.Name, wanted, configured, time.Now()}
		return nil
	})
}

// Settle forgets changes of passwords that the configuration has replaced since,
// for good: should the old one come back there, it is what holds. Users that the
// table does not have keep theirs.
func (p *Passwords) Settle(t *Table) error {
	stale := func(_ string, c change) bool {
		u, ok := t.byName[auth.Fold(c.User)]
		configured, _ := u.Secret.NTHash()
		return ok && configured != c.Instead
	}
	err := p.edit(func(all map[string]change) error {
		before := len(all)
		if maps.DeleteFunc(all, stale); len(all) == before {
			return errNothing
		}
		return nil
	})
	if errors.Is(err, errNothing) || errors.Is(err, errNoFolder) {
		return nil
	}
	return err
}

// edit changes the file, then what holds.
func (p *Passwords) edit(f func(map[string]change) error) error {
	if p.file == "" {
		return errNoFolder
	}
	p.writing.Lock()
	defer p.writing.Unlock()
	all := maps.Clone(p.changed) // only edit writes it
	if err := f(all); err != nil {
		return err
	}
	if err := p.write(all); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	p.mu.Lock()
	p.changed = all
	p.mu.Unlock()
	return nil
}

// write writes the file, whole or not at all, for its owner's eyes.
func (p *Passwords) write(all map[string]change) error {
	var list []change
	for _, key := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[key])
	}
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return keep.Write(p.file, append(b, '\n'), 0o600)
}
