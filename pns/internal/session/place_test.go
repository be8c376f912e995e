package session

import (
	"crypto/tls"
	"fmt"
	"testing"

	"carrier/pns/internal/guard"
	"carrier/pns/internal/pool"
	"carrier/pns/internal/users"
)

// A place is a PNS with its users and addresses, and the callers that come.
type place struct {
	t      *testing.T
	users  people
	state  string // the folder of changed passwords
	pool   *pool.Pools
	online *Online
	guard  *guard.Guard
	stats  Stats
	lanErr error          // why an address cannot be attached
	opt    func(*Options) // changes each session's options

	behindErr error // why nothing can be delegated
	dialled   bool  // calls are ones that we have placed

	serves *tls.Config // by which the server of a call that we open asks for certificates
	tls    *tls.Config // of EAP-TLS where strangers call; nil: it is not spoken
}

// people are the users, and the passwords that they change; as a ras.RAS has
// them.
type people struct {
	*users.Table
	*users.Passwords
}

func (p people) Lookup(name string) (users.User, bool) {
	u, ok := p.Table.Lookup(name)
	return p.Current(u), ok
}

func newPlace(t *testing.T, addresses string, list ...users.User) *place {
	table, err := users.New(list)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pool.ParseRange(addresses)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pool.New([]pool.Options{{Name: pool.Default, Ranges: []pool.Range{r}}}, table.Fixed())
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	passwords, err := users.OpenPasswords(state)
	if err != nil {
		t.Fatal(err)
	}
	return &place{t: t, users: people{table, passwords}, state: state, pool: p, online: NewOnline(), guard: guard.New(guard.Policy{}), opt: func(*Options) {}}
}

// reserve takes an address for somebody else.
func (p *place) reserve() (*pool.Lease, error) { return p.pool.Reserve(pool.Default, "somebody") }

// addresses are how the addresses stand.
func (p *place) addresses() (s pool.Stats, fixed int) {
	fixed = p.pool.Stats(func(_ string, one pool.Stats) { s = one })
	return s, fixed
}

// auths is the authentications counted, as "method outcome n".
func (p *place) auths() (list []string) {
	p.stats.Auth(func(m, o string, n uint64) {
		if n > 0 {
			list = append(list, fmt.Sprintf("%s %s %d", m, o, n))
		}
	})
	return list
}
