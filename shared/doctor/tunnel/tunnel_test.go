package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"carrier/shared/doctor"
	"carrier/shared/gre"
	"carrier/shared/peer"
	"carrier/shared/peer/peertest"
	"carrier/shared/ppp"
	"carrier/shared/ppp/cp"
	"carrier/shared/pptp"
)

// A far end takes every call, of either kind, and answers its LCP. What the looker
// says last of each call is in ends.
type far struct {
	admits, takes bool
	ends          chan peer.Event
}

func (f *far) Admit(netip.AddrPort) (peer.Remote, error) {
	if !f.admits {
		return peer.Remote{}, errors.New("a stranger")
	}
	return peer.Remote{Name: "looker", Transport: peer.UDP}, nil
}

func (f *far) Incoming(c *peer.Call) {
	if !f.takes {
		c.Refuse(uint8(pptp.IncomingDoNotAccept), uint8(pptp.NoError))
		return
	}
	f.take(c)
	c.Accept(64, 0)
}

func (f *far) Outgoing(c *peer.Call) {
	if !f.takes {
		c.Refuse(uint8(pptp.OutgoingDoNotAccept), uint8(pptp.NoError))
		return
	}
	f.take(c)
	c.Answer(pptp.OutgoingCallReply{ConnectSpeed: 64_000, Window: 64})
}

func (f *far) take(c *peer.Call) {
	c.Bind(&answerer{call: c})
	go func() {
		for e := range c.Events() {
			if e.Kind == peer.Cleared || e.Kind == peer.Ended {
				f.ends <- e
				return
			}
		}
	}()
}

// An answerer is the data half of such a call.
type answerer struct {
	call *peer.Call
	seq  uint32
}

func (a *answerer) Receive(packets [][]byte) {
	for _, b := range packets {
		_, payload, err := gre.Parse(b)
		if err != nil || len(payload) == 0 {
			continue
		}
		protocol, lcp, err := ppp.Split(payload)
		if err != nil || protocol != ppp.LCP {
			continue
		}
		reply := append([]byte{byte(cp.ConfigureAck)}, lcp[1:]...)
		if cp.Code(lcp[0]) != cp.ConfigureRequest {
			reply = cp.Packet{Code: cp.CodeReject, ID: 1, Data: lcp}.Append(nil)
		}
		_ = a.call.Send(gre.Header{CallID: a.call.PeerID(), HasSeq: true, Seq: a.seq}.Append(nil, ppp.Append(nil, ppp.LCP, reply)))
		a.seq++
	}
}

func (a *answerer) Wake(time.Time) {}

func offer(ctx context.Context, c *peer.Conn) (*peer.Call, error) {
	return c.Offer(ctx, pptp.IncomingCallRequest{BearerType: pptp.Analog})
}

func place(ctx context.Context, c *peer.Conn) (*peer.Call, error) {
	return c.Place(ctx, pptp.OutgoingCallRequest{MinimumBPS: 300, MaximumBPS: 64_000, BearerType: pptp.Analog, FramingType: pptp.Asynchronous, Window: 16})
}

// Each step of a way is looked at, until one fails; the call is ended as its kind
// is, so that the other end need not wait.
func TestLook(t *testing.T) {
	whole := []string{"TCP", "PPTP", "UDP", "path MTU"}
	for _, tt := range []struct {
		name   string
		far    far
		place  func(context.Context, *peer.Conn) (*peer.Call, error)
		looked []string
		want   string
	}{
		{"a PNS", far{admits: true, takes: true}, offer, whole, ""},
		{"a PAC", far{admits: true, takes: true}, place, whole, ""},
		{"without a call", far{admits: true}, nil, whole[:2], ""},
		{"a stranger", far{}, nil, whole[:2], "the XYZ refuses this UVW (control connection refused: requester is not authorized): let it know this host's address, in a file"},
		{"no incoming calls", far{admits: true}, offer, whole[:2], "the XYZ takes no call (call refused: "},
		{"no outgoing calls", far{admits: true}, place, whole[:2], "the XYZ takes no call (call refused: "},
	} {
		tt.far.ends = make(chan peer.Event, 1)
		there := peertest.Local(t, "far", &tt.far)
		s, err := Open(peer.Options{Host: "looker", OddIDs: true}, false, true)
		if err != nil {
			t.Fatal(err)
		}
		var r doctor.Report
		s.Look(t.Context(), &r, Way{About: "it", Is: "XYZ", Us: "UVW", Admit: "a file", Place: tt.place,
			To: peer.Remote{Name: "far", Addr: there.Addr(), Transport: peer.UDP, UDPPort: there.UDPAddr().Port()}})
		s.Close()
		var looked []string
		for _, l := range r.Looked() {
			looked = append(looked, strings.TrimPrefix(l, "it, "))
		}
		f := r.Findings()
		if !slices.Equal(looked, tt.looked) || (tt.want == "") != (len(f) == 0) || len(f) > 0 && !strings.HasPrefix(f[0].Text, tt.want) {
			t.Errorf("%s: looked at %q, found %q", tt.name, looked, f)
		}
		if len(tt.looked) < len(whole) {
			continue
		}
		// A PNS is told why; a PAC is asked to end it.
		end := <-tt.far.ends
		m, told := end.Message.(pptp.CallDisconnectNotify)
		if told != (tt.name == "a PNS") || told && m.Statistics != "this was a doctor" || !told && end.Kind != peer.Cleared {
			t.Errorf("%s: the call's end is %+v", tt.name, end)
		}
	}
}

// Where something else listens, and where a transport cannot be had.
func TestLookNoFurther(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	s, err := Open(peer.Options{Host: "looker"}, false, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	to := l.Addr().(*net.TCPAddr).AddrPort()
	w := Way{About: "it", Is: "XYZ", To: peer.Remote{Name: "far", Addr: to, Transport: peer.UDP}, Place: offer}
	var r doctor.Report
	s.Look(t.Context(), &r, w)
	want := fmt.Sprintf("TCP port %d is open, but no XYZ speaks there (", to.Port())
	if f := r.Findings(); len(f) != 1 || f[0].About != "it, PPTP" || !strings.HasPrefix(f[0].Text, want) {
		t.Errorf("%q, want %s", f, want)
	}
	w.To.Transport = peer.GRE
	for _, without := range []*Sockets{s, nil} {
		var r doctor.Report
		without.Look(t.Context(), &r, w)
		if f := r.Findings(); len(f) > 0 || !slices.Equal(r.Looked(), []string{"it, TCP"}) {
			t.Errorf("without GRE it looked at %q and found %q", r.Looked(), f)
		}
	}
}
