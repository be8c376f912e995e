package session

import (
	"sync/atomic"

	"carrier/shared/ppp/auth"
)

// An Outcome of an authentication.
type Outcome uint8

// The outcomes.
const (
	Accepted Outcome = iota
	WrongPassword
	UnknownUser
	Unproven     // no certificate that counts, or none of the methods that are asked for
	Unverifiable // the method cannot be checked against what is known of the user
	Expired      // right, but the password has expired: she is asked for a new one, or cannot be
	NotChanged   // the new password was not taken
	NoAddress    // right, but no address is free
	InUse        // right, but the user is connected already
	Locked       // after too many wrong ones; whether this one was right is not told
	NotPermitted // right, but the user may not log in, or not now
	outcomes
)

var outcomeNames = [outcomes]string{Accepted: "accepted", WrongPassword: "wrong-password", UnknownUser: "unknown-user",
	Unproven: "unproven", Unverifiable: "unverifiable", Expired: "expired", NotChanged: "not-changed", NoAddress: "no-address", InUse: "in-use",
	Locked: "locked", NotPermitted: "not-permitted"}

// String is the outcome's name in metrics.
func (o Outcome) String() string {
	if o < outcomes {
		return outcomeNames[o]
	}
	return "unknown"
}

// Stats are counters of all sessions of a program; any goroutine may use them.
type Stats struct {
	Lossy   atomic.Uint64 // reports of callers' lines that lose much
	Clashes atomic.Uint64 // addresses for callers that a host of the LAN had

	auth [auth.EAPTLS + 1][outcomes]atomic.Uint64
}

func (s *Stats) count(m auth.Method, o Outcome) { s.auth[m][o].Add(1) }

// Auth calls f for each method and outcome of authentications.
func (s *Stats) Auth(f func(method, outcome string, n uint64)) {
	for _, m := range auth.Methods() {
		for o := range outcomes {
			f(m.String(), o.String(), s.auth[m][o].Load())
		}
	}
}
