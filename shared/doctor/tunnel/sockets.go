package tunnel

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"carrier/shared/doctor"
	"carrier/shared/peer"
	"carrier/shared/pptp"
)

// Sockets are a doctor's own endpoint.
type Sockets struct {
	*peer.Endpoint
	has  [2]bool // by peer.Transport
	done chan struct{}
	stop context.CancelFunc
}

// Open opens what is needed: raw GRE, and GRE over UDP at any port. Of o the name
// and the role are taken, and OddIDs, which should be the other than those of a
// daemon that runs here. Without the privilege for GRE the error says so, and the
// rest is open.
func Open(o peer.Options, gre, udp bool) (*Sockets, error) {
	o.Handler, o.Log, o.Connect, o.Stop = nobody{}, slog.New(slog.DiscardHandler), doctor.ConnectTime, time.Second
	o.GRE = gre
	if udp {
		o.UDP = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	e, err := peer.Open(o)
	s := &Sockets{has: [2]bool{peer.GRE: gre, peer.UDP: udp}, done: make(chan struct{})}
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

// Close ends the control connections and closes the sockets; s may be nil.
func (s *Sockets) Close() {
	if s != nil {
		s.stop()
		<-s.done
	}
}

// nobody is the Handler of an endpoint to which nobody comes.
type nobody struct{}

func (nobody) Admit(netip.AddrPort) (peer.Remote, error) {
	return peer.Remote{}, errors.New("this is a doctor")
}
func (nobody) Incoming(c *peer.Call) {
	c.Refuse(uint8(pptp.IncomingDoNotAccept), uint8(pptp.NoError))
}
func (nobody) Outgoing(c *peer.Call) {
	c.Refuse(uint8(pptp.OutgoingDoNotAccept), uint8(pptp.NoError))
}
