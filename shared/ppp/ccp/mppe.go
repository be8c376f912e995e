package ccp

import (
	"errors"
	"slices"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/mppc"
	"carrier/shared/ppp/mppe"
)

// MPPE is Microsoft's encryption and Microsoft's compression, both of them
// option 18 (RFC 3078, RFC 2118).
type MPPE struct {
	Can  mppe.Bits // what we can do, and how we would like to receive
	Keys mppe.Keys
	// Required says that the peer must agree to one of the key lengths in Can.
	Required bool
}

// KeysOf makes MPPE's keys of what an authentication has left; ours is our side
// of it. No material makes no keys.
func KeysOf(k auth.Keys, ours mppe.Role) mppe.Keys {
	switch k.Kind() {
	case auth.MSCHAPKeys:
		return mppe.FromMSCHAP(k.MSCHAP())
	case auth.MSCHAPv2Keys:
		hashHash, nt := k.MSCHAPv2()
		return mppe.FromMSCHAPv2(hashHash, nt, ours)
	case auth.MasterKeys:
		return mppe.FromMSK(k.MSK(), ours)
	}
	return mppe.Keys{}
}

// Type is option 18 (Method).
func (m MPPE) Type() uint8 { return mppe.Option }

// Value asks for all that we can do (RFC 3078 §2.1; Method).
func (m MPPE) Value() []byte { return m.Can.Append(nil) }

// Naked takes of the peer's wish what we can do (Method).
func (m MPPE) Naked(wish []byte) ([]byte, bool) {
	bits, err := mppe.Parse(wish)
	if err != nil {
		return nil, false
	}
	return m.value(m.Can.Take(bits))
}

// Judge takes the strongest key that both ends have. How the key changes is the
// receiver's wish (Method).
func (m MPPE) Judge(value []byte) ([]byte, bool) {
	bits, err := mppe.Parse(value)
	if err != nil {
		return nil, false
	}
	if m.Required {
		bits |= mppe.Encryption
	}
	return m.value((m.Can &^ mppe.Stateless).Answer(bits))
}

func (m MPPE) value(bits mppe.Bits) ([]byte, bool) {
	if bits == 0 || m.Required && bits&mppe.Encryption == 0 {
		return nil, false
	}
	return bits.Append(nil), true
}

// Compressor makes a sender (Method).
func (m MPPE) Compressor(value []byte, _ int) (Compressor, error) {
	bits, err := mppe.Parse(value)
	if err != nil {
		return nil, err
	}
	e, err := mppe.NewEncrypter(bits, m.Keys)
	if err != nil {
		return nil, err
	}
	s := &sender{Encrypter: e}
	if bits&mppe.MPPC != 0 {
		s.history = new(mppc.Compressor)
	}
	return s, nil
}

// Decompressor makes a receiver (Method).
func (m MPPE) Decompressor(value []byte, mru int) (Decompressor, error) {
	bits, err := mppe.Parse(value)
	if err != nil {
		return nil, err
	}
	d, err := mppe.NewDecrypter(bits, m.Keys)
	if err != nil {
		return nil, err
	}
	r := &receiver{Decrypter: d, mru: mru, stateful: bits&mppe.Stateless == 0}
	if bits&mppe.MPPC != 0 {
		r.history = new(mppc.Decompressor)
	}
	return r, nil
}

// Name is for logs (Method).
func (m MPPE) Name(value []byte) string {
	bits, _ := mppe.Parse(value)
	return "mppe " + bits.String()
}

// A sender is MPPE, MPPC or both.
type sender struct {
	mppe.Encrypter
	history *mppc.Compressor // nil: nothing is compressed
	buf     []byte
}

