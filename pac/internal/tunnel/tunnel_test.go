package tunnel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"carrier/shared/peer"
	"carrier/shared/peer/peertest"
	"carrier/shared/pptp"
)

// A server is a PNS on a loopback address that answers each call alike.
type server struct {
	host   string
	admits bool
	answer func(*peer.Call)
	calls  chan *peer.Call
}

func (s *server) Admit(netip.AddrPort) (peer.Remote, error) {
	if !s.admits {
		return peer.Remote{}, errors.New("not listed")
	}
	return peer.Remote{Name: "pac", Transport: peer.UDP}, nil
}

func (s *server) Incoming(c *peer.Call) {
	s.answer(c)
	s.calls <- c
}

func (s *server) Outgoing(c *peer.Call) { c.Refuse(uint8(pptp.OutgoingDoNotAccept), 0) }

func accept(c *peer.Call)    { c.Accept(64, 0) }
func full(c *peer.Call)      { c.Refuse(uint8(pptp.IncomingGeneralError), uint8(pptp.NoResource)) }
func unwilling(c *peer.Call) { c.Refuse(uint8(pptp.IncomingDoNotAccept), 0) }

const testPort = 21723

// serve starts a PNS at 127.81.0.n.
func serve(t *testing.T, n byte, admits bool, answer func(*peer.Call)) *server {
	t.Helper()
	s := &server{host: fmt.Sprintf("127.81.0.%d", n), admits: admits, answer: answer, calls: make(chan *peer.Call, 8)}
	at := netip.MustParseAddr(s.host)
	peertest.Run(t, peer.Options{Host: "pns", Listen: netip.AddrPortFrom(at, testPort), UDP: netip.AddrPortFrom(at, testPort), Handler: s})
	return s
}

