package link

import (
	"fmt"
	"slices"
	"time"

	"carrier/shared/ppp"
	"carrier/shared/ppp/auth"
	"carrier/shared/ppp/cp"
)

// An ncp is one network control protocol.
type ncp struct {
	protocol ppp.Protocol
	machine  *cp.Machine
	opened   bool   // at least once on this link
	rejected bool   // by the peer's Protocol-Reject
	held     bool   // until Release, after each negotiation of LCP
	early    []byte // the peer's last Configure-Request that came before it; nil: none did
}

// Network adds a network control protocol, once. It opens as soon as the phase
// allows, again after each new negotiation of LCP.
func (l *Link) Network(now time.Time, p ppp.Protocol, negotiator cp.Negotiator) {
	l.network(now, p, negotiator, false)
}

// Hold is Network for a protocol that must wait for another, as for encryption:
// it opens only after Release, once for each negotiation of LCP. What the peer
// sends of it before has no answer until then.
func (l *Link) Hold(now time.Time, p ppp.Protocol, negotiator cp.Negotiator) {
	l.network(now, p, negotiator, true)
}

func (l *Link) network(now time.Time, p ppp.Protocol, negotiator cp.Negotiator, held bool) {
	if l.ncp(p) != nil || l.finished {
		return
	}
	n := &ncp{protocol: p, machine: cp.NewMachine(p, negotiator, l.opt.machine()), held: held}
	n.machine.SetMRU(int(l.lcp.Agreed().Theirs.MRU))
	l.ncps = append(l.ncps, n)
	l.ncpDid(now, n, n.machine.Open(now, &l.out))
	if l.phase == Network && !held {
		l.ncpDid(now, n, n.machine.Up(now, &l.out))
	}
}

// Drop forgets a network control protocol: the peer's packets of it are rejected from
// now on, until it is added again. One that was not added may be dropped.
func (l *Link) Drop(now time.Time, p ppp.Protocol) {
	if n := l.ncp(p); n != nil {
		l.ncpDid(now, n, n.machine.Down(now, &l.out))
		l.ncps = slices.DeleteFunc(l.ncps, func(m *ncp) bool { return m == n })
	}
}

// Hurry has a protocol that waits for the peer's answer ask once more at once.
func (l *Link) Hurry(now time.Time, p ppp.Protocol) {
	if n := l.ncp(p); n != nil && l.phase == Network {
		l.ncpDid(now, n, n.machine.Again(now, &l.out))
	}
}

// Release lets a protocol go on that was held.
func (l *Link) Release(now time.Time, p ppp.Protocol) {
	if n := l.ncp(p); n != nil && l.phase == Network {
		l.ncpDid(now, n, n.machine.Up(now, &l.out)) // which does nothing if it is up
		if p, err := cp.Parse(n.early); err == nil {
			l.ncpDid(now, n, n.machine.Receive(now, p, &l.out))
		}
		n.early = nil
	}
}

func (l *Link) ncp(p ppp.Protocol) *ncp {
	for _, n := range l.ncps {
		if n.protocol == p {
			return n
		}
	}
	return nil
}

// controls is the control protocol of a network protocol (RFC 1661 §2).
func controls(p ppp.Protocol) ppp.Protocol { return p | 0x8000 }

func (l *Link) enterNetwork(now time.Time) {
	l.phase = Network
	for _, n := range l.ncps {
		l.ncpDid(now, n, n.machine.Open(now, &l.out))
		if !n.held {
			l.ncpDid(now, n, n.machine.Up(now, &l.out))
		}
	}
}

// receiveNCP takes a packet of a control protocol that we speak, and rejects
// those of others.
func (l *Link) receiveNCP(now time.Time, p ppp.Protocol, info []byte) {
	n := l.ncp(p)
	if n == nil {
		l.lcp.Reject(p, info, &l.out)
		return
	}
	if packet, err := cp.Parse(info); err == nil {
		l.auth.heard = true
		if packet.Code == cp.ConfigureRequest && n.held && n.machine.State() == cp.Starting {
			n.early = append(n.early[:0], info...)
		}
		l.ncpDid(now, n, n.machine.Receive(now, packet, &l.out))
	}
}

func (l *Link) ncpDid(now time.Time, n *ncp, do cp.Action) {
	if do.Has(cp.TLD) {
		l.tell(Event{Kind: NetworkDown, Protocol: n.protocol})
	}
	if do.Has(cp.TLU) {
		n.opened = true
		l.tell(Event{Kind: NetworkUp, Protocol: n.protocol})
	}
	if do.Has(cp.TLF) {
		l.tell(Event{Kind: NetworkOver, Protocol: n.protocol, Text: n.why()})
		l.noNetwork(now)
	}
}

// why tells why the protocol is not open.
func (n *ncp) why() string {
	switch _, ended := n.machine.PeerTerminated(); {
	case n.rejected:
		return fmt.Sprintf("%v is rejected", n.protocol)
	case n.machine.Err() != nil:
		return fmt.Sprintf("%v: %v", n.protocol, n.machine.Err())
	case ended:
		return fmt.Sprintf("%v is terminated by the peer", n.protocol)
	}
	return fmt.Sprintf("%v does not converge", n.protocol)
}

// expireNCP sends a request anew. A peer that has not said a word may not know
// that it is accepted, and drop all we say (RFC 1661 §3.5): it is told again.
func (l *Link) expireNCP(now time.Time, n *ncp) {
	if d := n.machine.Deadline(); l.auth.server != nil && !l.auth.heard && !d.IsZero() && !now.Before(d) {
		l.auth.server.Repeat(&l.out) // first, or the request is dropped too
	}
	l.ncpDid(now, n, n.machine.Expire(now, &l.out))
}

// noNetwork closes a link on which every network control protocol has failed.
// One that was open and closed again is no reason (RFC 1661 §3.7), nor is
// compression.
func (l *Link) noNetwork(now time.Time) {
	if l.phase != Network {
		return
	}
	why := ""
	for _, n := range l.ncps {
		s := n.machine.State()
		switch {
		case n.protocol == ppp.CCP:
			continue
		case n.opened || s.Negotiating() || s == cp.Closing || s == cp.Stopping || n.held && s == cp.Starting && !n.rejected:
			return
		}
		why = n.why()
	}
	if why != "" {
		l.close(now, NetworkTimeout, why)
	}
}

// rejected takes the peer's Protocol-Reject: nothing more is sent of that
// protocol (RFC 1661 §5.7). A network protocol takes its control protocol with
// it, and neither ends the others.
func (l *Link) rejected(now time.Time, p ppp.Protocol) {
	if m, err := auth.ParseOption(l.lcp.Agreed().Ours.Auth); err == nil && m.Protocol() == p && !l.auth.peerOK {
		l.close(now, AuthRefused, "peer rejects "+p.String())
		return
	}
	if p == ppp.CBCP && l.phase == Callback {
		l.close(now, CallbackFailed, "peer rejects CBCP, for which it asked")
		return
	}
	if p.Network() {
		if l.ncp(controls(p)) == nil {
			l.tell(Event{Kind: ProtocolRejected, Protocol: p})
			return
		}
		p = controls(p)
	}
	if n := l.ncp(p); n != nil && !n.rejected {
		n.rejected = true
		l.ncpDid(now, n, n.machine.Down(now, &l.out))
		l.ncpDid(now, n, n.machine.Close(now, "", &l.out)) // from Starting: TLF
	}
}
