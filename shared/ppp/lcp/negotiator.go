package lcp

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"

	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/ppp/lqr"
)

// Why a negotiation cannot go on.
var (
	ErrAuthRefused = errors.New("peer refuses to authenticate")
	ErrLoopback    = errors.New("the line is looped back")
)

// maxLoops is how often our own Magic-Number may come back in a row: chance
// does that once in 2^160 links. It stays below Max-Failure, because a
// Magic-Number must not be rejected by who uses one (RFC 1661 §6.4).
const maxLoops = 4

// negotiator is a cp.Negotiator: the options of both ends.
type negotiator struct {
	opt    *Options
	auth   Authentication
	rand   io.Reader
	ours   Half // what we ask for
	theirs Half // what the peer asked for last

	askMagic bool   // the peer has not rejected ours
	tried    []bool // which of auth.Demand were refused or are being asked for
	magicNak uint32 // the number that we suggested last
	loops    int    // our own number came back, in a row
}

func (n *negotiator) Reset() {
	n.ours = defaults()
	if n.opt.MRU != 0 {
		n.ours.MRU = n.opt.MRU
	}
	n.ours.ACCM = n.opt.ACCM
	n.ours.PFC, n.ours.ACFC = n.opt.PFC, n.opt.ACFC
	if n.askMagic = n.opt.Magic; n.askMagic {
		n.ours.Magic = n.newMagic()
	}
	n.ours.Quality = n.opt.Quality
	n.ours.Multilink = n.opt.Multilink
	n.ours.Callback = n.opt.Callback
	n.tried = make([]bool, len(n.auth.Demand))
	if len(n.auth.Demand) > 0 {
		n.demand(0)
	}
	n.theirs = defaults()
	n.magicNak, n.loops = 0, 0
}

// Request lists what differs from the defaults.
func (n *negotiator) Request() []cp.Option {
	var opts []cp.Option
	add := func(wanted bool, option uint8, data []byte) {
		if wanted {
			opts = append(opts, cp.Option{Type: option, Data: data})
		}
	}
	h := &n.ours
	add(h.MRU != ppp.DefaultMRU, optionMRU, binary.BigEndian.AppendUint16(nil, h.MRU))
	add(h.ACCM != noMap, optionACCM, binary.BigEndian.AppendUint32(nil, h.ACCM))
	add(h.Auth != nil, optionAuth, h.Auth)
	if h.Quality != nil {
		add(true, optionQuality, h.Quality.Append(nil))
	}
	add(n.askMagic, optionMagic, binary.BigEndian.AppendUint32(nil, h.Magic))
	add(h.PFC, optionPFC, nil)
	add(h.ACFC, optionACFC, nil)
	if h.Callback != nil {
		add(true, optionCallback, h.Callback.append(nil))
	}
	add(h.MRRU != 0, optionMRRU, binary.BigEndian.AppendUint16(nil, h.MRRU))
	add(h.Short, optionShort, nil)
	add(len(h.Endpoint) > 0, optionEndpoint, h.Endpoint)
	return opts
}

func (n *negotiator) Judge(opts []cp.Option) (cp.Answer, error) {
	n.theirs = defaults()
	if n.looped(opts) {
		if n.loops++; n.loops > maxLoops {
			return cp.Answer{}, ErrLoopback
		}
		// Nothing else counts until it is known whether this is our own request.
		n.magicNak = n.newMagic()
		return cp.Answer{Nak: []cp.Option{{Type: optionMagic, Data: binary.BigEndian.AppendUint32(nil, n.magicNak)}}}, nil
	}
	var a cp.Answer
	for _, o := range opts {
		switch ok, nak := n.judge(o.Type, o.Data); {
		case ok:
		case nak != nil:
			a.Nak = append(a.Nak, cp.Option{Type: o.Type, Data: nak})
		default:
			a.Reject = append(a.Reject, o)
		}
	}
	return a, nil
}

