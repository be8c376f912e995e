package app

import (
	"fmt"
	"strings"

	"carrier/hardware/serial"
	"carrier/pac/internal/config"
)

// A roster finds out which ports the banks have now. Devices come and go; each
// is one line, whatever entries name it.
type roster struct {
	expand   func(pattern string) ([]string, error)
	identify func(path string) (serial.ID, error)
}

// A seat is one port of a bank.
type seat struct {
	bank config.Bank
	port string // a URL, or the path of a device
}

// serials are this machine's devices.
var serials = roster{serial.Expand, serial.Identify}

// seats lists the ports of all banks in their order. A device that a second
// entry names stays with the first; clashes say so.
func (r roster) seats(banks []config.Bank) (all []seat, clashes []string) {
	taken := map[serial.ID]seat{}
	for _, b := range banks {
		for _, entry := range b.Ports {
			for _, port := range r.ports(entry) {
				s := seat{b, port}
				if first, is := r.claim(taken, s); is {
					clashes = append(clashes, fmt.Sprintf("%s of bank %s is the same device as %s of bank %s, which has it",
						port, b.Name, first.port, first.bank.Name))
					continue
				}
				all = append(all, s)
			}
		}
	}
	return all, clashes
}

// ports are what an entry names now. One that cannot be looked up names itself:
// opening it says why.
func (r roster) ports(entry string) []string {
	if !strings.HasPrefix(entry, "/") {
		return []string{entry}
	}
	all, err := r.expand(entry)
	if err != nil {
		return []string{entry}
	}
	return all
}

// claim gives the seat its device, unless another seat has it: that is first.
func (r roster) claim(taken map[serial.ID]seat, s seat) (first seat, is bool) {
	if !strings.HasPrefix(s.port, "/") {
		return seat{}, false
	}
	id, err := r.identify(s.port)
	if err != nil {
		return seat{}, false // not there
	}
	if first, is = taken[id]; !is {
		taken[id] = s
	}
	return first, is
}
