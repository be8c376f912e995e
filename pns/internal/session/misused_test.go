package session

import (
	"bytes"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cbcp"
	"carrier/shared/ppp/ccp"
	"carrier/shared/ppp/cp"
)

// A negotiated is a protocol whose options a stranger misuses.
type negotiated struct {
	name     string
	protocol ppp.Protocol
	code     byte // of the packets that carry options
	from     begins
	option   []byte // one that is known, as it should be
	ends     bool   // what is nothing but wrong ends the call
}

// often is how often each misuse is tried.
const often = 150

var allNegotiated = []negotiated{
	{"LCP", ppp.LCP, request, asRung, []byte{1, 4, 5, 0xDC}, true},
	{"Multilink MRRU", ppp.LCP, request, asRung, []byte{17, 4, 5, 0xDC}, true},
	{"Short Sequence Numbers", ppp.LCP, request, asRung, []byte{18, 2}, true},
	{"Endpoint Discriminator", ppp.LCP, request, asRung, []byte{19, 9, 3, 2, 0, 0, 0, 0, 9}, true},
	{"IPCP", ppp.IPCP, request, onceUp, []byte{3, 6, 2, 1, 1, 129}, false},
	{"IPV6CP", ppp.IPV6CP, request, onceUp, []byte{1, 10, 0, 0, 0, 0, 0, 0, 0, 9}, false},
	{"CCP", ppp.CCP, request, packed, []byte{26, 4, 0x78, 0}, false},
	{"CBCP", ppp.CBCP, byte(cbcp.Response), choosing, []byte{3, 3, 0}, true},
}

// misused is against what reads options and agrees on them.
func misused() (all []attack) {
	for _, n := range allNegotiated {
		add := func(a attack) {
			a.name, a.from, a.by = n.name+": "+a.name, n.from, ccp.Deflate{Window: 15}
			if a.times == 0 {
				a.times = often
			}
			if n.protocol == ppp.CBCP { // its Responses are no requests: wrong ones end the call, others are late
				a.seen, a.ends = nil, true
			}
			all = append(all, a)
		}
		n.lies(add)
		n.multiplies(add)
		if n.code == request {
			n.haggles(add)
		}
	}
	return all
}

// says has her send options, under that Identifier or, where she has to answer, the
// one that she heard.
func (n negotiated) says(s *stranger, id int, options []byte) {
	if n.code != request {
		id = int(s.identifier())
	}
	s.packet(n.protocol, n.code, byte(id), options)
}

// lies are options with Lengths that are none. They have no answer, and what is right
// has one still.
func (n negotiated) lies(add func(attack)) {
	for name, option := range map[string]func(n int) []byte{
		"Length 0":                   func(n int) []byte { return []byte{byte(n), 0, 1, 2} },
		"Length 1":                   func(n int) []byte { return []byte{byte(n), 1} },
		"Length 255 that is not all": func(n int) []byte { return []byte{byte(n), 255, 1, 2} },
		"half an option":             func(n int) []byte { return []byte{byte(n)} },
	} {
		add(attack{name: name, times: often + 1, say: func(s *stranger, i int) {
			if i == often {
				s.heard.Store(0)
				n.says(s, i, n.option)
				return
			}
			n.says(s, i, option(i))
			n.says(s, i, append(bytes.Clone(n.option), option(i)...))
		}, seen: answered(1)})
	}
}

// multiplies are options that are too many, too long, or come again and again.
func (n negotiated) multiplies(add func(attack)) {
	add(attack{name: "Length 255", say: func(s *stranger, i int) {
		n.says(s, i, append([]byte{byte(i), 255}, make([]byte, 253)...))
	}, seen: answered(often * 9 / 10)})
	add(attack{name: "hundreds of options", say: func(s *stranger, i int) { n.says(s, i, many(byte(i), 2)) }, seen: answered(often * 9 / 10)})
	add(attack{name: "thousands of options", most: 1, say: func(s *stranger, i int) {
		n.says(s, i, bytes.Repeat([]byte{byte(i), 2}, 30_000))
	}})
	add(attack{name: "the same option again and again", say: func(s *stranger, i int) { n.says(s, i, many(n.option...)) }, seen: answered(often)})
	add(attack{name: "one Identifier for all", say: func(s *stranger, i int) {
		n.says(s, 7, append(bytes.Clone(n.option), 99, 4, byte(i), byte(i>>8)))
	}, seen: answered(often * 9 / 10)})
}

// haggles are refusals without an end.
func (n negotiated) haggles(add func(attack)) {
	begin := func(s *stranger, i int) {
		if i == 0 && n.from != asRung { // what is open is negotiated anew
			s.packet(n.protocol, request, 250, n.option)
		}
	}
	add(attack{name: "endless Nak", ends: n.ends, most: 60, say: func(s *stranger, i int) {
		begin(s, i)
		s.answers(n.protocol, cp.ConfigureNak, func([]byte) []byte {
			o := append(bytes.Clone(n.option), byte(i)) // never the same; behind all that have no value
			o[1] = byte(len(o))
			if len(n.option) > 2 {
				o = o[:len(o)-1]
				o[1], o[len(o)-1] = byte(len(o)), byte(i)
			}
			return o
		})
	}, seen: answered(1)})
	add(attack{name: "endless Reject", ends: n.ends, most: 60, say: func(s *stranger, i int) {
		begin(s, i)
		s.answers(n.protocol, cp.ConfigureReject, func(o []byte) []byte { return o })
	}, seen: answered(1)})
}
