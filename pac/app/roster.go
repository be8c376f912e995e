package app

import (
	"fmt"
	"strings"

	"carrier/hardware/netport"
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

// seats lists the ports of all banks in their order, each once. A device that a
// second entry names stays with the first, by whatever names, and also while it
// is away; clashes say so.
func (r roster) seats(banks []config.Bank) (all []seat, clashes []string) {
	taken := map[any]seat{} // by serial.ID, and by port
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

// same says that two ports are one, by whatever names.
func (r roster) same(a, b string) bool {
	taken := map[any]seat{}
	r.claim(taken, seat{port: a})
	_, is := r.claim(taken, seat{port: b})
	return is
}

// renamed finds the lines that a new path names, and tells by which key each is
// known so far: one whose device has both paths now, and that has no seat by the
// old one. The keys are those of all lines.
func (r roster) renamed(seats []seat, keys []string) (was map[string]string) {
	seated, known := map[string]bool{}, map[string]bool{}
	for _, s := range seats {
		seated[netport.Key(s.port)] = true
	}
	devices := map[serial.ID]string{}
	for _, key := range keys {
		known[key] = true
		if seated[key] || !strings.HasPrefix(key, "/") {
			continue
		}
		if id, err := r.identify(key); err == nil {
			devices[id] = key
		}
	}
	was = map[string]string{}
	for _, s := range seats {
		if known[s.port] || len(devices) == 0 || !strings.HasPrefix(s.port, "/") {
			continue
		}
		if id, err := r.identify(s.port); err == nil && devices[id] != "" {
			was[s.port] = devices[id]
		}
	}
	return was
}

// claim gives the seat its port and its device, unless another seat has one of
// them: that is first.
func (r roster) claim(taken map[any]seat, s seat) (first seat, is bool) {
	keys := []any{netport.Key(s.port)}
	if strings.HasPrefix(s.port, "/") {
		if id, err := r.identify(s.port); err == nil { // it is there
			keys = append(keys, id)
		}
	}
	for _, key := range keys {
		if first, is = taken[key]; is {
			return first, true
		}
	}
	for _, key := range keys {
		taken[key] = s
	}
	return seat{}, false
}
