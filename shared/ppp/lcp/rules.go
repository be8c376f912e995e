package lcp

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/lqr"
)

// The options that we ask for ourselves or acknowledge.
const (
	optionMRU      = 1
	optionACCM     = 2
	optionAuth     = 3
	optionQuality  = 4
	optionMagic    = 5
	optionPFC      = 7
	optionACFC     = 8
	optionCallback = 13
	optionMRRU     = 17
	optionShort    = 18
	optionEndpoint = 19
)

// minMRU is the least that we accept: below it authentication would not fit.
const minMRU = 128

// A rule is how we answer one option in the peer's Configure-Request.
type rule struct {
	option  uint8
	name    string
	section string
	answer  string // in words; the test holds judge to it
	// judge notes an acceptable value and returns true; otherwise it returns
	// the value to suggest in a Nak, or nil to reject. A nil judge rejects.
	judge func(n *negotiator, data []byte) (ok bool, nak []byte)
}

// rules has every option of RFC 1661, 1662, 1570 and 1990. Options that are
// not in it are rejected (RFC 1661 §5.4).
var rules = []rule{
	{0, "Reserved", "RFC 1661 §6", "Reject", nil},
	{optionMRU, "Maximum-Receive-Unit", "RFC 1661 §6.1", "Ack from 128 on, else Nak", (*negotiator).judgeMRU},
	{optionACCM, "Async-Control-Character-Map", "RFC 1662 §7.1", "Ack, Nak of a wrong length", (*negotiator).judgeACCM},
	{optionAuth, "Authentication-Protocol", "RFC 1661 §6.2", "Ack what we can answer, Nak with the best of it, Reject without a login", (*negotiator).judgeAuth},
	{optionQuality, "Quality-Protocol", "RFC 1661 §6.3", "Ack of Link-Quality-Reports each second or less often, else Nak; Reject where we send none", (*negotiator).judgeQuality},
	{optionMagic, "Magic-Number", "RFC 1661 §6.4", "Ack, Nak of zero and of our own", (*negotiator).judgeMagic},
	{optionPFC, "Protocol-Field-Compression", "RFC 1661 §6.5", "Ack, Reject of a wrong length", (*negotiator).judgePFC},
	{optionACFC, "Address-and-Control-Field-Compression", "RFC 1661 §6.6", "Ack, Reject of a wrong length", (*negotiator).judgeACFC},
	{9, "FCS-Alternatives", "RFC 1570 §2.1", "Reject", nil},
	{10, "Self-Describing-Padding", "RFC 1570 §2.2", "Reject", nil}, // right for who never pads
	{optionCallback, "Callback", "RFC 1570 §2.3", "Ack of operations 0, 1, 3 and 6, Nak of others; Reject where nobody is called back", (*negotiator).judgeCallback},
	{15, "Compound-Frames", "RFC 1570 §2.4", "Reject", nil},
	{optionMRRU, "Multilink MRRU", "RFC 1990 §5.1.1", "Ack from 128 on, else Nak; Reject where Multilink is not wanted", (*negotiator).judgeMRRU},
	{optionShort, "Short Sequence Number Header Format", "RFC 1990 §5.1.2", "Ack, Reject of a wrong length and where Multilink is not wanted", (*negotiator).judgeShort},
	{optionEndpoint, "Endpoint Discriminator", "RFC 1990 §5.1.3", "Ack, Reject of a wrong length", (*negotiator).judgeEndpoint},
}

// judge answers one option; an option without a rule is rejected.
func (n *negotiator) judge(option uint8, data []byte) (ok bool, nak []byte) {
	for _, r := range rules {
		if r.option == option && r.judge != nil {
			return r.judge(n, data)
		}
	}
	return false, nil
}

func (n *negotiator) judgeMRU(data []byte) (bool, []byte) {
	if len(data) != 2 {
		return false, binary.BigEndian.AppendUint16(nil, ppp.DefaultMRU)
	}
	mru := binary.BigEndian.Uint16(data)
	if mru < minMRU {
		return false, binary.BigEndian.AppendUint16(nil, minMRU)
	}
	n.theirs.MRU = mru
	return true, nil
}

func (n *negotiator) judgeACCM(data []byte) (bool, []byte) {
	if len(data) != 4 {
		return false, binary.BigEndian.AppendUint32(nil, noMap)
	}
	n.theirs.ACCM = binary.BigEndian.Uint32(data)
	return true, nil
}

func (n *negotiator) judgeAuth(data []byte) (bool, []byte) {
	if slices.ContainsFunc(n.auth.Accept, func(a []byte) bool { return bytes.Equal(a, data) }) {
		n.theirs.Auth = bytes.Clone(data)
		return true, nil
	}
	if len(n.auth.Accept) == 0 {
		return false, nil
	}
	return false, n.auth.Accept[0]
}

// soonest is the shortest period between two reports that we send.
const soonest = time.Second

// judgeQuality knows one protocol, that of RFC 1989.
func (n *negotiator) judgeQuality(data []byte) (bool, []byte) {
	if !n.opt.Reports {
		return false, nil
	}
	o, err := lqr.ParseOption(data)
	if err != nil || o.Period > 0 && o.Period < soonest {
		return false, lqr.Option{Period: soonest}.Append(nil)
	}
	n.theirs.Quality = &o
	return true, nil
}

// judgeMagic sees no number that is our own: Judge has looked for that before.
func (n *negotiator) judgeMagic(data []byte) (bool, []byte) {
	if len(data) != 4 || binary.BigEndian.Uint32(data) == 0 {
		return false, binary.BigEndian.AppendUint32(nil, n.newMagic())
	}
	n.theirs.Magic = binary.BigEndian.Uint32(data)
	return true, nil
}

// Options without a value are never nak'd (RFC 1661 §5.3).

func (n *negotiator) judgePFC(data []byte) (bool, []byte) {
	n.theirs.PFC = len(data) == 0
	return n.theirs.PFC, nil
}

func (n *negotiator) judgeACFC(data []byte) (bool, []byte) {
	n.theirs.ACFC = len(data) == 0
	return n.theirs.ACFC, nil
}

func (n *negotiator) judgeMRRU(data []byte) (bool, []byte) {
	switch {
	case n.opt.Multilink.MRRU == 0:
		return false, nil
	case len(data) != 2:
		return false, binary.BigEndian.AppendUint16(nil, ppp.DefaultMRU)
	}
	mrru := binary.BigEndian.Uint16(data)
	if mrru < minMRU {
		return false, binary.BigEndian.AppendUint16(nil, minMRU)
	}
	n.theirs.MRRU = mrru
	return true, nil
}

func (n *negotiator) judgeShort(data []byte) (bool, []byte) {
	n.theirs.Short = n.opt.Multilink.MRRU != 0 && len(data) == 0
	return n.theirs.Short, nil
}

// judgeEndpoint takes each class of RFC 1990 §5.1.3 in its length. It does not
// ask for Multilink by itself.
func (n *negotiator) judgeEndpoint(data []byte) (bool, []byte) {
	if len(data) == 0 {
		return false, nil
	}
	lengths := [...]struct{ least, most int }{{0, 0}, {1, 20}, {4, 4}, {6, 6}, {4, 20}, {1, 15}}
	class, length := int(data[0]), len(data)-1
	if class >= len(lengths) || length < lengths[class].least || length > lengths[class].most {
		return false, nil
	}
	n.theirs.Endpoint = bytes.Clone(data)
	return true, nil
}
