package tunnel

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
)

// A PlaceError says why no PNS took a call.
type PlaceError struct {
	Attempts []Attempt // in the order in which they were made
	Refused  bool      // the last PNS does not want this call
}

// An Attempt is one address that did not take a call; Addr is not valid when
// the name did not resolve.
type Attempt struct {
	PNS  string
	Addr netip.AddrPort
	Err  error
}

// Error names each endpoint with its failure.
func (e *PlaceError) Error() string {
	if len(e.Attempts) == 0 {
		return "no PNS to try"
	}
	said := make([]string, len(e.Attempts))
	for i, a := range e.Attempts {
		said[i] = fmt.Sprintf("%s: %v", a.PNS, a.Err)
	}
	return strings.Join(said, "; ")
}

// Unwrap gives the attempts' errors.
func (e *PlaceError) Unwrap() []error {
	all := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		all[i] = a.Err
	}
	return all
}

// Stats counts by PNS. The zero value is ready; a nil one counts nothing.
type Stats struct {
	mu  sync.Mutex
	pns map[string]Count
}

// Count is what became of the calls offered to one PNS.
type Count struct {
	Placed, Failed uint64
}

// Snapshot copies the counts, by the PNS's name.
func (s *Stats) Snapshot() map[string]Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]Count, len(s.pns))
	for name, c := range s.pns {
		all[name] = c
	}
	return all
}

func (s *Stats) placed(pns string) { s.add(pns, Count{Placed: 1}) }
func (s *Stats) failed(pns string) { s.add(pns, Count{Failed: 1}) }

func (s *Stats) add(pns string, c Count) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pns == nil {
		s.pns = map[string]Count{}
	}
	was := s.pns[pns]
	s.pns[pns] = Count{Placed: was.Placed + c.Placed, Failed: was.Failed + c.Failed}
}
