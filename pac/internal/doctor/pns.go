package doctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"carrier/shared/doctor"
	"carrier/shared/peer"
	"carrier/shared/pptp"
)

// answerTime is how long a control connection may take, and a call.
const answerTime = 8 * time.Second

// sockets are the doctor's own endpoint.
type sockets struct {
	*peer.Endpoint
	has  [2]bool // by peer.Transport
	done chan struct{}
	stop context.CancelFunc
}

// openSockets opens what is needed. Without the privilege for GRE the error
// says so, and the rest is open. Its Call IDs are even: those of a pac that
// runs here are odd.
func openSockets(o peer.Options, gre, udp bool) (*sockets, error) {
	o.Handler, o.Log, o.Connect, o.Stop = nobody{}, slog.New(slog.DiscardHandler), doctor.ConnectTime, time.Second
	o.GRE = gre
	if udp {
		o.UDP = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	e, err := peer.Open(o)
	s := &sockets{has: [2]bool{peer.GRE: gre, peer.UDP: udp}, done: make(chan struct{})}
	if err != nil && gre {
		o.GRE, s.has[peer.GRE] = false, false
		var other error
		if e, other = peer.Open(o); other != nil {
			return nil, other
		}
	} else if err != nil {
		return nil, err
	}
	s.Endpoint = e
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	go func() {
		defer close(s.done)
		_ = e.Run(ctx)
	}()
	return s, err
}

func (s *sockets) close() {
	if s != nil {
		s.stop()
		<-s.done
	}
}

// pns looks at the way to one PNS: TCP, the control connection, a call on it, and
// the packets of the call, each on its own.
func (v *visit) pns(ctx context.Context, s *sockets, r peer.Remote) {
	what := about(r)
	err := doctor.Reachable(ctx, r.Addr, "the PNS")
	v.report.Look(what+", TCP", err)
	if err != nil || s == nil || !s.has[r.Transport] {
		return
	}
	call, err := s.call(ctx, r)
	v.report.Look(what+", PPTP", err)
	if err != nil {
		return
	}
	defer call.Disconnect(pptp.CallDisconnectNotify{Result: pptp.AdminShutdown, Statistics: "this was pac doctor"})
	p := newProbe(call)
	icmp := listenICMP(r.Addr.Addr())
	defer icmp.close()
	err = p.passes(ctx, r, icmp)
	v.report.Look(what+", "+carriedBy(r), err)
	if err == nil {
		v.report.Look(what+", path MTU", p.large(ctx, r))
	}
}

// call opens a control connection and places a call that nobody makes.
func (s *sockets) call(ctx context.Context, r peer.Remote) (*peer.Call, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	conn, err := s.Dial(ctx, r)
	var start *peer.StartError
	switch {
	case errors.As(err, &start):
		return nil, fmt.Errorf("the PNS refuses this PAC (%w): let it know this host's address, in a pns with `from` of a [[pac]]", err)
	case err != nil:
		return nil, fmt.Errorf("TCP port %d is open, but no PNS speaks there (%w): correct the address, or look what listens", r.Addr.Port(), err)
	}
	call, err := conn.Offer(ctx, pptp.IncomingCallRequest{BearerType: pptp.Analog})
	if err != nil {
		return nil, fmt.Errorf("the PNS takes no call (%w): its log says why", err)
	}
	return call, nil
}

// carriedBy is how a PNS's packets travel.
func carriedBy(r peer.Remote) string {
	if r.Transport == peer.UDP {
		return "UDP"
	}
	return "GRE"
}
