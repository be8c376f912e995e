// Package users knows who may log in at the PNS, and what each of them gets.
package users

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"carrier/shared/ppp/auth"
)

// A User is one entry of the configuration. The zero User is nobody: its
// Secret matches nothing.
type User struct {
	Name         string // bare, DOMAIN\name or name@realm; at most 255 octets
	Secret       auth.Secret
	Expired      bool           // the password must be changed before it lets her in
	Address      netip.Addr     // fixed; invalid: one of the pool
	Prefix       netip.Prefix   // her fixed IPv6 network, a /64; invalid: one of the pool
	Delegated    netip.Prefix   // her fixed prefix for networks behind her; invalid: one of the pool
	Routes       []netip.Prefix // networks behind her, of IPv4 and IPv6, which lead to her while she is there
	Pool         string         // where else her address comes from; "": the default one
	Idle         time.Duration  // without data for so long the call ends; zero: the default
	Session      time.Duration  // so long a call may last; zero: the default
	Simultaneous Simultaneous
	Disabled     bool  // may not log in
	NoDialIn     bool  // has an account, but not for dialling in
	Hours        Hours // in which she may
	Callback     Callback
}

// Simultaneous is what becomes of a second call of the same user.
type Simultaneous uint8

// Unlimited is the zero value; with a fixed address or network, or networks behind
// her, which can serve only one call, it means Refuse.
const (
	Unlimited Simultaneous = iota
	Refuse                 // the second call is refused
	Replace                // the first call ends, its address goes to the second
)

var simultaneousNames = [...]string{Unlimited: "unlimited", Refuse: "refuse", Replace: "replace"}

// String is the name in the configuration.
func (s Simultaneous) String() string {
	if int(s) < len(simultaneousNames) {
		return simultaneousNames[s]
	}
	return "unknown"
}

// ParseSimultaneous reads a name of the configuration.
func ParseSimultaneous(name string) (Simultaneous, error) {
	for i, n := range simultaneousNames {
		if n == name {
			return Simultaneous(i), nil
		}
	}
	return 0, fmt.Errorf("%q is none of %s", name, strings.Join(simultaneousNames[:], ", "))
}

// An Error is a mistake in one user of the list that New was given.
type Error struct {
	Index int    // in that list, from 0
	Key   string // as the configuration calls it: name, password, address, …
	Text  string
}

func (e *Error) Error() string { return fmt.Sprintf("user %d: %s: %s", e.Index+1, e.Key, e.Text) }

// A Table finds users by name. It does not change, so any goroutine may use
// it.
type Table struct {
	byName map[string]User
	fixed  []netip.Prefix
}

// New checks the users and makes a table of them. The error joins an *Error
// for each mistake: an empty, too long or double name, no secret, an address
// that two users have or that is no unicast IPv4 address, a network that overlaps
// another or somebody's address, is not unicast, or has another length than it should,
// a negative limit.
func New(list []User) (*Table, error) {
	t := &Table{byName: make(map[string]User, len(list))}
	owner := map[netip.Addr]string{}
	var nets networks
	var mistakes []error
	for i, u := range list {
		bad := func(key, format string, args ...any) {
			mistakes = append(mistakes, &Error{i, key, fmt.Sprintf(format, args...)})
		}
		t.checkName(u, bad)
		if u.Secret.IsZero() {
			bad("password", "missing: a user needs password or nt_hash")
		}
		if u.Idle < 0 || u.Session < 0 {
			bad("idle, session", "a limit is negative")
		}
		t.byName[auth.Fold(u.Name)] = u
		t.checkPrefix(u, &nets, bad)
		t.checkDelegated(u, &nets, bad)
		checkRoutes(u, &nets, bad)
		if !u.Address.IsValid() {
			continue
		}
		if !u.Address.Is4() || u.Address.IsMulticast() || u.Address.IsUnspecified() || u.Address.IsLoopback() {
			bad("address", "%v is not an address for a caller", u.Address)
		}
		own := netip.PrefixFrom(u.Address, u.Address.BitLen())
		if other, ok := owner[u.Address]; ok {
			bad("address", "%v is the address of %q already", u.Address, other)
		} else if other := nets.add(own, u.Name); other != "" {
			bad("address", "%v is in a network behind %q", u.Address, other)
		}
		owner[u.Address] = u.Name
		t.fixed = append(t.fixed, own)
	}
	return t, errors.Join(mistakes...)
}

func (t *Table) checkName(u User, bad complaint) {
	switch other, ok := t.byName[auth.Fold(u.Name)]; {
	case u.Name == "":
		bad("name", "missing")
	case len(u.Name) > 255:
		bad("name", "longer than 255 octets")
	case ok && other.Name == u.Name:
		bad("name", "%q is there already", u.Name)
	case ok:
		bad("name", "%q differs from %q only in case", u.Name, other.Name)
	}
}

// Lookup finds who claims name. Upper and lower case of ASCII letters are the
// same, as with Windows; every other octet counts. The name as a whole is
// looked for first, so that CORP\saran or saran@corp.example may be a user of
// its own; then, without its domain, the bare user. A name that is not found
// gives the zero User, whose Secret makes a check take as long as any other.
func (t *Table) Lookup(name string) (User, bool) {
	if u, ok := t.byName[auth.Fold(name)]; ok && name != "" {
		return u, true
	}
	bare, domain := auth.SplitName(name)
	if domain == "" || bare == "" {
		return User{}, false
	}
	u, ok := t.byName[auth.Fold(bare)]
	return u, ok
}

// Has reports whether there is a user who is called exactly so in the
// configuration, apart from upper and lower case, and who may log in. The hour
// does not count.
func (t *Table) Has(name string) bool {
	u, ok := t.byName[auth.Fold(name)]
	return ok && !u.Disabled && !u.NoDialIn
}

// Fixed lists the fixed addresses and networks, in the order of the configuration. It
// belongs to the table.
func (t *Table) Fixed() []netip.Prefix { return t.fixed }

// CallsBack tells whether some user is called back.
func (t *Table) CallsBack() bool {
	for _, u := range t.byName {
		if u.Callback.Kind != NoCallback {
			return true
		}
	}
	return false
}

// Len is the number of users.
func (t *Table) Len() int { return len(t.byName) }