// Compress leaves protocols alone that are not to be encrypted (Compressor).
func (s *sender) Compress(dst, packet []byte) ([]byte, bool) {
	if len(packet) < 2 || !mppe.Encrypts(ppp.Protocol(packet[0])<<8|ppp.Protocol(packet[1])) {
		return dst, false
	}
	if s.history == nil {
		return s.Seal(dst, 0, packet), true
	}
	if s.Flushing() {
		s.history.Flush()
	}
	coded, f := s.history.Compress(s.buf[:0], packet)
	s.buf = coded
	return s.Seal(dst, mppe.Flags(f), coded), true
}

// Reset has the next datagram begin anew. An empty Reset-Ack follows: none is
// needed (RFC 3078 §8.2), but Linux waits for one (Compressor).
func (s *sender) Reset([]byte) ([]byte, bool) {
	s.Encrypter.Reset()
	return nil, true
}

// A receiver is the other end.
type receiver struct {
	mppe.Decrypter
	history  *mppc.Decompressor // nil: nothing is compressed
	mru      int
	stateful bool // the key goes on from packet to packet
	noise    int  // packets in a row that were like none
	buf      []byte
}

// Decompress opens a datagram (Decompressor). Only what may be in one is let
// through (RFC 3078 §3).
func (r *receiver) Decompress(dst, info []byte) ([]byte, error) {
	out, err := r.open(dst, info)
	if err != nil {
		return dst, err
	}
	if p, _, err := ppp.Split(out[len(dst):]); err != nil || !mppe.Encrypts(p) {
		return dst, errProtocol
	}
	return out, nil
}

func (r *receiver) open(dst, info []byte) ([]byte, error) {
	if r.history == nil {
		flags, out, err := r.Open(dst, info)
		// Also where nothing is lost any more: a "flag" packet may have come first.
		if err == nil && r.stateful && flags&mppe.Flushed != 0 && !known(out[len(dst):]) {
			again, ok := r.Reopen(dst, info, func(packet []byte) bool { return packet[0] == 0 && known(packet) })
			if ok {
				out = again
			}
		}
		if err == nil && r.stateful {
			r.listen(out[len(dst):])
		}
		return out, err
	}
	flags, coded, err := r.Open(r.buf[:0], info)
	if err != nil {
		return dst, err
	}
	r.buf = coded
	out, err := r.history.Decompress(dst, coded, mppc.Flags(flags), r.mru)
	if err != nil {
		r.Discard()
	}
	return out, err
}

// maxNoise packets in a row that are like none are what a wrong key makes.
const maxNoise = 4

// listen has the sender begin anew where nothing is understood any more: noise was
// taken for a packet, and with it the wrong key for the right one.
func (r *receiver) listen(packet []byte) {
	switch p, _, err := ppp.Split(packet); {
	case err == nil && slices.Contains(carried, p):
		r.noise = 0
	case r.noise == maxNoise-1:
		r.noise = 0
		r.Discard()
	default:
		r.noise++
	}
}

// carried are the protocols that callers' data have.
var carried = []ppp.Protocol{ppp.IPv4, ppp.IPv6, ppp.VJCompressed, ppp.VJUncompressed, ppp.IPX}

// known tells whether what came out is like what callers send, which noise is
// one time in a hundred: with a Protocol field of two octets, as Linux has it,
// one time in ten thousand.
func known(packet []byte) bool {
	p, info, err := ppp.Split(packet)
	switch {
	case err != nil:
		return false
	case p == ppp.IPv4:
		return len(info) >= 20 && info[0]>>4 == 4
	case p == ppp.IPv6:
		return len(info) >= 40 && info[0]>>4 == 6
	}
	return slices.Contains(carried, p)
}

var errProtocol = errors.New("MPPE: a protocol that is not to be encrypted")

// Lost tells that datagrams are discarded until one begins anew (Decompressor).
func (r *receiver) Lost() bool { return r.NeedsReset() }

// Request is empty (Decompressor).
func (r *receiver) Request() []byte { return nil }

// Uncompressed changes nothing (Decompressor).
func (r *receiver) Uncompressed([]byte) {}

// Reset changes nothing: the datagrams themselves say where they begin anew
// (Decompressor).
func (r *receiver) Reset([]byte) {}
