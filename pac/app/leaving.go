package app

import (
	"maps"
	"time"
)

// leaving are the PNSs and hosts that are configured no more, and until when
// their calls may go on. One without a limit is not among them.
type leaving map[string]time.Time

// stay forgets those that are configured.
func (l leaving) stay(known func(name string) bool) {
	maps.DeleteFunc(l, func(name string, _ time.Time) bool { return known(name) })
}

// leave gives the calls of those that are not known so much time, unless they
// have less already.
func (l leaving) leave(gone []string, known func(name string) bool, until time.Time) {
	for _, name := range gone {
		at, leaves := l[name]
		if !known(name) && (!leaves || until.Before(at)) {
			l[name] = until
		}
	}
}

// over reports whether the time of a PNS or host is over.
func (l leaving) over(name string, now time.Time) bool {
	at, leaves := l[name]
	return leaves && !now.Before(at)
}
