// Package tunnel is how a doctor looks at the way to a PPTP peer: TCP, the control
// connection, a call on it, its GRE packets and the largest of them, each on its
// own.
package tunnel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"carrier/shared/doctor"
	"carrier/shared/peer"
	"carrier/shared/pptp"
)

// answerTime is how long a control connection may take, and a call.
const answerTime = 8 * time.Second

// A Way leads to one peer.
type Way struct {
	About string // the peer, as the report calls it: "PNS denver"
	Is    string // what it is: "PNS"
	To    peer.Remote
	Us    string // what we are to it: "PAC"
	Admit string // what has it know us: "a pns with `from` of a [[pac]]"
	// Place begins a call that nobody makes. nil: a call would cost something
	// there, and the look ends at the control connection.
	Place func(context.Context, *peer.Conn) (*peer.Call, error)
}

// Look looks at a way for at most half a minute. Of a transport that s does not have
// only TCP is looked at, since its control connections refuse to be without; s may be
// nil, and has nothing then.
func (s *Sockets) Look(ctx context.Context, r *doctor.Report, w Way) {
	err := doctor.Reachable(ctx, w.To.Addr, "the "+w.Is)
	r.Look(w.About+", TCP", err)
	if err != nil || s == nil || !s.has[w.To.Transport] {
		return
	}
	call, err := s.call(ctx, w)
	r.Look(w.About+", PPTP", err)
	if call == nil {
		return
	}
	defer call.Clear() // of these two each does nothing where the other ends the call
	defer call.Disconnect(pptp.CallDisconnectNotify{Result: pptp.AdminShutdown, Statistics: "this was a doctor"})
	p := newProbe(call, w)
	icmp := listenICMP(w.To.Addr.Addr())
	defer icmp.close()
	err = p.passes(ctx, icmp)
	r.Look(w.About+", "+carriedBy(w.To), err)
	if err == nil {
		r.Look(w.About+", path MTU", p.large(ctx))
	}
}

// call opens a control connection and places the call, if one is to be placed.
func (s *Sockets) call(ctx context.Context, w Way) (*peer.Call, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	conn, err := s.Dial(ctx, w.To)
	var start *peer.StartError
	switch {
	case errors.As(err, &start):
		return nil, fmt.Errorf("the %s refuses this %s (%w): let it know this host's address, in %s", w.Is, w.Us, err, w.Admit)
	case err != nil:
		return nil, fmt.Errorf("TCP port %d is open, but no %s speaks there (%w): correct the address, or look what listens", w.To.Addr.Port(), w.Is, err)
	case w.Place == nil:
		conn.Stop()
		return nil, nil
	}
	call, err := w.Place(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("the %s takes no call (%w): its log says why", w.Is, err)
	}
	return call, nil
}

// carriedBy is how a peer's packets travel.
func carriedBy(r peer.Remote) string {
	if r.Transport == peer.UDP {
		return "UDP"
	}
	return "GRE"
}