// names answers for DNS.
type names map[string][]netip.Addr

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if a, ok := n[host]; ok {
		return a, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func tunnels(t *testing.T, dns names, pns ...PNS) (*Tunnels, *Stats) {
	t.Helper()
	e := peertest.Run(t, peer.Options{Host: "atlanta", OddIDs: true, PAC: true, UDP: netip.MustParseAddrPort("127.0.0.1:0"), Handler: &server{}})
	for i := range pns {
		pns[i].Transport = peer.UDP
	}
	stats := &Stats{}
	return New(e, Options{PNS: pns, Resolver: dns, Attempt: 2 * time.Second, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Stats: stats}), stats
}

func at(n int) PNS {
	return PNS{Name: fmt.Sprintf("pns%d", n), At: fmt.Sprintf("192.0.2.%d", n), Connect: fmt.Sprintf("127.81.0.%d:%d", n, testPort)}
}

func place(t *testing.T, tt *Tunnels, endpoints ...string) (*peer.Call, error) {
	t.Helper()
	return tt.Place(t.Context(), endpoints, pptp.IncomingCallRequest{CallSerialNumber: 4711, DialedNumber: "5551212"})
}

func TestTheFirstThatTakesTheCall(t *testing.T) {
	serve(t, 2, true, full)
	serve(t, 3, false, accept)
	good := serve(t, 4, true, accept)
	tt, stats := tunnels(t, nil, at(1), at(2), at(3), at(4))
	call, err := place(t, tt, "pns1", "192.0.2.2", "pns3", "pns4")
	if err != nil {
		t.Fatal(err)
	}
	if got := call.Conn().Remote().Name; got != "pns4" {
		t.Errorf("%s took the call", got)
	}
	theirs := <-good.calls
	if req, _ := theirs.Request().(pptp.IncomingCallRequest); req.DialedNumber != "5551212" || theirs.Name() != "atlanta/4711" {
		t.Errorf("the PNS was told %+v, name %s", req, theirs.Name())
	}
	counts := stats.Snapshot()
	if counts["pns1"].Failed != 1 || counts["pns2"].Failed != 1 || counts["pns3"].Failed != 1 || counts["pns4"] != (Count{Placed: 1}) {
		t.Errorf("counted %v", counts)
	}
}

func TestWhoDoesNotWantTheCallEndsTheSearch(t *testing.T) {
	serve(t, 2, true, unwilling)
	other := serve(t, 4, true, accept)
	tt, _ := tunnels(t, nil, at(2), at(4))
	_, err := place(t, tt, "pns2", "pns4")
	var failed *PlaceError
	if !errors.As(err, &failed) || !failed.Refused || len(failed.Attempts) != 1 || !strings.Contains(err.Error(), "pns2: call refused: Do Not Accept") {
		t.Errorf("got %v", err)
	}
	if len(other.calls) != 0 {
		t.Error("another PNS was asked")
	}
}

func TestEveryAddressOfANameIsTried(t *testing.T) {
	serve(t, 5, true, accept)
	dns := names{"denver.example": {netip.MustParseAddr("127.81.0.1"), netip.MustParseAddr("127.81.0.5")}}
	tt, _ := tunnels(t, dns, PNS{Name: "denver", At: "denver.example", Connect: fmt.Sprintf("denver.example:%d", testPort)})
	call, err := place(t, tt, "denver.example")
	if err != nil {
		t.Fatal(err)
	}
	if got := call.Conn().PeerAddr().Addr().String(); got != "127.81.0.5" {
		t.Errorf("the call went to %s", got)
	}
}

func TestANameThatDoesNotResolve(t *testing.T) {
	tt, stats := tunnels(t, nil)
	_, err := place(t, tt, "nowhere.example")
	if err == nil || !strings.Contains(err.Error(), "nowhere.example does not resolve") || stats.Snapshot()["nowhere.example"].Failed != 1 {
		t.Errorf("got %v, counted %v", err, stats.Snapshot())
	}
	if _, err := place(t, tt); err == nil || err.Error() != "no PNS to try" {
		t.Errorf("without endpoints: %v", err)
	}
}

// An endpoint that failed is asked last while it is locked out, and first again
// once it has taken a call.
func TestLockOut(t *testing.T) {
	tt, _ := tunnels(t, nil, at(6), at(7))
	order := func() string {
		remotes, _ := tt.remotes(t.Context(), []string{"pns6", "pns7"})
		return remotes[0].Name + " " + remotes[1].Name
	}
	if got := order(); got != "pns6 pns7" {
		t.Errorf("at first: %s", got)
	}
	if _, err := place(t, tt, "pns6"); err == nil {
		t.Fatal("nobody listens there, and the call was taken")
	}
	if got := order(); got != "pns7 pns6" {
		t.Errorf("after a failure: %s", got)
	}
	serve(t, 6, true, accept)
	if _, err := place(t, tt, "pns6"); err != nil {
		t.Fatal(err)
	}
	if got := order(); got != "pns6 pns7" {
		t.Errorf("after it worked: %s", got)
	}
	if _, err := place(t, tt, "pns7"); err == nil {
		t.Fatal("nobody listens there, and the call was taken")
	}
	anew := tt.Anew(Options{PNS: []PNS{at(7), at(6)}, Log: tt.o.Log})
	if remotes, _ := anew.remotes(t.Context(), []string{"pns7", "pns6"}); remotes[0].Name != "pns6" || remotes[1].Name != "pns7" {
		t.Errorf("after a reload: %v", remotes)
	}
	l := lockOut{until: map[netip.AddrPort]time.Time{}}
	a, now := netip.MustParseAddrPort("192.0.2.1:1723"), time.Now()
	l.note(a, now.Add(time.Minute))
	if !l.is(a, now.Add(59*time.Second)) || l.is(a, now.Add(time.Minute)) {
		t.Error("the lock-out does not last as long as it should")
	}
}

func TestPlaceEndsWithItsContext(t *testing.T) {
	tt, _ := tunnels(t, nil, at(8))
	why := errors.New("the caller hung up")
	ctx, end := context.WithCancelCause(t.Context())
	end(why)
	if _, err := tt.Place(ctx, []string{"pns8"}, pptp.IncomingCallRequest{}); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}

// slow is a DNS that never answers; it counts who waited for it.
type slow struct{ waited int }

func (s *slow) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	if ctx.Err() == nil {
		s.waited++
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// However many names there are, a caller waits only so long.
func TestTheSearchAsAWholeIsBounded(t *testing.T) {
	dns := &slow{}
	tt := New(peertest.Run(t, peer.Options{Host: "atlanta", Handler: &server{}}), Options{Resolver: dns, Attempts: 2,
		Attempt: 50 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	_, err := place(t, tt, "a.example", "b.example", "c.example", "d.example", "e.example", "f.example")
	var failed *PlaceError
	if !errors.As(err, &failed) || len(failed.Attempts) != 6 || dns.waited > 3 {
		t.Errorf("waited for %d names, got %v", dns.waited, err)
	}
}
