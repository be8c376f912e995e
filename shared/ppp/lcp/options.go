// Package lcp is PPP's Link Control Protocol: RFC 1661 with the options of RFC
// 1662, 1570 and 1990.
package lcp

import (
	"carrier/shared/ppp"
	"carrier/shared/ppp/lqr"
)

// Options are what we ask of the peer. What it asks of us is answered as the
// table rules says.
type Options struct {
	MRU   uint16 // Maximum-Receive-Unit, octets (RFC 1661 §6.1); 0: not asked for, 1500 holds
	ACCM  uint32 // Async-Control-Character-Map (RFC 1662 §7.1): what the peer must escape; all ones, the default, is not asked for
	Magic bool   // Magic-Number (RFC 1661 §6.4)
	PFC   bool   // Protocol-Field-Compression (§6.5)
	ACFC  bool   // Address-and-Control-Field-Compression (§6.6)
	// Quality is asked for (§6.3): the peer shall send Link-Quality-Reports; nil:
	// it need not.
	Quality *lqr.Option
	Reports bool // we send them where the peer asks
	// Multilink is what is asked for, and allows the peer to ask for its own.
	Multilink Multilink
	Callback  *Callback // is asked for (RFC 1570 §2.3): the peer shall call us back; nil: it need not
	CallsBack bool      // we do, where the peer asks
}

// Authentication has values of Authentication-Protocol (RFC 1661 §6.2).
type Authentication struct {
	Demand [][]byte // that we demand, in order; none: nothing
	Accept [][]byte // that we answer, best first; none: every demand is rejected
}

// Multilink is one end of a bundle of links (RFC 1990 §5.1). The zero value
// wants none.
type Multilink struct {
	MRRU     uint16 // Multilink MRRU, octets of a packet that is put together; 0: no Multilink
	Short    bool   // Short Sequence Number Header Format
	Endpoint []byte // Endpoint Discriminator, its class first; empty: none
}

// A Half is what one end of the link asked for and the other acknowledged: it
// binds what that other end sends.
type Half struct {
	MRU       uint16
	ACCM      uint32
	Magic     uint32 // 0: none
	Auth      []byte // value of Authentication-Protocol; nil: nothing is demanded
	PFC, ACFC bool
	Quality   *lqr.Option // the reports that it wants (RFC 1989); nil: none
	Callback  *Callback   // how it wants to be called back; nil: it does not
	// Multilink is what fragments may be sent to that end. Its Endpoint is told
	// whether or not it has an MRRU.
	Multilink
}

// Agreed is the result of a negotiation, good while LCP is Opened.
type Agreed struct {
	Ours, Theirs Half // by who asked
}

// noMap is the default map: every control character is escaped.
const noMap = 0xFFFFFFFF

// defaults hold until others are agreed (RFC 1661 §6, RFC 1662 §7.1).
func defaults() Half { return Half{MRU: ppp.DefaultMRU, ACCM: noMap} }
