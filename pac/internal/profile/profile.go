// Package profile finds where a caller's call ends. It is pure: a table of
// rules, asked with what is known of the caller.
package profile

import (
	"strings"

	"carrier/shared/ppp/auth"
)

// A Caller is what is known when a destination is chosen; empty fields are not
// known (yet).
type Caller struct {
	Called, Calling string // telephone numbers
	Name            string // as PPP or the login gave it: saran, DOMAIN\saran, saran@corp.example
}

// A Destination is where a call may end: at a PNS, by a tunnel, or at a host.
type Destination struct {
	// Endpoints are tried in this order: addresses, host names, or names of
	// configured PNSs.
	Endpoints []string
	// Hosts are tried in this order: netport's URLs. There are either Endpoints
	// or Hosts.
	Hosts []string
	// Handover is how the caller's PPP passes from us to the PNS.
	Handover Handover
}

// Handover is how the caller's PPP passes from the PAC, which learnt her name,
// to the PNS.
type Handover string

// The ways to hand over: Silent leaves it to the PNS's Configure-Request to
// start LCP again, Restart sends one of our own first.
const (
	Silent  Handover = "silent"
	Restart Handover = "restart"
)

// A Kind is what a rule looks at.
type Kind string

// The kinds of rules.
const (
	Number  Kind = "number"
	User    Kind = "user"
	Realm   Kind = "realm"
	Default Kind = "default"
	Menu    Kind = "menu" // not in an order: the caller chooses herself
)

// DefaultOrder is the order in which kinds are asked: a number that was dialled
// says more than a name that was claimed.
var DefaultOrder = []Kind{Number, User, Realm, Default}

// A NumberRule matches the number called, the number calling, or both; an empty
// field matches any.
type NumberRule struct {
	Called, Calling string
	Destination
}

// Options are the rules. Users and realms are keyed by name.
type Options struct {
	Order   []Kind // nil: DefaultOrder
	Numbers []NumberRule
	Users   map[string]Destination
	Realms  map[string]Destination
	Default *Destination
	Menu    map[string]Destination // by the key of a choice
}

// A Table answers for a set of rules. It may be asked from any goroutine.
type Table struct {
	o      Options
	realms map[string]Destination // by folded name
}

// New makes a table of the rules, which the caller no longer changes.
func New(o Options) *Table {
	if o.Order == nil {
		o.Order = DefaultOrder
	}
	t := &Table{o: o, realms: make(map[string]Destination, len(o.Realms))}
	for name, d := range o.Realms {
		t.realms[strings.ToLower(name)] = d
	}
	return t
}

// Find returns the destination of the first kind of rule that matches, and that
// kind. A user's name is compared as it was given, letter by letter; a realm's,
// which is a domain's name, without regard to case.
func (t *Table) Find(c Caller) (Destination, Kind, bool) {
	for _, k := range t.o.Order {
		if d, ok := t.match(k, c); ok {
			return d, k, true
		}
	}
	return Destination{}, "", false
}

// Chosen returns where a choice from the menu leads, if it leads anywhere of its
// own.
func (t *Table) Chosen(key string) (Destination, bool) {
	d, ok := t.o.Menu[key]
	return d, ok
}

// AtRing returns the destination that is certain before the call is answered:
// there is one when a rule for numbers matches and no rule for names is asked
// before it.
func (t *Table) AtRing(c Caller) (Destination, bool) {
	if len(t.o.Order) == 0 || t.o.Order[0] != Number {
		return Destination{}, false
	}
	return t.match(Number, c)
}

func (t *Table) match(k Kind, c Caller) (d Destination, ok bool) {
	switch k {
	case Number:
		for _, r := range t.o.Numbers {
			if (r.Called == "" || r.Called == c.Called) && (r.Calling == "" || r.Calling == c.Calling) {
				return r.Destination, true
			}
		}
	case User:
		if c.Name != "" {
			d, ok = t.o.Users[c.Name]
		}
	case Realm:
		if _, realm := auth.SplitName(c.Name); realm != "" {
			d, ok = t.realms[strings.ToLower(realm)]
		}
	case Default:
		if t.o.Default != nil {
			return *t.o.Default, true
		}
	}
	return d, ok
}
