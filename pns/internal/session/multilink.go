package session

import (
	"carrier/pns/internal/flow"
	"carrier/shared/ppp"
	"carrier/shared/ppp/lcp"
	"carrier/shared/ppp/mp"
)

// MultilinkHeader is what a fragment takes of a frame's information field: its
// header, and the Protocol field of what is in it, in octets.
const MultilinkHeader = 4 + 2

// bundle begins the bundle of one link that LCP agreed on; the zero one where it
// did not. Fragments are taken by who asked for them, and sent where both ends
// did: a peer that rejects our MRRU does no Multilink, whatever it asks for.
func bundle(a lcp.Agreed) (b flow.Bundle) {
	if a.Ours.MRRU == 0 {
		return b
	}
	// 1500 octets are received whatever we asked for (RFC 1990 §5.1.1).
	b.In = mp.NewReceiver(format(a.Ours.Multilink), max(int(a.Ours.MRRU), ppp.DefaultMRU), 1)
	if a.Theirs.MRRU != 0 {
		b.Out = &mp.Sender{Format: format(a.Theirs.Multilink)}
	}
	return b
}

func format(m lcp.Multilink) mp.Format {
	if m.Short {
		return mp.Short
	}
	return mp.Long
}

// wrapped is how many octets of a packet fit where n do outside a bundle: we
// send no packet in two fragments.
func wrapped(n int, a lcp.Agreed) int {
	if a.Ours.MRRU == 0 || a.Theirs.MRRU == 0 {
		return n
	}
	return min(n-MultilinkHeader, int(a.Theirs.MRRU))
}