// looped tells that a request carries our own Magic-Number (RFC 1661 §6.4):
// the line is looped back, perhaps by a modem that echoes in command mode.
func (n *negotiator) looped(opts []cp.Option) bool {
	for _, o := range opts {
		if o.Type == optionMagic && len(o.Data) == 4 && n.askMagic {
			if binary.BigEndian.Uint32(o.Data) == n.ours.Magic {
				return true
			}
			n.loops = 0
		}
	}
	return false
}

func (n *negotiator) Acked() {}

func (n *negotiator) Naked(opts []cp.Option) error {
	for _, o := range opts {
		switch {
		case o.Type == optionMRU && len(o.Data) == 2:
			// 1500 octets can always be received (RFC 1661 §6.1).
			if v := binary.BigEndian.Uint16(o.Data); v >= minMRU && v <= ppp.DefaultMRU {
				n.ours.MRU = v
			}
		case o.Type == optionACCM && len(o.Data) == 4:
			n.ours.ACCM |= binary.BigEndian.Uint32(o.Data)
		case o.Type == optionMRRU && len(o.Data) == 2 && n.ours.MRRU != 0:
			// 1500 octets can always be received (RFC 1990 §5.1.1).
			if v := binary.BigEndian.Uint16(o.Data); v >= minMRU && v <= ppp.DefaultMRU {
				n.ours.MRRU = v
			}
		case o.Type == optionQuality && n.ours.Quality != nil:
			// Less often will do; another protocol will not.
			if v, err := lqr.ParseOption(o.Data); err == nil && v.Period >= n.ours.Quality.Period {
				n.ours.Quality = &v
			} else {
				n.ours.Quality = nil
			}
		case o.Type == optionCallback: // otherwise than we ask is not at all
			n.ours.Callback = nil
		case o.Type == optionEndpoint: // goes for good (RFC 1990 §5.1.3)
			n.ours.Endpoint = nil
		case o.Type == optionAuth && n.ours.Auth != nil:
			if !n.demandNext(o.Data) {
				return ErrAuthRefused
			}
		case o.Type == optionMagic && n.askMagic:
			if len(o.Data) != 4 || binary.BigEndian.Uint32(o.Data) != n.magicNak {
				n.loops = 0 // somebody else is there
			}
			n.ours.Magic = n.newMagic()
		}
	}
	return nil
}

func (n *negotiator) Rejected(opts []cp.Option) error {
	for _, o := range opts {
		switch o.Type {
		case optionMRU:
			n.ours.MRU = ppp.DefaultMRU
		case optionACCM:
			n.ours.ACCM = noMap
		case optionAuth:
			// Some peers reject a method that they do not know, where others
			// would suggest theirs.
			if !n.demandNext(nil) {
				return ErrAuthRefused
			}
		case optionMagic:
			n.askMagic = false // but the number is used as if acknowledged (RFC 1661 §6.4)
		case optionPFC:
			n.ours.PFC = false
		case optionACFC:
			n.ours.ACFC = false
		case optionCallback:
			n.ours.Callback = nil
		case optionQuality:
			n.ours.Quality = nil
		case optionMRRU: // and without it the others mean nothing
			n.ours.Multilink = Multilink{}
		case optionShort:
			n.ours.Short = false
		case optionEndpoint:
			n.ours.Endpoint = nil
		}
	}
	return nil
}

// demandNext asks for the peer's own suggestion if it is in our list, else for
// the next that was not asked for yet. It is false when none is left.
func (n *negotiator) demandNext(suggested []byte) bool {
	next := -1
	for i, v := range n.auth.Demand {
		if !n.tried[i] && (next < 0 || bytes.Equal(v, suggested)) {
			next = i
		}
	}
	if next < 0 {
		return false
	}
	n.demand(next)
	return true
}

func (n *negotiator) demand(i int) {
	n.tried[i] = true
	n.ours.Auth = n.auth.Demand[i]
}

// newMagic draws a number that is not zero.
func (n *negotiator) newMagic() uint32 {
	var b [4]byte
	if _, err := io.ReadFull(n.rand, b[:]); err != nil {
		_, _ = rand.Read(b[:]) // cannot fail
	}
	return max(binary.BigEndian.Uint32(b[:]), 1)
}
