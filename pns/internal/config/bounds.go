package config

import (
	"carrier/shared/conf"
	"carrier/shared/peer"
)

// What a PAC may have where nothing is said: a large POP at one address, all of
// whose callers come back within a minute or two.
var ofPAC = peer.Limits{All: 10_000, Source: 10_000, Rate: 100}

// What clients may have: an office behind one NAT router.
var ofClients = peer.Limits{All: 1000, Source: 100, Rate: 10}

// maxCalls is how many Call IDs of one parity there are.
const maxCalls = 1<<15 - 1

// bounds reads how many connections and calls peers may begin.
func bounds(t *conf.Table, otherwise peer.Limits) peer.Limits {
	l := peer.Limits{All: t.Int("calls", otherwise.All, 1, maxCalls), Rate: t.Int("calls_per_second", otherwise.Rate, 1, 10_000)}
	l.Source = t.Int("calls_per_source", min(otherwise.Source, l.All), 1, l.All)
	return l
}
