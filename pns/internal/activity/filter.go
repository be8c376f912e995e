// Package activity tells what a caller does with her call from what goes on
// without her: announcements, clocks, keep-alives, and what strangers send. An
// idle limit that counts every packet never comes to its end.
package activity

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrItem says that a text names nothing that can be ignored.
var ErrItem = errors.New("no such item")

// IP protocols (IANA).
const (
	protocolICMP = 1
	protocolIGMP = 2
	protocolTCP  = 6
	protocolUDP  = 17

	protocolICMP6 = 58
)

// The names that stand for ports and protocols.
var services = map[string]struct {
	protocol byte
	ports    []uint16 // none: all of the protocol
}{
	"netbios": {protocolUDP, []uint16{137, 138}}, // RFC 1002 §4.2, §4.4
	"ntp":     {protocolUDP, []uint16{123}},      // RFC 5905
	"mdns":    {protocolUDP, []uint16{5353}},     // RFC 6762
	"llmnr":   {protocolUDP, []uint16{5355}},     // RFC 4795
	"ssdp":    {protocolUDP, []uint16{1900}},
	"dhcp":    {protocolUDP, []uint16{67, 68}}, // RFC 2131; on PPP, Informs
	"igmp":    {protocolIGMP, nil},             // RFC 3376
}

// The names that stand for kinds of packets.
const (
	icmpErrors  = "icmp-errors"
	keepAlives  = "tcp-keepalive"
	resets      = "tcp-reset"
	unsolicited = "unsolicited"
)

// Names are all names, in the order of the manual; without a list of one's own
// all of them are ignored.
func Names() []string {
	return []string{"netbios", "ntp", "mdns", "llmnr", "ssdp", "dhcp", "igmp", icmpErrors, keepAlives, resets, unsolicited}
}

// A Filter is what does not count. The nil Filter ignores nothing. It is not
// changed once it is made, and may be shared.
type Filter struct {
	udp, tcp  ports
	protocols [256 / 64]uint64

	icmpErrors  bool // all of ICMP that reports, and asks nothing
	keepAlives  bool // segments of TCP that bring nothing new
	resets      bool
	unsolicited bool // what the caller has not asked for
}

// ports are a set of them.
type ports [65536 / 64]uint64

func (s *ports) add(p uint16)      { s[p/64] |= 1 << (p % 64) }
func (s *ports) has(p uint16) bool { return s[p/64]>>(p%64)&1 == 1 }

// New makes a Filter of items: Names, "udp/123", "tcp/5900" (a port of either
// end) or "ip/89" (a protocol of IP). The error is ErrItem; of no items it makes
// nil.
func New(items []string) (*Filter, error) {
	if len(items) == 0 {
		return nil, nil
	}
	f := new(Filter)
	for _, item := range items {
		if !f.add(item) {
			return nil, fmt.Errorf("%q: %w", item, ErrItem)
		}
	}
	return f, nil
}

// add is false of what it does not know.
func (f *Filter) add(item string) bool {
	switch item {
	case icmpErrors:
		f.icmpErrors = true
		return true
	case keepAlives:
		f.keepAlives = true
		return true
	case resets:
		f.resets = true
		return true
	case unsolicited:
		f.unsolicited = true
		return true
	}
	if s, ok := services[item]; ok {
		for _, p := range s.ports {
			f.udp.add(p)
		}
		if s.ports == nil {
			f.ignore(s.protocol)
		}
		return true
	}
	return f.number(item)
}

// number takes "udp/123" and its kin.
func (f *Filter) number(item string) bool {
	kind, number, _ := strings.Cut(item, "/")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || number[0] == '+' {
		return false
	}
	switch {
	case kind == "udp" && n > 0:
		f.udp.add(uint16(n))
	case kind == "tcp" && n > 0:
		f.tcp.add(uint16(n))
	case kind == "ip" && n < 256:
		f.ignore(byte(n))
	default:
		return false
	}
	return true
}

// UDPPorts are the ports of a name, or of "udp/5000"; none: it stands for other things.
func UDPPorts(item string) []uint16 {
	if s := services[item]; s.protocol == protocolUDP {
		return s.ports
	}
	if kind, number, _ := strings.Cut(item, "/"); kind == "udp" {
		if n, err := strconv.ParseUint(number, 10, 16); err == nil && n > 0 && number[0] != '+' {
			return []uint16{uint16(n)}
		}
	}
	return nil
}

func (f *Filter) ignore(protocol byte)       { f.protocols[protocol/64] |= 1 << (protocol % 64) }
func (f *Filter) ignores(protocol byte) bool { return f.protocols[protocol/64]>>(protocol%64)&1 == 1 }
